//! Recommended ecommerce events are complete and have no other key, or are custom events.

use crate::calls::objects;
use crate::config::cases;
use crate::json_text::{members, value};
use crate::printed::{Line, below, object};
use crate::settings::settings;
use event::Route;
use event::json::{Json, Object};
use proptest::prelude::*;
use proptest::sample::select;

/// A named event: its name, Braze's, what Braze requires, what else it takes, and an example as Segment specifies it.
struct Named {
    name: &'static str,
    braze_name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// What of `properties` gives a required output that nothing else stands in for.
    needed: &'static [&'static [&'static str]],
    example: &'static str,
}

const PRODUCTS: &str = r#""products":[{"product_id":"p-1","sku":"S-1","name":"Lamp","price":25,"quantity":2,"url":"https://shop.example/1","image_url":"https://shop.example/1.jpg","category":"Home"}]"#;
const PRODUCT: &str = r#""product_id":"p-1","sku":"S-1","name":"Lamp","variant":"black","price":25,"quantity":2,"currency":"usd","image_url":"https://shop.example/1.jpg","category":"Home""#;

const NAMED: [Named; 7] = [
    Named {
        name: "Product Viewed",
        braze_name: "ecommerce.product_viewed",
        required: &[
            "product_id",
            "product_name",
            "variant_id",
            "price",
            "currency",
            "source",
        ],
        optional: &["image_url", "product_url", "type", "metadata"],
        needed: &[&["product_id", "sku"], &["price"]],
        example: PRODUCT,
    },
    cart("Product Added"),
    cart("Product Removed"),
    Named {
        name: "Checkout Started",
        braze_name: "ecommerce.checkout_started",
        required: &["checkout_id", "total_value", "currency", "source", "products"],
        optional: &["cart_id", "subtotal_value", "tax", "shipping", "metadata"],
        needed: &[&["order_id"], &["products"]],
        example: r#""order_id":"o-1","value":50,"shipping":4.75,"tax":3,"coupon":"HI""#,
    },
    Named {
        name: "Order Completed",
        braze_name: "ecommerce.order_placed",
        required: &["order_id", "total_value", "currency", "source", "products"],
        optional: &[
            "cart_id",
            "subtotal_value",
            "tax",
            "shipping",
            "total_discounts",
            "discounts",
            "metadata",
        ],
        needed: &[&["order_id"], &["products"]],
        example: r#""order_id":"o-1","total":57.75,"subtotal":50,"revenue":50,"discount":"2.5","currency":"USD""#,
    },
    Named {
        name: "Order Refunded",
        braze_name: "ecommerce.order_refunded",
        required: &["order_id", "total_value", "currency", "source", "products"],
        optional: &["total_discounts", "discounts", "metadata"],
        needed: &[&["order_id"], &["products"]],
        example: r#""order_id":"o-1","total":-30,"currency":"USD""#,
    },
    Named {
        name: "Order Cancelled",
        braze_name: "ecommerce.order_cancelled",
        required: &[
            "order_id",
            "total_value",
            "currency",
            "source",
            "cancel_reason",
            "products",
        ],
        optional: &[
            "subtotal_value",
            "tax",
            "shipping",
            "total_discounts",
            "discounts",
            "metadata",
        ],
        needed: &[&["order_id"], &["products"]],
        example: r#""order_id":"o-1","total":30,"reason":"late""#,
    },
];

const fn cart(name: &'static str) -> Named {
    Named {
        name,
        braze_name: "ecommerce.cart_updated",
        required: &["cart_id", "action", "currency", "source", "products"],
        optional: &["total_value", "subtotal_value", "tax", "shipping", "metadata"],
        needed: &[&["product_id", "sku"], &["price"]],
        example: PRODUCT,
    }
}

/// The keys of one of the products, and whether it must have them.
const OF_PRODUCT: [(&str, bool); 8] = [
    ("product_id", true),
    ("product_name", true),
    ("variant_id", true),
    ("price", true),
    ("quantity", true),
    ("image_url", false),
    ("product_url", false),
    ("metadata", false),
];

const KEYS: &[&str] = &[
    "product_id",
    "sku",
    "id",
    "name",
    "title",
    "variant",
    "price",
    "value",
    "quantity",
    "currency",
    "source",
    "type",
    "order_id",
    "checkout_id",
    "cart_id",
    "total",
    "revenue",
    "subtotal",
    "tax",
    "shipping",
    "discount",
    "discounts",
    "reason",
    "products",
    "metadata",
    "url",
    "coupon",
    "time",
];

impl Named {
    fn properties(&self) -> String {
        if self.needed.contains(&&["products"][..]) {
            format!("{{{},{PRODUCTS}}}", self.example)
        } else {
            format!("{{{}}}", self.example)
        }
    }

    fn line(&self, properties: &str) -> Line {
        let text = object(&[
            ("type", "\"track\""),
            ("userId", "\"u-1\""),
            ("timestamp", "1770112800"),
            ("event", &format!("\"{}\"", self.name)),
            ("properties", properties),
        ]);
        Line::of(Route::SegmentToBraze, &text, &settings("orders = \"ecommerce\""))
    }

    /// Checks the recommended event, or that there is a custom one in its place; tells which.
    fn check(&self, line: &Line) -> bool {
        let event = below(line.body(), &["events", "0"]).unwrap();
        let name = below(event, &["name"]).and_then(Json::as_str).unwrap();
        let is_complete = name == self.braze_name;
        assert!(is_complete || name == self.name, "{}", line.text());
        assert_eq!(line.warns("ecommerce_incomplete"), !is_complete);
        if is_complete {
            let properties = below(event, &["properties"]).unwrap();
            let keys = self.required.iter().map(|key| (*key, true));
            let keys = keys.chain(self.optional.iter().map(|key| (*key, false)));
            check_keys(&properties.as_object().unwrap(), &keys.collect::<Vec<_>>());
            for product in objects(properties, "products") {
                check_keys(&product, &OF_PRODUCT);
            }
        }
        is_complete
    }
}

fn check_keys(object: &Object<'_>, keys: &[(&str, bool)]) {
    for (key, value) in object.iter() {
        assert!(
            keys.iter().any(|(known, _)| *known == key),
            "{key} is no key there"
        );
        assert!(!value.is_null(), "{key} is null");
    }
    for (key, _) in keys.iter().filter(|(_, is_required)| *is_required) {
        assert!(object.get(key).is_some(), "{key} is missing");
    }
}

/// An object without some keys.
fn without(text: &str, keys: &[&str]) -> String {
    let members = Json::parse(text).unwrap().as_object().unwrap();
    let kept: Vec<(String, String)> = members
        .iter()
        .filter(|(key, _)| !keys.contains(key))
        .map(|(key, value)| (key.to_owned(), value.raw().to_owned()))
        .collect();
    object(&kept)
}

#[test]
fn an_order_is_complete_or_becomes_a_custom_event() {
    event::rules!["SB-704", "SB-200", "SB-209"];
    for named in &NAMED {
        let properties = named.properties();
        assert!(named.check(&named.line(&properties)), "{}", named.name);
        for keys in named.needed {
            let line = named.line(&without(&properties, keys));
            assert!(!named.check(&line), "{} without {keys:?}", named.name);
        }
    }
}

proptest! {
    #![proptest_config(cases!(2000, "segment_to_braze_ecommerce"))]

    #[test]
    fn no_key_outside_the_table_whatever_is_added(
        at in 0..NAMED.len(),
        more in prop::collection::vec((select(KEYS), value(KEYS)), 0..8),
        product in members(KEYS, value(KEYS), 10),
    ) {
        event::rules!["SB-704", "SB-205", "SB-206"];
        let named = &NAMED[at];
        let mut text = named.properties();
        text.pop();
        for (key, value) in more {
            text.push_str(&format!(",\"{key}\":{value}"));
        }
        text.push_str(&format!(",\"again\":{product},\"products\":[{product}]}}"));
        named.check(&named.line(&text));
    }
}
