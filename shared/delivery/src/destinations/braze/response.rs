//! What Braze's response means: one total function of status and endpoint, and one of the body ("Reading the answer").

use super::Batch;
use super::limits::{DETAIL_CHARACTERS, OBJECTS_OF_OLD_ACCOUNTS, TOO_MANY_OBJECTS};
use crate::exchange::{Classification, Reading};
use crate::http::Response;
use event::calls::{BrazeArray, BrazeEndpoint, BrazeItem, subscription_entries};
use event::json::{Json, Object};
use event::reasons::{HoldKind, ParkReason, RetryClass, Warning};
use std::collections::BTreeMap;

/// What a status says at an endpoint.
pub(super) const fn classify(status: u16, endpoint: &BrazeEndpoint) -> Classification {
    match status {
        200..=299 => Classification::Accepted,
        300..=399 => Classification::Hold(HoldKind::Config),
        401 | 403 => Classification::Hold(HoldKind::Credentials),
        404 if endpoint.is_catalog() => Classification::Refused(ParkReason::CatalogNotFound),
        404 => Classification::Hold(HoldKind::Config),
        408 | 425 => Classification::Retry(RetryClass::Transient),
        413 => Classification::Refused(ParkReason::TooLarge),
        429 => Classification::Retry(RetryClass::RateLimited),
        400..=499 => Classification::Refused(ParkReason::Rejected),
        // 1xx never ends a request; whatever else there is, is the server's fault.
        _ => Classification::Retry(RetryClass::Transient),
    }
}

/// One element of `errors`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ItemError {
    /// The array that it names, if it is a known one.
    pub array: Option<BrazeArray>,
    /// The position in that array.
    pub index: Option<usize>,
    /// The id of a catalog item.
    pub id: Option<String>,
    /// Braze's words.
    pub words: String,
}

/// The body of a response, as far as it decides.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ResponseBody {
    /// `message`, empty if there is none.
    pub message: String,
    /// `errors`; a lone value counts as one element.
    pub errors: Vec<ItemError>,
}

const ARRAYS: [BrazeArray; 10] = [
    BrazeArray::UserAliases,
    BrazeArray::AliasesToIdentify,
    BrazeArray::EmailsToIdentify,
    BrazeArray::MergeUpdates,
    BrazeArray::Attributes,
    BrazeArray::Events,
    BrazeArray::Purchases,
    BrazeArray::SubscriptionGroups,
    BrazeArray::Recipients,
    BrazeArray::Items,
];

/// Reads a body; `None` if it is no JSON object.
pub(super) fn parse_body(body: &[u8]) -> Option<ResponseBody> {
    let text = std::str::from_utf8(body).ok()?;
    let object = Json::parse(text).ok()?.as_object()?;
    let words = |key| {
        object
            .get(key)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .into_owned()
    };
    let errors = match object.present("errors") {
        None => Vec::new(),
        Some(list) => match list.as_array() {
            Some(list) => list.into_iter().map(item_error).collect(),
            None => vec![item_error(list)],
        },
    };
    Some(ResponseBody {
        message: words("message"),
        errors,
    })
}

fn item_error(element: Json<'_>) -> ItemError {
    let Some(object) = element.as_object() else {
        return ItemError {
            words: element.as_str().unwrap_or_default().into_owned(),
            ..ItemError::default()
        };
    };
    let text = |key| {
        object
            .get(key)
            .and_then(Json::as_str)
            .map(|text| text.into_owned())
    };
    ItemError {
        array: text("input_array").and_then(|name| ARRAYS.into_iter().find(|array| array.as_str() == name)),
        index: item_id_or_index(&object, "index").and_then(|index| {
            let whole = index.strip_suffix(".0").unwrap_or(&index);
            whole.trim().parse().ok()
        }),
        id: item_id_or_index(&object, "id"),
        words: text("type").or_else(|| text("message")).unwrap_or_default(),
    }
}

/// The id of a catalog item or an index, text or number.
fn item_id_or_index(object: &Object<'_>, member: &str) -> Option<String> {
    let id = object.present(member)?;
    id.as_str()
        .map(|text| text.into_owned())
        .or_else(|| id.as_number().map(str::to_owned))
}

/// The error ids and words by which Braze says that a catalog item, not its catalog, is unknown.
/// Source: Braze docs "Delete multiple catalog items", fatal errors.
const UNKNOWN_ITEM: [&str; 2] = ["item-not-found", "could not find item"];

/// Whether the body of a 404 says that the item to be deleted is not there (SB-426).
fn names_unknown_item(body: &ResponseBody) -> bool {
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        UNKNOWN_ITEM.iter().any(|known| text.contains(known))
    };
    let mut errors = body.errors.iter();
    says(&body.message) || errors.any(|error| error.id.as_deref().is_some_and(says) || says(&error.words))
}

/// The status and Braze's words, for the person who looks at a parked event (SB-539).
pub(super) fn detail<'w>(status: u16, message: &'w str, words: impl Iterator<Item = &'w str>) -> String {
    let mut detail = status.to_string();
    for words in std::iter::once(message)
        .chain(words)
        .filter(|words| !words.is_empty())
    {
        detail.push_str(if detail.len() > 3 { "; " } else { " " });
        detail.push_str(words);
    }
    detail.chars().take(DETAIL_CHARACTERS).collect()
}

/// What a response says of a batch (SB-530 to SB-539).
pub(super) fn read(batch: &Batch, response: &Response) -> Reading {
    let endpoint = &batch.target;
    let body = parse_body(&response.body);
    match classify(response.status, endpoint) {
        Classification::Accepted => accepted(batch, response, body.filter(|_| !response.cut)),
        Classification::Refused(ParkReason::CatalogNotFound)
            if matches!(endpoint, BrazeEndpoint::CatalogDelete { .. })
                && body.as_ref().is_some_and(names_unknown_item) =>
        {
            // Braze does not say which of several items it does not know.
            Reading::NothingToDo
        }
        Classification::Refused(reason) => {
            let is_update = matches!(endpoint, BrazeEndpoint::CatalogUpdate { .. });
            let reason = match reason {
                // The catalog is there: the item is not, and nothing says what else it should have been (SB-429).
                ParkReason::CatalogNotFound if is_update && body.as_ref().is_some_and(names_unknown_item) => {
                    ParkReason::Rejected
                }
                _ => reason,
            };
            let takes_less = body
                .as_ref()
                .is_some_and(|body| body.message.contains(TOO_MANY_OBJECTS));
            let is_track = *endpoint == BrazeEndpoint::Track;
            if is_track && takes_less && batch.items().count() > OBJECTS_OF_OLD_ACCOUNTS {
                return Reading::TooManyItems;
            }
            let words = |body: ResponseBody| {
                let words = body.errors.iter().map(|error| error.words.as_str());
                detail(response.status, &body.message, words)
            };
            Reading::Refused {
                reason,
                detail: body.map_or_else(|| crate::exchange::detail(response.status, &response.body), words),
                is_of_all: reason == ParkReason::CatalogNotFound,
            }
        }
        other => other.reading(response),
    }
}

/// A 2xx: every item is accepted but those that the body names.
fn accepted(batch: &Batch, response: &Response, body: Option<ResponseBody>) -> Reading {
    let mut refused = BTreeMap::new();
    let begun = body.is_none().then(|| errors_begun(&response.body)).flatten();
    let breaks_off = begun.is_some();
    let Some(body) = body.or(begun) else {
        return Reading::Accepted {
            refused,
            warning: Some(Warning::UnreadableAnswer),
        };
    };
    let items: Vec<&BrazeItem> = batch.items().map(|item| &item.item).collect();
    let is_of_one_event = batch.is_of_one_event();
    let mut has_unmapped = false;
    for error in &body.errors {
        let mut places = named(&batch.target, &items, error);
        if places.is_empty() && is_of_one_event {
            places = (0..items.len()).collect();
        }
        has_unmapped |= places.is_empty();
        let words = std::iter::once(error.words.as_str());
        let detail = detail(response.status, &body.message, words);
        for place in places {
            refused.entry(place).or_insert_with(|| detail.clone());
        }
    }
    if breaks_off {
        return Reading::BreaksOff { refused };
    }
    Reading::Accepted {
        refused,
        warning: has_unmapped.then_some(Warning::UnmappedError),
    }
}

/// How many ends of elements are looked at, from the last one back.
const ENDS: usize = 20;

/// A body that ends inside `errors`, with the elements that are whole.
fn errors_begun(body: &[u8]) -> Option<ResponseBody> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(body.get(..error.valid_up_to())?).ok()?,
    };
    let (_, list) = text.split_once("\"errors\"")?;
    let begins = text.len()
        - list
            .trim_start()
            .strip_prefix(':')?
            .trim_start()
            .strip_prefix('[')?
            .len();
    let ends = text
        .rmatch_indices(['}', '"'])
        .map(|(at, _)| at + 1)
        .take_while(|end| *end > begins);
    ends.take(ENDS)
        .chain([begins])
        .find_map(|end| parse_body(format!("{}]}}", text.get(..end)?).as_bytes()))
}

/// The places of the items that an element of `errors` names.
fn named(endpoint: &BrazeEndpoint, items: &[&BrazeItem], error: &ItemError) -> Vec<usize> {
    let of_array = |array: BrazeArray| {
        let places = items.iter().enumerate();
        places
            .filter(move |(_, item)| item.array == array)
            .map(|(place, _)| place)
    };
    if let (Some(array), Some(index)) = (error.array, error.index) {
        return match endpoint {
            BrazeEndpoint::SubscriptionStatus(_) if array == BrazeArray::SubscriptionGroups => {
                joined(items, index)
            }
            _ => of_array(array).nth(index).into_iter().collect(),
        };
    }
    match error.id.as_deref().filter(|_| endpoint.is_catalog()) {
        Some(id) => of_array(BrazeArray::Items)
            .filter(|place| items.get(*place).is_some_and(|item| has_id(item, id)))
            .collect(),
        None => Vec::new(),
    }
}

/// The places of the subscription items that are joined into the entry at an index.
fn joined(items: &[&BrazeItem], index: usize) -> Vec<usize> {
    let entries = subscription_entries(items.iter().copied());
    entries
        .into_iter()
        .nth(index)
        .map(|entry| entry.places)
        .unwrap_or_default()
}

/// Whether a catalog item has an id.
fn has_id(item: &BrazeItem, id: &str) -> bool {
    let object = Json::parse(&item.json).ok().and_then(Json::as_object);
    object
        .and_then(|object| object.get("id")?.as_str())
        .is_some_and(|own| own == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_catalog_may_be_missing_where_a_path_is_not_found() {
        event::rules!["SB-530", "SB-535"];
        let catalog = "c".to_owned();
        let delete = BrazeEndpoint::CatalogDelete { catalog };
        for status in 100..=599 {
            let of_users = classify(status, &BrazeEndpoint::Track);
            let missing = Classification::Refused(ParkReason::CatalogNotFound);
            let wanted = if status == 404 { missing } else { of_users };
            assert_eq!(classify(status, &delete), wanted, "{status}");
        }
    }

    #[test]
    fn errors_are_read_in_every_form() {
        event::rules!["SB-532", "SB-535", "SB-536"];
        let body = br#"{"message":"success","errors":[{"type":"'currency' is wrong","input_array":"purchases","index":1},
            "bad input",{"input_array":"sheep","index":-1},{"id":"sku-1","message":"no price"},null,7]}"#;
        let body = parse_body(body).unwrap();
        assert_eq!(body.message, "success");
        assert_eq!(body.errors.len(), 6);
        assert_eq!(body.errors[0].array, Some(BrazeArray::Purchases));
        assert_eq!(
            (body.errors[0].index, body.errors[0].words.as_str()),
            (Some(1), "'currency' is wrong")
        );
        assert_eq!(
            body.errors[1],
            ItemError {
                words: "bad input".to_owned(),
                ..ItemError::default()
            }
        );
        assert_eq!(body.errors[2], ItemError::default());
        assert_eq!(body.errors[3].id.as_deref(), Some("sku-1"));
        for index in ["2", "2.0", "\"2\""] {
            let body = format!(r#"{{"errors":[{{"input_array":"events","index":{index}}}]}}"#);
            let body = parse_body(body.as_bytes()).unwrap();
            assert_eq!(body.errors[0].index, Some(2), "{index}");
        }
    }

    #[test]
    fn what_is_no_object_is_unreadable() {
        event::rules!["SB-537"];
        for body in ["", "[]", "ok", "{\"message\":", "\u{0}"] {
            assert_eq!(parse_body(body.as_bytes()), None, "{body}");
        }
        assert_eq!(parse_body(b"{}").unwrap().errors, []);
        assert_eq!(parse_body(br#"{"errors":null}"#).unwrap().errors, []);
        assert_eq!(parse_body(br#"{"errors":"all bad"}"#).unwrap().errors.len(), 1);
    }
}
