//! What is left out of an event that is larger than Segment takes.

use super::body::TRUNCATED;
use super::properties::{Property, is_documented_string};
use event::json::{compact_size, string_size};
use std::cmp::Reverse;

/// What goes first, in this order: long texts and objects whose loss costs least (BZ-250).
const FIRST: [&str; 8] = [
    "message_extras",
    "raw_response",
    "output",
    "input",
    "tool_arguments",
    "flow_response_json",
    "custom_properties",
    "purchase_properties",
];

/// A property that may go.
struct Candidate<'p> {
    at: usize,
    rank: usize,
    value_size: usize,
    key: &'p str,
}

/// The places of the properties that go, in the order of removal, so that the event fits; `None` if it does not fit
/// without all that may go. `size` is the event's with all properties. `lists` says whether `truncated` names what went;
/// it then takes the place of a property of that name.
pub fn trim(properties: &[Property<'_>], size: usize, limit: usize, lists: bool) -> Option<Vec<usize>> {
    // Each member with its colon and a comma; the last one has no comma.
    let mut member_sizes = Vec::with_capacity(properties.len());
    let mut candidates = Vec::with_capacity(properties.len());
    for (at, property) in properties.iter().enumerate() {
        let (key, value_size) = (property.key.as_ref(), compact_size(&property.value.text()));
        member_sizes.push(string_size(key) + 2 + value_size);
        if !is_documented_string(key) {
            let rank = FIRST
                .iter()
                .position(|first| *first == key)
                .unwrap_or(FIRST.len());
            candidates.push(Candidate {
                at,
                rank,
                value_size,
                key,
            });
        }
    }
    candidates.sort_by_key(|candidate| (candidate.rank, Reverse(candidate.value_size), candidate.key));
    let member_size = |at: usize| member_sizes.get(at).copied().unwrap_or_default();

    let mut left: usize = member_sizes.iter().sum();
    let frame = size - left.saturating_sub(1);
    let mut list = string_size(TRUNCATED) + ":[]".len();
    let sent = properties
        .iter()
        .position(|property| lists && property.key == TRUNCATED);
    let mut removed = Vec::new();
    for candidate in candidates {
        if sent == Some(candidate.at) && !removed.is_empty() {
            continue;
        }
        if removed.is_empty() && sent != Some(candidate.at) {
            left -= sent.map_or(0, member_size);
        }
        left -= member_size(candidate.at);
        list += string_size(candidate.key) + 1;
        removed.push(candidate.at);
        let members = if lists { left + list } else { left };
        if frame + members.saturating_sub(1) <= limit {
            return Some(removed);
        }
    }
    None
}
