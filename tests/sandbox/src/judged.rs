//! What a vendor makes of one request.

use crate::record::ItemResult;
use axum::http::HeaderMap;
use std::collections::HashSet;

/// One request, as far as a vendor looks at it.
pub(crate) struct VendorRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a str,
    /// The scripted refusal of one item.
    pub(crate) item_fault: Option<ItemFault<'a>>,
}

/// One item that is refused without a look at it.
#[derive(Clone, Copy)]
pub(crate) struct ItemFault<'a> {
    pub(crate) array: &'a str,
    pub(crate) index: usize,
    pub(crate) reason: &'a str,
}

impl VendorRequest<'_> {
    /// The scripted reason against this item.
    pub(crate) fn fault_of(&self, array: &str, index: usize) -> Option<&str> {
        self.item_fault
            .filter(|fault| fault.array == array && fault.index == index)
            .map(|fault| fault.reason)
    }

    /// Whether the content type is JSON.
    pub(crate) fn is_json(&self) -> bool {
        let kind = self
            .headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok());
        kind.is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with("application/json"))
    }

    /// What follows `scheme` in the header `Authorization`.
    pub(crate) fn credential(&self, scheme: &str) -> Option<&str> {
        let given = self.headers.get("authorization")?.to_str().ok()?;
        let (name, rest) = given.split_once(' ')?;
        name.eq_ignore_ascii_case(scheme).then(|| rest.trim())
    }
}

/// One item and its result.
pub(crate) struct JudgedItem {
    pub(crate) array: String,
    pub(crate) index: usize,
    pub(crate) json: String,
    pub(crate) result: ItemResult,
    pub(crate) losses: Vec<String>,
}

/// The answer to a request, and what became of its items.
pub(crate) struct Judged {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) items: Vec<JudgedItem>,
}

impl Judged {
    /// The request is refused as a whole.
    pub(crate) fn refused(status: u16, body: String, request: &VendorRequest<'_>, reason: &str) -> Self {
        Self {
            status,
            body,
            items: vec![JudgedItem {
                array: String::new(),
                index: 0,
                json: request.body.to_owned(),
                result: ItemResult::Refused {
                    reason: reason.to_owned(),
                },
                losses: Vec::new(),
            }],
        }
    }
}

/// The ids of events that Segment has taken.
pub(crate) type SeenIds = HashSet<String>;
