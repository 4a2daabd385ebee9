//! One content item while it is made of a product.

use super::event_data::quoted;
use super::value::{any_text, number, text};
use event::json::{Json, ObjectWriter};

/// Product categories that Branch knows.
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

/// The kind of content of an item that names none.
const CONTENT_SCHEMA: &str = "COMMERCE_PRODUCT";

/// What a field of an item takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// A string, number or boolean, as text.
    Text,
    /// A number, or a string that spells one.
    Number,
    /// One of Branch's categories.
    Category,
}

impl Takes {
    /// The JSON text of a value as the field takes it; `None` if it does not.
    pub(super) fn json(self, value: Json<'_>) -> Option<String> {
        match self {
            Self::Text => text(value).map(|text| quoted(&text)),
            Self::Number => number(value),
            Self::Category => category(value).map(quoted),
        }
    }
}

/// The properties of a product that Branch has fields for: the rule, the property, the field and what that takes.
/// `product_id`, which serves for two fields, and `currency`, which needs a price, are not among them.
pub(super) const FIELDS: [(&str, &str, &str, Takes); 12] = [
    ("SR-231", "sku", "$sku", Takes::Text),
    ("SR-232", "name", "$product_name", Takes::Text),
    ("SR-233", "brand", "$product_brand", Takes::Text),
    ("SR-234", "variant", "$product_variant", Takes::Text),
    ("SR-235", "category", "$product_category", Takes::Category),
    ("SR-236", "price", "$price", Takes::Number),
    ("SR-237", "quantity", "$quantity", Takes::Number),
    ("SR-238", "url", "$canonical_url", Takes::Text),
    ("SR-239", "image_url", "$og_image_url", Takes::Text),
    ("SR-240", "title", "$og_title", Takes::Text),
    ("SR-240", "description", "$og_description", Takes::Text),
    ("SR-242", "rating", "$rating", Takes::Number),
];

/// The property that is the item's id, and its SKU if it has no other.
pub(super) const PRODUCT_ID: &str = "product_id";

/// The field of the item's id.
pub(super) const IDENTIFIER: &str = "$canonical_identifier";

/// A content item.
#[derive(Default)]
pub(super) struct Item {
    fields: Vec<(&'static str, String)>,
    custom: Vec<(String, String)>,
}

impl Item {
    /// Whether the field has a value.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(own, _)| *own == field)
    }

    /// Gives a field its JSON text.
    pub(super) fn set(&mut self, field: &'static str, json: String) {
        self.fields.push((field, json));
    }

    /// Adds what has no field of its own.
    pub(super) fn add_custom(&mut self, key: &str, value: Json<'_>) {
        self.custom.push((key.to_owned(), any_text(value).into_owned()));
    }

    /// Gives it a currency, if it has a price and no currency of its own.
    pub(super) fn add_currency(&mut self, currency: Option<&str>) {
        if let Some(currency) = currency
            && self.has("$price")
            && !self.has("$currency")
        {
            self.set("$currency", quoted(currency));
        }
    }

    /// Writes the item. `as_json`: the custom fields as JSON text.
    pub(super) fn write(&self, out: &mut ObjectWriter<'_>, as_json: bool) {
        if !self.has("$content_schema") {
            out.string("$content_schema", CONTENT_SCHEMA);
        }
        for (field, json) in &self.fields {
            out.raw(field, json);
        }
        if self.custom.is_empty() {
            return;
        }
        let mut custom = String::new();
        {
            let mut members = ObjectWriter::new(&mut custom);
            for (key, text) in &self.custom {
                members.string(key, text);
            }
        }
        if as_json {
            out.string("$custom_fields", &custom);
        } else {
            out.raw("$custom_fields", &custom);
        }
    }
}

/// Branch's name of a category, found by its words (SR-244).
pub(super) fn category(value: Json<'_>) -> Option<&'static str> {
    let given = value.as_str()?;
    CATEGORIES.into_iter().find(|name| {
        let (mut of_name, mut given) = (words(name), words(&given));
        loop {
            match (of_name.next(), given.next()) {
                (None, None) => return true,
                (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
                _ => return false,
            }
        }
    })
}

/// The words of a category: letters only, without `and`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_ascii_alphabetic())
        .filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("and"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_found_in_every_spelling() {
        event::rules!["SR-244"];
        for (given, wanted) in [
            ("\"HOME_AND_GARDEN\"", Some("Home & Garden")),
            ("\"home and garden\"", Some("Home & Garden")),
            ("\" Home&Garden \"", Some("Home & Garden")),
            ("\"food beverages tobacco\"", Some("Food, Beverages & Tobacco")),
            ("\"Homeand Garden\"", None),
            ("\"and\"", None),
            ("\"Pots\"", None),
            ("4", None),
        ] {
            assert_eq!(category(Json::parse(given).unwrap()), wanted, "{given}");
        }
    }
}
