//! What is left out of an event that is larger than Segment takes.

use super::{Property, Removal, TRUNCATED, Trimming};
use event::json::string_size;

/// A property that may go.
struct Candidate<'p> {
    removal: Removal,
    name: &'p str,
    size: usize,
}

/// The names of the properties that go, in the order of removal, so that the event fits: as [`Removal`]
/// says, of equals by name. `None` if it does not fit without all that may go. `size` is the event's with all
/// properties. The list of names takes the place of a property of the name `truncated`.
pub(super) fn trim<'p, P: Property>(
    properties: &'p [P],
    size: usize,
    trimming: &Trimming,
) -> Option<Vec<&'p str>> {
    // Each member with its colon and a comma; the last one has no comma.
    let mut candidates = Vec::with_capacity(properties.len());
    let (mut left, mut sent) = (0, None);
    for property in properties {
        let (name, value_size) = (property.name(), property.value_size());
        let size = string_size(name) + 2 + value_size;
        left += size;
        if trimming.lists && name == TRUNCATED {
            sent = Some(size);
        }
        if let Some(removal) = property.removal(value_size) {
            candidates.push(Candidate { removal, name, size });
        }
    }
    candidates.sort_by(|one, other| (&one.removal, one.name).cmp(&(&other.removal, other.name)));

    let frame = size - left.saturating_sub(1);
    let mut list = string_size(TRUNCATED) + ":[]".len();
    let mut removed = Vec::new();
    for candidate in candidates {
        let is_sent = sent.is_some() && candidate.name == TRUNCATED;
        if is_sent && !removed.is_empty() {
            continue;
        }
        if removed.is_empty() && !is_sent {
            left -= sent.unwrap_or_default();
        }
        left -= candidate.size;
        list += string_size(candidate.name) + 1;
        removed.push(candidate.name);
        let members = if trimming.lists { left + list } else { left };
        if frame + members.saturating_sub(1) <= trimming.limit {
            return Some(removed);
        }
    }
    None
}
