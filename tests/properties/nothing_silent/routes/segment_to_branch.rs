use super::{Probe, Sheet, below};
use event::Route;

pub const SHEET: Sheet = Sheet {
    route: Route::SegmentToBranch,
    settings: &[
        "",
        "event_data_on_custom = false\nmarkers = false",
        "default_currency = \"EUR\"\ncustom_fields_as_json = false\nmeta_anon_id = \"anon_id\"",
        "[segment_to_branch.consent]\ndma_ad_user_data = [\"ads\"]",
    ],
    events: &[
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Completed","context":{"device":{"type":"ios"}},"properties":{"order_id":"o-1","currency":"EUR"}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Product Viewed","context":{"device":{"type":"android"}},"properties":{"product_id":"p","price":5}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Product Reviewed","properties":{"browser_fingerprint_id":"f-1"}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"VIEW_AD","context":{"device":{"type":"ios","id":"0F0E0D0C-0B0A-0908-0706-050403020100"}}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"lesson finished","context":{"device":{"type":"ios"}}}"#,
    ],
    places,
    rivals: &[
        // A device that limits tracking sends no advertising id beside its own (SR-161).
        &["context.device.adTrackingEnabled", "context.device.advertisingId"],
        &["integrations", "context.integrations"],
        &["timestamp", "originalTimestamp"],
        &["properties.dma_eea", "context.dma_eea", "context.consent.dma_eea"],
        &[
            "properties.dma_ad_user_data",
            "context.dma_ad_user_data",
            "context.consent.dma_ad_user_data",
            "context.consent.categoryPreferences.ads",
        ],
    ],
    selective: &[
        "context",
        "integrations",
        "context.device",
        "context.os",
        "context.app",
        "context.screen",
        "context.page",
        "context.library",
        "context.integration",
        "context.integrations",
        "context.consent",
        "context.consent.categoryPreferences",
    ],
    excepted,
};

fn places() -> Vec<String> {
    let mut places: Vec<String> =
        "messageId userId anonymousId timestamp originalTimestamp properties context integrations"
            .split(' ')
            .map(str::to_owned)
            .collect();
    places.extend(below("integrations", "All Branch"));
    places.extend(below(
        "context",
        "ip userAgent locale device os app screen page library integration integrations consent dma_eea \
         dma_ad_user_data device.type device.id device.advertisingId device.adTrackingEnabled device.manufacturer \
         device.model os.name os.version app.version screen.width screen.height screen.density page.url page.referrer \
         library.name integration.name consent.categoryPreferences consent.categoryPreferences.ads consent.dma_eea \
         consent.dma_ad_user_data",
    ));
    let product = "product_id sku name brand variant category price quantity url image_url title description rating currency \
                   $price $currency $quantity $keywords $rating $content_schema $condition $publicly_indexable color";
    places.extend(below(
        "properties",
        "order_id transaction_id checkout_id currency revenue total value shipping tax coupon affiliation query \
         search_query ad_type products products[0] google_analytics_id oaid anon_id browser_fingerprint_id \
         dma_eea dma_ad_user_data event_id branch_key segment_message_id",
    ));
    places.extend(below("properties", product));
    places.extend(below("properties.products[0]", product));
    places
}

/// Texts that a rule compares with the words that it knows, and never sends.
const COMPARED: [&str; 4] = [
    "context.device.type",
    "context.os.name",
    "context.library.name",
    "context.integration.name",
];

fn excepted(probe: &Probe<'_>) -> bool {
    let Probe {
        own,
        event,
        path,
        value,
    } = probe;
    let is_app = matches!(
        event["context"]["device"]["type"].as_str(),
        Some("ios" | "android")
    );
    let is_zero = **value == 0;
    match *path {
        // What may be said of a destination.
        "integrations.All" | "integrations.Branch" => value.is_boolean() || value.is_object(),
        "context.consent.categoryPreferences.ads" => !own.contains("\"ads\""),
        // SR-155, SR-160: none of a device, and device ids without a system.
        "context.device.id" | "context.device.advertisingId" => is_zero || !is_app,
        "properties.browser_fingerprint_id" => is_zero,
        // Nothing is to be seen on such a screen (SR-182, SR-183).
        "context.screen.width" | "context.screen.height" | "context.screen.density" => {
            value.as_f64().is_some_and(|size| size <= 0.0)
        }
        // Of a page for websites, of a system for apps.
        "context.page.url" | "context.page.referrer" => is_app,
        "context.os.version" => !is_app,
        "messageId" | "timestamp" | "originalTimestamp" => own.contains("markers = false"),
        path => COMPARED.contains(&path) && value.is_string(),
    }
}
