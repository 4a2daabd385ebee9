//! How Segment's limit for one event is counted.

use event::json::compact_size;

/// The bytes of one event that Segment takes: 32 KB, by the limits of its HTTP tracking API.
pub(super) const MAX_EVENT_BYTES: usize = 32_768;

/// `"timestamp":"YYYY-MM-DDTHH:MM:SS.mmmZ",`: what delivery adds to a call without one (SEG-006).
const TIMESTAMP_BYTES: usize = 39;

/// The bytes that a call's body comes to when it is sent, in the most compact form (BS-150, BS-155, BZ-254).
pub(super) fn sent_size(body: &str, lacks_timestamp: bool) -> usize {
    compact_size(body) + added_size(lacks_timestamp)
}

/// Whether a body fits into `limit` bytes. Only one that is longer as it stands is counted in its compact form.
pub(super) fn fits(body: &str, lacks_timestamp: bool, limit: usize) -> bool {
    body.len() + added_size(lacks_timestamp) <= limit || sent_size(body, lacks_timestamp) <= limit
}

const fn added_size(lacks_timestamp: bool) -> usize {
    if lacks_timestamp { TIMESTAMP_BYTES } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timestamp_that_delivery_adds_counts() {
        event::rules!["BS-155", "BZ-254"];
        let member = r#""timestamp":"2026-01-01T08:00:00.000Z","#;
        assert_eq!(TIMESTAMP_BYTES, member.len());
        assert!(fits(r#"{"a":1}"#, false, 7));
        assert!(!fits(r#"{"a":1}"#, true, 45));
        assert!(fits(r#"{"a":1}"#, true, 46));
    }

    #[test]
    fn white_space_and_long_escapes_do_not_count() {
        assert!(fits(r#"{ "a" : "\u0041" }"#, false, 9));
        assert!(!fits(r#"{ "a" : "\u0041" }"#, false, 8));
    }
}
