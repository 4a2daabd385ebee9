//! What Braze's answer means: one total function of status and endpoint, and one of the body ("Reading the answer").

use super::limits::DETAIL_CHARACTERS;
use event::calls::{BrazeArray, BrazeEndpoint};
use event::json::{Json, Object};
use event::reasons::{HoldKind, ParkReason, RetryClass};

/// What a status says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Accepted, but for the items that the body names.
    Taken,
    /// Nothing was accepted: halve a request of several events, refuse a single one's items.
    Refused(ParkReason),
    /// A person has to mend something.
    Hold(HoldKind),
    /// Later.
    Retry(RetryClass),
    /// The catalog does not exist, or the item that was to be deleted.
    NotInCatalog,
}

/// The meaning of a status at an endpoint.
pub const fn meaning(status: u16, endpoint: &BrazeEndpoint) -> Meaning {
    let catalog = matches!(
        endpoint,
        BrazeEndpoint::CatalogUpsert { .. } | BrazeEndpoint::CatalogDelete { .. }
    );
    match status {
        200..=299 => Meaning::Taken,
        300..=399 => Meaning::Hold(HoldKind::Config),
        401 | 403 => Meaning::Hold(HoldKind::Credentials),
        404 if catalog => Meaning::NotInCatalog,
        404 => Meaning::Hold(HoldKind::Config),
        408 | 425 => Meaning::Retry(RetryClass::Transient),
        413 => Meaning::Refused(ParkReason::TooLarge),
        429 => Meaning::Retry(RetryClass::RateLimited),
        400..=499 => Meaning::Refused(ParkReason::Rejected),
        // 1xx never ends a request; whatever else there is, is the server's fault.
        _ => Meaning::Retry(RetryClass::Transient),
    }
}

/// One element of `errors`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ItemError {
    /// The array that it names, if it is a known one.
    pub array: Option<BrazeArray>,
    /// The position in that array.
    pub index: Option<usize>,
    /// The id of a catalog item.
    pub id: Option<String>,
    /// Braze's words.
    pub words: String,
}

/// The body of an answer, as far as it decides.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
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
pub fn said(body: &[u8]) -> Option<Said> {
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
    Some(Said {
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
        index: object
            .get("index")
            .and_then(Json::as_number)
            .and_then(|index| index.parse().ok()),
        id: item_id(&object),
        words: text("type").or_else(|| text("message")).unwrap_or_default(),
    }
}

/// The id of a catalog item, text or number.
fn item_id(object: &Object<'_>) -> Option<String> {
    let id = object.present("id")?;
    id.as_str()
        .map(|text| text.into_owned())
        .or_else(|| id.as_number().map(str::to_owned))
}

/// The error ids and words by which Braze says that a catalog item, not its catalog, is unknown.
/// Source: Braze docs "Delete multiple catalog items", fatal errors.
const UNKNOWN_ITEM: [&str; 2] = ["item-not-found", "could not find item"];

/// Whether a 404 means that the item to be deleted is not there (SB-426).
pub fn is_unknown_item(body: &[u8]) -> bool {
    said(body).is_some_and(|said| {
        let tells = |text: &str| {
            let text = text.to_ascii_lowercase();
            UNKNOWN_ITEM.iter().any(|known| text.contains(known))
        };
        tells(&said.message)
            || said
                .errors
                .iter()
                .any(|error| error.id.as_deref().is_some_and(tells) || tells(&error.words))
    })
}

/// The status and Braze's words, for the person who looks at a parked event (SB-539).
pub fn detail<'w>(status: u16, message: &'w str, words: impl Iterator<Item = &'w str>) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sb_706_sb_530_sb_560_rd_120_every_status_has_one_meaning() {
        for status in 100..=599_u16 {
            let wanted = match status {
                200..=299 => Meaning::Taken,
                300..=399 | 404 => Meaning::Hold(HoldKind::Config),
                401 | 403 => Meaning::Hold(HoldKind::Credentials),
                413 => Meaning::Refused(ParkReason::TooLarge),
                429 => Meaning::Retry(RetryClass::RateLimited),
                408 | 425 | 500..=599 | 100..=199 => Meaning::Retry(RetryClass::Transient),
                _ => Meaning::Refused(ParkReason::Rejected),
            };
            assert_eq!(meaning(status, &BrazeEndpoint::Track), wanted, "{status}");
            let catalog = BrazeEndpoint::CatalogDelete {
                catalog: "c".to_owned(),
            };
            let wanted = if status == 404 {
                Meaning::NotInCatalog
            } else {
                wanted
            };
            assert_eq!(meaning(status, &catalog), wanted, "{status}");
        }
    }

    #[test]
    fn sb_532_sb_535_sb_536_errors_are_read_in_every_form() {
        let body = br#"{"message":"success","errors":[{"type":"'currency' is wrong","input_array":"purchases","index":1},
            "bad input",{"input_array":"sheep","index":-1},{"id":"sku-1","message":"no price"},null,7]}"#;
        let said = said(body).unwrap();
        assert_eq!(said.message, "success");
        assert_eq!(said.errors.len(), 6);
        assert_eq!(said.errors[0].array, Some(BrazeArray::Purchases));
        assert_eq!(
            (said.errors[0].index, said.errors[0].words.as_str()),
            (Some(1), "'currency' is wrong")
        );
        assert_eq!(
            said.errors[1],
            ItemError {
                words: "bad input".to_owned(),
                ..ItemError::default()
            }
        );
        assert_eq!(said.errors[2], ItemError::default());
        assert_eq!(said.errors[3].id.as_deref(), Some("sku-1"));
    }

    #[test]
    fn sb_537_what_is_no_object_is_unreadable() {
        for body in ["", "[]", "ok", "{\"message\":", "\u{0}"] {
            assert_eq!(said(body.as_bytes()), None, "{body}");
        }
        assert_eq!(said(b"{}").unwrap().errors, []);
        assert_eq!(said(br#"{"errors":null}"#).unwrap().errors, []);
        assert_eq!(said(br#"{"errors":"all bad"}"#).unwrap().errors.len(), 1);
    }

    #[test]
    fn sb_426_only_the_item_counts_as_unknown_not_its_catalog() {
        assert!(is_unknown_item(
            br#"{"errors":[{"id":"item-not-found","message":"Could not find item"}]}"#
        ));
        assert!(!is_unknown_item(
            br#"{"errors":[{"id":"catalog-not-found","message":"Could not find catalog"}]}"#
        ));
        assert!(!is_unknown_item(b"not found"));
    }

    #[test]
    fn sb_539_the_detail_is_status_message_and_types_cut_at_500_characters() {
        assert_eq!(
            detail(201, "success", ["'price' is wrong"].into_iter()),
            "201 success; 'price' is wrong"
        );
        assert_eq!(detail(400, "", std::iter::empty()), "400");
        let long = "ä".repeat(600);
        assert_eq!(detail(400, &long, std::iter::empty()).chars().count(), 500);
    }
}
