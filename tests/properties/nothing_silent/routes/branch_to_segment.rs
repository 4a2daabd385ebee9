use super::{Probe, Sheet, below};
use event::Route;

pub const SHEET: Sheet = Sheet {
    route: Route::BranchToSegment,
    settings: &[
        "",
        "extra_properties = false",
        "send_user_id = true\nmissing_identity = \"device\"",
    ],
    events: &[
        r#"{"name":"PURCHASE","id":"812340077312456701","timestamp":1760003600000,"attributed":true,"user_data":{"os":"IOS","idfv":"v-1"},"last_attributed_touch_data":{"~campaign":"c"},"custom_data":{"$segment_anonymous_id":"a-1"}}"#,
        r#"{"name":"INSTALL","id":"812340077312456701","timestamp":1760003600000,"user_data":{"os":"ANDROID"},"last_attributed_touch_data":{"~campaign":"c"},"metadata":{"$segment_anonymous_id":"a-1"}}"#,
        r#"{"name":"lesson finished","id":"812340077312456701","timestamp":1760003600000,"attributed":true,"custom_data":{"$segment_anonymous_id":"a-1"}}"#,
    ],
    places,
    rivals: &[
        &["timestamp", "event_timestamp"],
        &["user_data.aaid", "user_data.fire_ad_id", "user_data.kindle_aid"],
    ],
    selective: &["metadata"],
    excepted,
};

fn places() -> Vec<String> {
    let mut places: Vec<String> =
        "id timestamp event_timestamp origin attributed existing_user first_event_for_user deep_linked last_attributed_touch_data \
         last_attributed_touch_type last_attributed_touch_timestamp days_from_last_attributed_touch_to_event \
         hours_from_last_attributed_touch_to_event minutes_from_last_attributed_touch_to_event \
         seconds_from_last_attributed_touch_to_event customer_event_alias user_data event_data content_items custom_data metadata"
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect();
    places.extend(below(
        "last_attributed_touch_data",
        "~campaign ~channel ~feature ~keyword ~creative_name ~id $fb_data_terms_not_signed $deeplink_path $3p +url +click_timestamp own",
    ));
    places.extend(below(
        "user_data",
        "os os_version os_version_android ip user_agent idfa idfv aaid android_id fire_ad_id kindle_aid developer_identity \
         limit_ad_tracking is_jailbroken opted_in private_relay environment platform brand model app_version carrier_name \
         screen_width screen_height screen_dpi language country geo_city_en geo_region_en geo_country_en geo_lat geo_lon \
         http_origin http_referrer other",
    ));
    places.extend(below(
        "event_data",
        "transaction_id currency revenue revenue_in_usd exchange_rate shipping tax coupon affiliation search_query ad_type description other",
    ));
    places.extend(below(
        "content_items[0]",
        "$price $quantity $sku $product_name $currency $canonical_identifier $keywords $price_in_usd $rating $rating_average \
         $rating_count $rating_max $value $value_in_usd own $custom_fields",
    ));
    places.extend(below("custom_data", "$segment_anonymous_id own $own"));
    places.extend(below("metadata", "$segment_anonymous_id"));
    places
}

fn excepted(probe: &Probe<'_>) -> bool {
    let Probe {
        own,
        event,
        path,
        value,
    } = probe;
    let is_extra = !(probe.is_below("user_data") || probe.is_below("last_attributed_touch_data"));
    let is_named_twice = !event["custom_data"]["$segment_anonymous_id"].is_null();
    let has_no_object = || {
        value
            .as_array()
            .is_some_and(|list| !list.iter().any(|item| item.is_object()))
    };
    match *path {
        // The first place of an id beats the second.
        "metadata.$segment_anonymous_id" => is_named_twice,
        "content_items" if has_no_object() => true,
        "id" | "timestamp" | "event_timestamp" | "custom_data.$segment_anonymous_id" => false,
        _ => is_extra && own.contains("extra_properties = false"),
    }
}
