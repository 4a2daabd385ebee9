//! What arrived at the sandbox, a line for each item.

use std::collections::BTreeMap;

use sandbox::{Item, ItemResult, Vendor};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::terminal::{bad, faint, good};

/// Such as `Braze POST /users/track purchases "tulip-12" 34.95 EUR × 2`.
pub(crate) fn arrival(item: &Item) -> String {
    let place = faint(format!("{} {}", item.vendor.as_str(), item.endpoint));
    let mut words = vec![place];
    // Of Segment's one array there is nothing to say.
    if item.vendor == Vendor::Braze && !item.array.is_empty() {
        words.push(item.array.clone());
    }
    let what = content(item).unwrap_or_else(|| shortened(&item.json));
    words.push(match &item.result {
        ItemResult::Accepted => good(what),
        ItemResult::Repeated => format!("{what}, known already"),
        ItemResult::Discarded { reason } => bad(format!("{what}, discarded: {reason}")),
        ItemResult::Refused { reason } => bad(format!("{what}, refused: {reason}")),
    });
    words.extend(item.losses.iter().map(|loss| bad(format!("({loss})"))));
    words.join(" ")
}

/// The members that identify an item for a reader.
#[derive(Deserialize)]
struct Shown<'a> {
    // Braze
    #[serde(borrow)]
    external_id: Option<&'a RawValue>,
    user_alias: Option<&'a RawValue>,
    product_id: Option<&'a RawValue>,
    price: Option<&'a RawValue>,
    currency: Option<String>,
    quantity: Option<&'a RawValue>,
    // Braze, Branch
    name: Option<&'a RawValue>,
    // Branch
    event_data: Option<EventData<'a>>,
    content_items: Option<Vec<IgnoredAny>>,
    // Segment
    #[serde(rename = "type")]
    kind: Option<String>,
    event: Option<&'a RawValue>,
    #[serde(rename = "userId")]
    user_id: Option<&'a RawValue>,
    #[serde(rename = "anonymousId")]
    anonymous_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct EventData<'a> {
    #[serde(borrow)]
    revenue: Option<&'a RawValue>,
    currency: Option<String>,
}

/// What an item says; `None` if nothing of it is known.
fn content(item: &Item) -> Option<String> {
    let members: Shown<'_> = serde_json::from_str(&item.json).ok()?;
    let who = [
        members.external_id,
        members.user_alias,
        members.user_id,
        members.anonymous_id,
    ];
    let who = who.into_iter().flatten().next().map(RawValue::get);
    let of_whom = who.map(|who| format!(" of {who}")).unwrap_or_default();
    match (item.vendor, item.array.as_str()) {
        (Vendor::Braze, "purchases") => {
            let (product, price) = (members.product_id?.get(), members.price?.get());
            let quantity = members.quantity.map_or("1", RawValue::get);
            let currency = members.currency.unwrap_or_default();
            Some(format!("{product} {price} {currency} × {quantity}{of_whom}"))
        }
        (Vendor::Braze, "events") => Some(format!("{}{of_whom}", members.name?.get())),
        (Vendor::Braze, "attributes") => {
            let members: BTreeMap<String, IgnoredAny> = serde_json::from_str(&item.json).ok()?;
            let names: Vec<_> = members
                .into_keys()
                .filter(|name| !["external_id", "braze_id", "user_alias"].contains(&name.as_str()))
                .collect();
            Some(format!("{}{of_whom}", names.join(", ")))
        }
        (Vendor::Braze, _) => None,
        (Vendor::Branch, _) => {
            let mut text = members.name?.get().to_owned();
            if let Some(data) = members.event_data
                && let (Some(revenue), Some(currency)) = (data.revenue, data.currency)
            {
                text.push_str(&format!(" {} {currency}", revenue.get()));
            }
            match members.content_items.map_or(0, |items| items.len()) {
                0 => {}
                1 => text.push_str(", 1 item"),
                several => text.push_str(&format!(", {several} items")),
            }
            Some(text)
        }
        (Vendor::Segment, _) => {
            let event = members.event.map(|event| format!(" {}", event.get()));
            Some(format!("{}{}{of_whom}", members.kind?, event.unwrap_or_default()))
        }
    }
}

const SHOWN: usize = 100;

fn shortened(json: &str) -> String {
    match json.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", json.get(..end).unwrap_or_default()),
        None => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(vendor: Vendor, endpoint: &str, array: &str, json: &str, result: ItemResult) -> String {
        let item = Item {
            vendor,
            request: 0,
            endpoint: endpoint.to_owned(),
            array: array.to_owned(),
            index: 0,
            json: json.to_owned(),
            result,
            losses: Vec::new(),
        };
        anstream::adapter::strip_str(&arrival(&item)).to_string()
    }

    #[test]
    fn each_kind_of_item_has_its_line() {
        let braze = |array, json| {
            shown(
                Vendor::Braze,
                "POST /users/track",
                array,
                json,
                ItemResult::Accepted,
            )
        };
        assert_eq!(
            braze(
                "purchases",
                r#"{"external_id":"u-1","product_id":"tulip-12","price":34.95,"currency":"EUR","quantity":2}"#
            ),
            r#"Braze POST /users/track purchases "tulip-12" 34.95 EUR × 2 of "u-1""#
        );
        assert_eq!(
            braze("events", r#"{"external_id":"u-1","name":"Kettle Boiled"}"#),
            r#"Braze POST /users/track events "Kettle Boiled" of "u-1""#
        );
        assert_eq!(
            braze(
                "attributes",
                r#"{"external_id":"u-1","plan":"dusk","email":"a@example.com"}"#
            ),
            r#"Braze POST /users/track attributes email, plan of "u-1""#
        );
        let branch =
            r#"{"name":"PURCHASE","event_data":{"revenue":86.76,"currency":"EUR"},"content_items":[{},{}]}"#;
        assert_eq!(
            shown(
                Vendor::Branch,
                "POST /v2/event/standard",
                "",
                branch,
                ItemResult::Accepted
            ),
            r#"Branch POST /v2/event/standard "PURCHASE" 86.76 EUR, 2 items"#
        );
        let segment = r#"{"type":"track","event":"branch_INSTALL","userId":"u-1"}"#;
        assert_eq!(
            shown(
                Vendor::Segment,
                "POST /v1/batch",
                "batch",
                segment,
                ItemResult::Repeated
            ),
            r#"Segment POST /v1/batch track "branch_INSTALL" of "u-1", known already"#
        );
    }

    #[test]
    fn a_refused_item_is_shown_with_its_reason() {
        let refused = ItemResult::Refused {
            reason: "no key".to_owned(),
        };
        let text = "x".repeat(200);
        let line = shown(Vendor::Braze, "POST /users/track", "", &text, refused);
        assert!(
            line.ends_with("x…, refused: no key") && line.len() < 200,
            "{line}"
        );
    }
}
