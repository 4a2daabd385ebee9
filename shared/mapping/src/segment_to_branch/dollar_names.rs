//! Members of a product that have Branch's own names already.

use super::event_data::quoted;
use super::item::category;
use super::value::{currency, is_blank, number, text, whole};
use crate::forms::boolean;
use event::json::{ArrayWriter, Json};

/// Kinds of content.
const CONTENT_SCHEMAS: [&str; 24] = [
    "COMMERCE_AUCTION",
    "COMMERCE_BUSINESS",
    "COMMERCE_OTHER",
    "COMMERCE_PRODUCT",
    "COMMERCE_RESTAURANT",
    "COMMERCE_SERVICE",
    "COMMERCE_TRAVEL_FLIGHT",
    "COMMERCE_TRAVEL_HOTEL",
    "COMMERCE_TRAVEL_OTHER",
    "GAME_STATE",
    "MEDIA_IMAGE",
    "MEDIA_MIXED",
    "MEDIA_MUSIC",
    "MEDIA_OTHER",
    "MEDIA_VIDEO",
    "OTHER",
    "TEXT_ARTICLE",
    "TEXT_BLOG",
    "TEXT_OTHER",
    "TEXT_RECIPE",
    "TEXT_REVIEW",
    "TEXT_SEARCH_RESULTS",
    "TEXT_STORY",
    "TEXT_TECHNICAL_DOC",
];

/// Conditions of a product.
const CONDITIONS: [&str; 8] = [
    "OTHER",
    "NEW",
    "EXCELLENT",
    "GOOD",
    "FAIR",
    "POOR",
    "USED",
    "REFURBISHED",
];

#[derive(Clone, Copy)]
enum Takes {
    Text,
    Number,
    Whole,
    Boolean,
    Texts,
    Currency,
    OneOf(&'static [&'static str]),
    Category,
}

/// The names that are passed through (SR-243).
const NAMES: [(&str, Takes); 32] = [
    ("$canonical_identifier", Takes::Text),
    ("$sku", Takes::Text),
    ("$product_name", Takes::Text),
    ("$product_brand", Takes::Text),
    ("$product_variant", Takes::Text),
    ("$canonical_url", Takes::Text),
    ("$og_image_url", Takes::Text),
    ("$og_title", Takes::Text),
    ("$og_description", Takes::Text),
    ("$address_street", Takes::Text),
    ("$address_city", Takes::Text),
    ("$address_region", Takes::Text),
    ("$address_country", Takes::Text),
    ("$address_postal_code", Takes::Text),
    ("$price", Takes::Number),
    ("$quantity", Takes::Number),
    ("$rating", Takes::Number),
    ("$rating_average", Takes::Number),
    ("$rating_count", Takes::Number),
    ("$rating_max", Takes::Number),
    ("$latitude", Takes::Number),
    ("$longitude", Takes::Number),
    ("$creation_timestamp", Takes::Whole),
    ("$exp_date", Takes::Whole),
    ("$publicly_indexable", Takes::Boolean),
    ("$locally_indexable", Takes::Boolean),
    ("$keywords", Takes::Texts),
    ("$image_captions", Takes::Texts),
    ("$currency", Takes::Currency),
    ("$content_schema", Takes::OneOf(&CONTENT_SCHEMAS)),
    ("$condition", Takes::OneOf(&CONDITIONS)),
    ("$product_category", Takes::Category),
];

/// The field of this name with the JSON text of the value; `None` if it is no such name or takes no such value. `default`
/// is the `default_currency` of the settings.
pub(super) fn passed_through(key: &str, value: Json<'_>, default: &str) -> Option<(&'static str, String)> {
    let (name, takes) = NAMES.iter().find(|(name, _)| *name == key)?;
    let json = match takes {
        Takes::Text => text(value).map(|text| quoted(&text)),
        Takes::Number => number(value),
        Takes::Whole => whole(value),
        Takes::Boolean => boolean(value).map(|flag| flag.to_string()),
        Takes::Texts => texts(value),
        Takes::Currency => currency(value, default).map(|code| quoted(&code)),
        Takes::OneOf(words) => {
            let word = value.as_str()?.trim().to_ascii_uppercase();
            words.contains(&word.as_str()).then(|| quoted(&word))
        }
        Takes::Category => category(value).map(quoted),
    };
    Some((name, json?))
}

/// The elements of an array as text, blank ones left out; `None` if one has no text or none is left.
fn texts(value: Json<'_>) -> Option<String> {
    let elements = value.as_array()?;
    let said: Option<Vec<_>> = elements
        .into_iter()
        .filter(|element| !is_blank(*element))
        .map(text)
        .collect();
    let said = said.filter(|said| !said.is_empty())?;
    let mut json = String::new();
    let mut list = ArrayWriter::new(&mut json);
    for text in said {
        list.string(&text);
    }
    drop(list);
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_takes_values_of_its_type() {
        event::rules!["SR-243"];
        for (key, value, wanted) in [
            ("$sku", "5", Some("\"5\"")),
            ("$sku", "{}", None),
            ("$price", "\"4.50\"", Some("4.50")),
            ("$price", "\"cheap\"", None),
            ("$exp_date", "\"1760000000000\"", Some("1760000000000")),
            ("$exp_date", "1.76e12", Some("1760000000000")),
            ("$exp_date", "1.5", None),
            ("$publicly_indexable", "\"TRUE\"", Some("true")),
            ("$publicly_indexable", "1", Some("true")),
            (
                "$keywords",
                "[\"a\", 2, true, null]",
                Some("[\"a\",\"2\",\"true\"]"),
            ),
            ("$keywords", "[\"a\", {\"b\":1}]", None),
            ("$keywords", "[null]", None),
            ("$keywords", "\"a\"", None),
            ("$currency", "\" eur\"", Some("\"EUR\"")),
            ("$currency", "\"euro\"", Some("\"EUR\"")),
            ("$content_schema", "\" text_blog \"", Some("\"TEXT_BLOG\"")),
            ("$content_schema", "\"POEM\"", None),
            ("$condition", "\"used\"", Some("\"USED\"")),
            (
                "$product_category",
                "\"TOYS_AND_GAMES\"",
                Some("\"Toys & Games\""),
            ),
            ("$unknown", "\"a\"", None),
        ] {
            let field = passed_through(key, Json::parse(value).unwrap(), "");
            assert_eq!(
                field.as_ref().map(|(_, json)| json.as_str()),
                wanted,
                "{key} {value}"
            );
        }
    }
}
