//! Any valid settings.

use event::settings::Settings;
use proptest::prelude::*;

/// Settings with the values that they may take, in TOML.
const CHOICES: &[(&str, &[&str])] = &[
    ("time_source", &["\"received_at\""]),
    ("respect_integrations", &["false"]),
    ("webhook_names", &["[\"To Switchyard\"]"]),
    ("loop_guard", &["\"strict\""]),
    ("deny_events", &["[\"Product*\"]"]),
    ("rename_events", &["{ \"x\" = \"Order Completed\" }"]),
    ("anonymous", &["\"alias\""]),
    ("anonymous_merge", &["\"merge\""]),
    ("contact_identity", &["false"]),
    ("reject_placeholder_ids", &["false"]),
    ("placeholder_ids", &["[\"u-2\"]"]),
    ("dob_order", &["\"day_first\"", "\"month_first\""]),
    ("update_existing_only", &["true"]),
    ("app_id", &["\"app-1\""]),
    ("app_ids", &["{ ios = \"app-i\" }"]),
    ("address", &["\"fields_and_object\""]),
    ("drop_traits", &["[\"plan\", \"*name\"]", "[\"*\"]"]),
    ("empty_strings", &["\"unset\"", "\"drop\""]),
    ("default_calling_code", &["\"49\""]),
    ("invalid_phone", &["\"drop\""]),
    ("merge_nested", &["true"]),
    ("locale_from_context", &["true"]),
    ("location_from_context", &["true"]),
    ("push_token_from_context", &["true"]),
    ("traits_on_track", &["true"]),
    ("drop_properties", &["[\"plan\", \"*id\"]"]),
    ("cut_strings_at", &["1", "40"]),
    ("orders", &["\"ecommerce\"", "\"both\""]),
    ("product_id_keys", &["[\"name\"]"]),
    ("default_currency", &["\"EUR\""]),
    ("purchase_properties", &["\"product\"", "\"none\""]),
    ("revenue_purchases", &["\"instead\"", "\"also\""]),
    ("revenue_purchase_events", &["[\"x\"]"]),
    ("cart_id_fallback", &["\"all\""]),
    ("pages", &["\"named\"", "\"all\""]),
    ("screens", &["\"named\"", "\"all\""]),
    ("page_event", &["\"{name}\"", "\"{category} of {full_name}\""]),
    ("group", &["\"subscription\"", "\"off\""]),
    ("alias", &["\"merge\"", "\"off\""]),
    ("alias_previous_id", &["\"external_id\"", "\"anonymous\""]),
    ("deletes", &["false"]),
];

/// Triggers and catalogs.
const TABLES: &[&str] = &[
    "[[segment_to_braze.triggers]]\nevent = \"Order Completed\"\ncampaign_id = \"c-1\"\n",
    "[[segment_to_braze.triggers]]\nevent = \"x\"\ncanvas_id = \"v-1\"\nsend_to_existing_only = false\nalso_track = false\n",
    "[[segment_to_braze.catalogs]]\nevent = \"Product Viewed\"\ncatalog = \"shop\"\nid_property = \"sku\"\n",
    "[[segment_to_braze.catalogs]]\nevent = \"Order Completed\"\ncatalog = \"new\"\nop = \"update\"\nfields = [\"price*\"]\n",
    "[[segment_to_braze.catalogs]]\nevent = \"x\"\ncatalog = \"old\"\nop = \"delete\"\nalso_track = false\n",
];

/// The settings of these lines of `[segment_to_braze]`.
pub fn settings(own: &str) -> Settings {
    Settings::load(&format!("[segment_to_braze]\n{own}\n")).unwrap()
}

/// Each setting at its default or at another of its values.
pub fn any_settings() -> impl Strategy<Value = Settings> {
    let turns = prop::collection::vec(any::<u8>(), CHOICES.len());
    let tables = prop::array::uniform4(prop::bool::weighted(0.2));
    (turns, tables, 1024_usize..102_401).prop_map(|(turns, tables, item)| {
        let mut own = String::new();
        for ((key, values), turn) in CHOICES.iter().zip(turns) {
            // Two of three keep their default.
            if let (0, Some(value)) = (turn % 3, values.get(usize::from(turn / 3) % values.len())) {
                own.push_str(&format!("{key} = {value}\n"));
            }
        }
        let wanted = TABLES.iter().zip(tables).filter(|(_, wanted)| *wanted);
        own.extend(wanted.map(|(table, _)| *table));
        settings(&format!("{own}\n[braze]\nmax_item_bytes = {item}"))
    })
}
