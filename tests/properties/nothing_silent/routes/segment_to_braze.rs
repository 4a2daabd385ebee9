use super::{Probe, Sheet, below};
use event::Route;
use serde_json::Value;

pub const SHEET: Sheet = Sheet {
    route: Route::SegmentToBraze,
    settings: &[
        "",
        "orders = \"ecommerce\"\nanonymous = \"alias\"\nalias = \"merge\"\ngroup = \"subscription\"",
        "revenue_purchases = \"also\"\norders = \"both\"\npages = \"all\"\nscreens = \"all\"\ntraits_on_track = true\nlocale_from_context = true\nlocation_from_context = true\npush_token_from_context = true\napp_ids = { ios = \"app-i\" }",
        "pages = \"named\"\nscreens = \"named\"\npage_event = \"{category} of {name}\"\nalias_previous_id = \"external_id\"\nalias = \"merge\"\napp_ids = { ios = \"app-i\" }",
        "triggers = [{ campaign_id = \"k\", when = { type = \"page\" } }]\ncatalogs = [{ catalog = \"c\", when = { type = \"screen\" }, also_track = false }]\nanonymous = \"alias\"",
    ],
    events: &[
        r#"{"type":"identify","messageId":"m","userId":"u-1","traits":{}}"#,
        r#"{"type":"identify","messageId":"m","userId":"u-1","context":{"traits":{},"device":{"type":"ios"}}}"#,
        // What is a list's element needs its neighbours to be sent at all.
        r#"{"type":"identify","messageId":"m","userId":"u-1","context":{"device":{"type":"ios","id":"d","token":"t"}},"traits":{"push_tokens":[{"token":"o","app_id":"a","device_id":"d"}],"subscription_groups":[{"subscription_group_id":"g","subscription_state":"subscribed"}]}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Plan Upgraded","timestamp":"2026-02-03T10:00:00Z"}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Completed","timestamp":"2026-02-03T10:00:00Z","properties":{"order_id":"o-1","total":10,"products":[{"product_id":"p","price":5}]}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Create Alias","timestamp":"2026-02-03T10:00:00Z","properties":{"alias_name":"n","alias_label":"l"}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Identify User","timestamp":"2026-02-03T10:00:00Z","properties":{"external_id":"u-1","user_alias":{"alias_name":"n","alias_label":"l"}}}"#,
        r#"{"type":"page","messageId":"m","userId":"u-1","name":"n","timestamp":"2026-02-03T10:00:00Z"}"#,
        r#"{"type":"screen","messageId":"m","userId":"u-1","name":"n","timestamp":"2026-02-03T10:00:00Z"}"#,
        r#"{"type":"group","messageId":"m","userId":"u-1","groupId":"g-1","traits":{"subscription_state":"subscribed"}}"#,
        r#"{"type":"alias","messageId":"m","userId":"u-1","previousId":"u-0"}"#,
        r#"{"type":"delete","messageId":"m","userId":"u-1"}"#,
        r#"{"type":"identify","messageId":"m","userId":"u-1","context":{"device":{"type":"ios"}},"traits":{"push_tokens":[{"token":"o"}]}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Identify User","timestamp":"2026-02-03T10:00:00Z","properties":{"email_to_identify":"ada@example.com"}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Order Refunded","timestamp":"2026-02-03T10:00:00Z","properties":{"order_id":"o-1","discounts":[{"code":"x"}],"products":[{"product_id":"p","price":5}]}}"#,
        r#"{"type":"track","messageId":"m","userId":"u-1","event":"Product Viewed","timestamp":"2026-02-03T10:00:00Z","properties":{"product_id":"p","price":5,"type":["price_drop"]}}"#,
        // Nobody names the user of these but their last number.
        r#"{"type":"track","messageId":"m","event":"Plan Upgraded","timestamp":"2026-02-03T10:00:00Z","properties":{"phone":"+4930123456"}}"#,
        r#"{"type":"track","messageId":"m","event":"Plan Upgraded","timestamp":"2026-02-03T10:00:00Z","context":{"externalId":[{"type":"brazeExternalId","id":"u-1"}]},"properties":{"phone":"+4930123456"}}"#,
        r#"{"type":"identify","messageId":"m","properties":{"phone":"+4930123456"}}"#,
        r#"{"type":"identify","messageId":"m","traits":{"plan":"x"},"properties":{"phone":"+4930123456"}}"#,
        r#"{"type":"page","messageId":"m","timestamp":"2026-02-03T10:00:00Z","properties":{"user_alias":{"alias_name":"n","alias_label":"l"}}}"#,
        r#"{"type":"screen","messageId":"m","timestamp":"2026-02-03T10:00:00Z","properties":{"product_id":"p"}}"#,
        r#"{"type":"group","messageId":"m","groupId":"g-1","traits":{"subscription_state":"subscribed"},"properties":{"phone":"+4930123456"}}"#,
        r#"{"type":"delete","messageId":"m","properties":{"user_alias":{"alias_name":"n","alias_label":"l"}}}"#,
    ],
    places,
    rivals: &[
        // One of them names the user.
        &[
            "userId",
            "anonymousId",
            "context.externalId",
            "context.externalId[0]",
            "context.externalId[0].id",
            "context.externalIds",
            "integrations.Braze.braze_id",
            "integrations.Braze.user_alias",
            "integrations.Braze.alias",
            "traits.braze_id",
            "traits.user_alias",
            "traits.email",
            "traits.phone",
            "context.traits.braze_id",
            "context.traits.user_alias",
            "context.traits.email",
            "context.traits.phone",
            "properties.braze_id",
            "properties.user_alias",
            "properties.email",
            "properties.phone",
        ],
        &["integrations.All", "context.integrations.All"],
        &["traits", "context.traits.email"],
        &["traits.home_city", "traits.address.city"],
        &[
            "traits.country",
            "traits.address.country",
            "context.location.country",
        ],
        &["traits.language", "context.locale"],
        &["traits.time_zone", "context.timezone"],
        &[
            "traits.current_location",
            "traits.current_location.latitude",
            "context.location",
            "context.location.latitude",
        ],
        // A purchase's own keys beat the order's of the same name (SB-180, SB-175).
        &["properties.product_id", "properties.products[0].product_id"],
        &["properties.name", "properties.products[0].name"],
        &["properties.price", "properties.products[0].price"],
        &["properties.quantity", "properties.products[0].quantity"],
        &["properties.currency", "properties.products[0].currency"],
        &["properties.time", "properties.products[0].time"],
        &["properties.value", "properties.products[0].value"],
    ],
    selective: &[
        "context",
        "integrations",
        "context.device",
        "context.integrations",
        "context.externalId",
        "context.externalId[0]",
        "context.externalIds",
        "integrations.Braze",
        "integrations.Appboy",
    ],
    excepted,
};

/// Traits that some rule reads, and one that none does.
const TRAITS: &str = "first_name last_name email phone gender dob country home_city image_url language time_zone \
    email_subscribe push_subscribe subscription_groups subscription_groups[0] subscription_groups[0].subscription_group_id \
    subscription_groups[0].subscription_state braze_subscription_groups push_tokens push_tokens[0] push_tokens[0].token \
    push_tokens[0].app_id push_tokens[0].device_id email_open_tracking_disabled email_click_tracking_disabled \
    date_of_first_session date_of_last_session marked_email_as_spam_at current_location current_location.latitude \
    facebook twitter external_id _update_existing_only push_token_import braze_sdk_auth_signature braze_id user_alias \
    _merge_objects userId anonymousId plan use_double_opt_in_logic subscription_state address address.city address.country";

const PROPERTIES: &str = "currency revenue total value order_id checkout_id cart_id source subtotal_value tax shipping \
    discount discounts discounts[1] total_discounts cancel_reason type type[1] time event_name product_id price quantity metadata coupon \
    products products[0] products[0].product_id products[0].name products[0].variant products[0].price \
    products[0].quantity products[0].currency products[0].image_url products[0].url products[0].time products[0].value \
    products[0].brand alias_name alias_label external_id email_to_identify merge_behavior prioritization user_alias \
    user_alias.alias_name braze_id name category email phone";

fn places() -> Vec<String> {
    let mut places: Vec<String> =
        "messageId userId anonymousId previousId groupId name category timestamp properties traits context integrations"
            .split(' ')
            .map(str::to_owned)
            .collect();
    places.extend(below("traits", TRAITS));
    places.extend(below("properties", PROPERTIES));
    places.extend(below(
        "context",
        "traits traits.email traits.phone traits.plan traits.braze_id traits.user_alias externalId externalId[0] externalId[0].id externalIds integrations \
         integrations.All locale timezone location location.latitude location.country device device.token device.id \
         device.type os.name library.name integration.name page",
    ));
    places.extend(below(
        "integrations",
        "All Braze Braze.braze_id Braze.user_alias Braze.app_id Braze.alias Appboy Webhooks",
    ));
    places
}

/// Texts that a rule compares with the words that it knows, and never sends, and what only has to be there.
const COMPARED: [&str; 5] = [
    "context.device.type",
    "context.os.name",
    "context.library.name",
    "context.integration.name",
    "context.page",
];

/// Whether a value is an id; 0 is a placeholder.
fn is_id(id: &Value) -> bool {
    id.is_string() || id.as_f64().is_some_and(|number| number != 0.0)
}

fn is_alias(alias: &Value) -> bool {
    is_id(&alias["alias_name"]) && is_id(&alias["alias_label"])
}

/// The step of section 4 that gives the event's user; `None` for e-mail and phone, which the events have last of all.
fn step(own: &str, event: &Value) -> Option<usize> {
    let lists = ["externalId", "externalIds"].map(|key| &event["context"][key]);
    let elements = lists
        .into_iter()
        .flat_map(|list| list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice));
    let mut of_type = elements.filter(|element| element["type"] == EXTERNAL_ID);
    let of = |key: &str| {
        let all = [&event["integrations"], &event["context"]["integrations"]];
        let named = all
            .into_iter()
            .flat_map(|all| [&all["Braze"][key], &all["Appboy"][key]]);
        let profiles = [
            &event["traits"],
            &event["context"]["traits"],
            &event["properties"],
        ];
        let found: Vec<&Value> = named.chain(profiles.map(|profile| &profile[key])).collect();
        found
    };
    if of_type.any(|element| is_id(&element["id"])) {
        Some(1)
    } else if is_id(&event["userId"]) {
        Some(2)
    } else if of("braze_id").into_iter().any(is_id) {
        Some(3)
    } else if ["user_alias", "alias"].into_iter().flat_map(of).any(is_alias) {
        Some(4)
    } else {
        (own.contains(ALIASES) && is_id(&event["anonymousId"])).then_some(5)
    }
}

/// The setting by which an anonymous user is known.
const ALIASES: &str = "anonymous = \"alias\"";

/// The type of the external ids that are read.
const EXTERNAL_ID: &str = "brazeExternalId";

/// Whether Part 2 alone sends the event: screens and pages are off then, and no rule of section 10 looks at it.
fn is_for_messages_alone(own: &str, kind: &str) -> bool {
    own.contains("triggers") && matches!(kind, "page" | "screen")
}

/// Whether section 4 looks at a place of the event; `None` if it never does.
fn is_asked_for_the_user(probe: &Probe<'_>) -> Option<bool> {
    let Probe {
        own,
        event,
        path,
        value,
    } = probe;
    let kind = event["type"].as_str().unwrap_or_default();
    let name = event["event"].as_str().unwrap_or_default();
    let is_subscription = kind == "group" && own.contains("group = \"subscription\"");
    // These ask for the external id alone.
    let is_external = is_subscription || kind == "alias" || ALIAS_EVENTS.contains(&name);
    let found = step(own, event).unwrap_or(6);
    let key = path.rsplit_once('.').map_or(*path, |(_, key)| key);
    let is_asked = match key {
        "userId" if *path == key => found >= 2,
        "id" if path.starts_with("context.externalId[0]") => {
            event["context"]["externalId"][0]["type"] == EXTERNAL_ID
        }
        "anonymousId" if *path == key => {
            own.contains(ALIASES) && !is_external && (found >= 5 || kind == "identify")
        }
        "braze_id" => !is_external && found >= 3,
        // An identify joins the alias with its user.
        "user_alias" | "alias" => !is_external && (found >= 4 || (kind == "identify" && found < 3)),
        "email" | "phone" if is_subscription => found > 2,
        "email" | "phone" => !is_external && kind != "delete" && found >= 6,
        _ => return None,
    };
    // A catalog's call names no user.
    let is_id = value.is_string() || value.is_number();
    Some(is_asked && !(is_id && kind == "screen" && is_for_messages_alone(own, kind)))
}

/// Whether a rule reads a place of such an event.
fn is_read(probe: &Probe<'_>) -> bool {
    let Probe { own, event, path, .. } = probe;
    let has = |setting: &str| own.contains(setting);
    let kind = event["type"].as_str().unwrap_or_default();
    let has_platform = event["context"]["device"]["type"] == "ios";
    let is_view = matches!(kind, "page" | "screen");
    let name = event["event"].as_str().unwrap_or_default();
    let is_sent_with_time =
        (is_view || kind == "track") && !is_for_messages_alone(own, kind) && !ALIAS_EVENTS.contains(&name);
    if is_asked_for_the_user(probe) == Some(true) {
        return true;
    }
    match (*path, kind, name) {
        // For repeats alone.
        ("messageId", ..) => false,
        ("previousId", kind, _) => kind == "alias",
        ("groupId", kind, _) => kind == "group",
        ("name" | "category", ..) => is_view && is_sent_with_time,
        ("timestamp", ..) => is_sent_with_time,
        ("context" | "integrations" | "context.integrations", ..) => true,
        ("traits" | "properties" | "context.traits", ..) if !probe.value.is_object() => true,
        ("integrations.Braze.app_id", ..) => is_sent_with_time || has_token_without_app(event),
        _ if probe.is_below("integrations.Braze") && *path != "integrations.Braze" => false,
        _ if probe.is_below("integrations") || probe.is_below("context.integrations") => true,
        (path, kind, _) if probe.is_below("traits") => match kind {
            "identify" => true,
            "group" => has("group = \"subscription\"") && GROUP_TRAITS.contains(&path),
            _ => false,
        },
        (path, _, "Create Alias") if probe.is_below("properties") => {
            ["properties.alias_name", "properties.alias_label"].contains(&path)
        }
        (path, _, "Identify User") if probe.is_below("properties") => {
            let spelled = &event["properties"]["user_alias"];
            let is_spelled = is_alias(spelled);
            IDENTIFY_USER.contains(&path)
                || (!is_spelled && ["properties.alias_name", "properties.alias_label"].contains(&path))
        }
        _ if probe.is_below("properties") => is_view || kind == "track",
        _ if probe.is_below("context.traits") => match kind {
            "identify" => event["traits"].is_null(),
            _ => is_sent_with_time && has("traits_on_track") && event["event"] == "Plan Upgraded",
        },
        ("context.externalId" | "context.externalIds" | "context.externalId[0]", ..) => {
            let first = &event["context"]["externalId"][0];
            let is_beaten = first["type"] == EXTERNAL_ID && is_id(&first["id"]);
            name != "Create Alias" && !(is_beaten && *path == "context.externalIds")
        }
        ("context.locale" | "context.timezone", "identify", _) => has_platform && has("locale_from_context"),
        ("context.location.latitude" | "context.location.country" | "context.location", "identify", _) => {
            has_platform && has("location_from_context")
        }
        ("context.device.token", "identify", _) => has("push_token_from_context"),
        _ => false,
    }
}

/// Whether a push token of an identify takes the app of its event.
fn has_token_without_app(event: &Value) -> bool {
    let token = &event["traits"]["push_tokens"][0];
    event["type"] == "identify" && token["token"].is_string() && token["app_id"].is_null()
}

/// Tracks that ask for the user's external id alone.
const ALIAS_EVENTS: [&str; 2] = ["Create Alias", "Identify User"];

const GROUP_TRAITS: [&str; 2] = ["traits.use_double_opt_in_logic", "traits.subscription_state"];

const IDENTIFY_USER: [&str; 3] = [
    "properties.email_to_identify",
    "properties.user_alias",
    "properties.user_alias.alias_name",
];

fn excepted(probe: &Probe<'_>) -> bool {
    let Probe {
        event, path, value, ..
    } = probe;
    let is_said_of_a_destination = path
        .strip_prefix("integrations.")
        .or(path.strip_prefix("context.integrations."));
    let is_option = is_said_of_a_destination.is_some_and(|rest| !rest.contains('.'));
    if !is_read(probe) {
        return true;
    }
    match *path {
        // A userId beats it (section 4).
        "traits.braze_id" | "context.traits.braze_id" if is_asked_for_the_user(probe) != Some(true) => {
            value.is_string() || value.is_number()
        }
        // City and country are read of it (SB-085).
        "traits.address" => value.is_object(),
        _ if is_option => value.is_boolean() || value.is_object(),
        path => COMPARED.contains(&path) || says_its_product(event, path),
    }
}

/// Whether an order's product says it of itself, which comes before what the order says (SB-180).
fn says_its_product(event: &Value, path: &str) -> bool {
    let key = path.strip_prefix("properties.").unwrap_or_default();
    event["event"] == "Order Completed" && !event["properties"]["products"][0][key].is_null()
}
