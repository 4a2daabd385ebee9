//! What is left out of an event that is larger than Segment takes.

use super::properties::{Group, Properties};
use event::json::{compact_size, string_size};
use std::cmp::Reverse;

/// A property that may go.
struct Candidate<'p> {
    at: usize,
    group: Group,
    size: usize,
    name: &'p str,
}

/// The places of the properties that go, in the order of removal, so that the event fits; `None` if it does not fit
/// without all that may go. `size` is that of the event with all of them and an empty list of names.
pub fn trim(properties: &Properties<'_>, mut size: usize, limit: usize) -> Option<Vec<usize>> {
    let mut candidates: Vec<_> = properties
        .list
        .iter()
        .enumerate()
        .filter(|(_, property)| property.group.may_go())
        .map(|(at, property)| Candidate {
            at,
            group: property.group,
            size: string_size(&property.name) + 1 + compact_size(property.value.raw()),
            name: &property.name,
        })
        .collect();
    candidates.sort_by_key(|candidate| (Reverse(candidate.group), Reverse(candidate.size), candidate.name));
    let mut removed = Vec::new();
    let mut candidates = candidates.into_iter();
    while size > limit {
        let candidate = candidates.next()?;
        // A comma goes with the property; one stands between two names of the list.
        let listed = string_size(candidate.name) + usize::from(!removed.is_empty());
        size = size - candidate.size - 1 + listed;
        removed.push(candidate.at);
    }
    Some(removed)
}
