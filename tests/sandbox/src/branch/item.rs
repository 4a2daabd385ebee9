//! What Branch asks of a content item.

use serde_json::Value;

use super::event::{is_currency, wrong_type};
use crate::form::Fields;

const SCHEMAS: &str = "COMMERCE_AUCTION COMMERCE_BUSINESS COMMERCE_OTHER COMMERCE_PRODUCT COMMERCE_RESTAURANT \
    COMMERCE_SERVICE COMMERCE_TRAVEL_FLIGHT COMMERCE_TRAVEL_HOTEL COMMERCE_TRAVEL_OTHER GAME_STATE MEDIA_IMAGE \
    MEDIA_MIXED MEDIA_MUSIC MEDIA_OTHER MEDIA_VIDEO OTHER TEXT_ARTICLE TEXT_BLOG TEXT_OTHER TEXT_RECIPE TEXT_REVIEW \
    TEXT_SEARCH_RESULTS TEXT_STORY TEXT_TECHNICAL_DOC";
const CONDITIONS: &str = "OTHER NEW EXCELLENT GOOD FAIR POOR USED REFURBISHED";
const CATEGORIES: [&str; 21] = [
    "Animals & Pet Supplies",
    "Apparel & Accessories",
    "Arts & Entertainment",
    "Baby & Toddler",
    "Business & Industrial",
    "Cameras & Optics",
    "Electronics",
    "Food, Beverages & Tobacco",
    "Furniture",
    "Hardware",
    "Health & Beauty",
    "Home & Garden",
    "Luggage & Bags",
    "Mature",
    "Media",
    "Office Supplies",
    "Religious & Ceremonial",
    "Software",
    "Sporting Goods",
    "Toys & Games",
    "Vehicles & Parts",
];

/// Why Branch refuses an item. Names that it does not document it refuses too: what is the customer's own belongs into
/// `$custom_fields`.
pub(super) fn check(item: &Fields) -> Result<(), String> {
    for (key, value) in item {
        let is_right = match key.as_str() {
            "$canonical_identifier"
            | "$sku"
            | "$product_name"
            | "$product_brand"
            | "$product_variant"
            | "$canonical_url"
            | "$og_image_url"
            | "$og_title"
            | "$og_description"
            | "$address_street"
            | "$address_city"
            | "$address_region"
            | "$address_country"
            | "$address_postal_code" => value.is_string(),
            "$price" | "$quantity" | "$rating" | "$rating_average" | "$rating_count" | "$rating_max"
            | "$latitude" | "$longitude" => value.is_number(),
            "$creation_timestamp" | "$exp_date" => value.is_i64(),
            "$publicly_indexable" | "$locally_indexable" => value.is_boolean(),
            "$keywords" | "$image_captions" => is_list_of_strings(value),
            "$custom_fields" => is_text_of_a_map(value) || is_map_of_strings(value),
            "$content_schema" => is_in(value, |text| crate::form::lists(SCHEMAS, text)),
            "$condition" => is_in(value, |text| crate::form::lists(CONDITIONS, text)),
            "$product_category" => is_in(value, |text| CATEGORIES.contains(&text)),
            "$currency" => is_in(value, is_currency),
            _ => return Err(format!("Bad request: content_items has no field {key:?}")),
        };
        if !is_right {
            return Err(wrong_type(&format!("content_items.{key}")));
        }
    }
    Ok(())
}

fn is_in(value: &Value, known: impl Fn(&str) -> bool) -> bool {
    value.as_str().is_some_and(known)
}

fn is_list_of_strings(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|list| list.iter().all(Value::is_string))
}

/// The JSON text of a map of strings, which is the form of Branch's own examples.
fn is_text_of_a_map(value: &Value) -> bool {
    let map = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    map.as_ref().is_some_and(is_map_of_strings)
}

fn is_map_of_strings(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|map| map.values().all(Value::is_string))
}
