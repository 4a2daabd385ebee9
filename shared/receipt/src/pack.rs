//! Events become messages (4.5): the same body always packs into the same groups.

use crate::limits::{ENVELOPE_BYTES, EVENT_BYTES};
use event::envelope::{Envelope, Head, sendable};
use std::ops::Range;

/// One message to be sent.
pub struct Packed {
    /// An envelope, at most 65536 bytes long unless one event alone is longer.
    pub body: String,
    /// Which events it holds, by their places in the request.
    pub events: Range<usize>,
}

/// Why an event cannot be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It is nested too deep.
    TooDeep,
    /// It is larger than a message takes.
    TooLarge,
}

/// Whether an event can be queued at all.
pub fn fit(event: &str, max_depth: usize) -> Result<(), Unfit> {
    if event.len() > EVENT_BYTES {
        Err(Unfit::TooLarge)
    } else if event::json::deeper_than(event, max_depth) {
        Err(Unfit::TooDeep)
    } else if sendable(event).len() > EVENT_BYTES {
        // A deep one is kept as it is; this one would travel escaped, and up to twice as long.
        Err(Unfit::TooLarge)
    } else {
        Ok(())
    }
}

/// Packs events into envelopes: each joins the open one if that stays within 64 KiB, else begins a new one.
pub fn pack<'e>(head: &Head<'_>, events: impl Iterator<Item = (usize, &'e str)>) -> Vec<Packed> {
    let empty = Envelope::new(head.clone(), Vec::new()).to_body();
    let start = empty.strip_suffix(END).unwrap_or(&empty);
    let mut packed: Vec<Packed> = Vec::new();
    for (place, text) in events {
        let text = sendable(text);
        match packed.last_mut() {
            Some(open)
                if open.events.end == place
                    && open.body.len() + 1 + text.len() + END.len() <= ENVELOPE_BYTES =>
            {
                open.body.push(',');
                open.body.push_str(&text);
                open.events.end = place + 1;
            }
            _ => {
                packed.last_mut().into_iter().for_each(close);
                let alone = start.len() + text.len() + END.len();
                // Others will join, up to the limit: it is allocated at once, and what is left given back at the end.
                let mut body = String::with_capacity(alone.max(ENVELOPE_BYTES));
                body.push_str(start);
                body.push_str(&text);
                packed.push(Packed {
                    body,
                    events: place..place + 1,
                });
            }
        }
    }
    packed.last_mut().into_iter().for_each(close);
    packed
}

/// What ends an envelope's body.
const END: &str = "]}";

fn close(full: &mut Packed) {
    full.body.push_str(END);
    full.body.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::envelope::{Auth, KeyAge};
    use event::{Destination, Source, Timestamp};
    use proptest::prelude::*;

    fn head() -> Head<'static> {
        Head {
            source: Source::Segment,
            destination: Destination::Braze,
            request_id: "r-1".into(),
            first_received_at: Timestamp::from_millis(0),
            attempt: 0,
            auth: Auth::Signature,
            key: KeyAge::Current,
            not_before: None,
            replayed_at: None,
            held_at: None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn each_event_is_in_one_envelope_byte_for_byte_and_in_order(
            sizes in proptest::collection::vec(0_usize..40_000, 1..12),
            odd in proptest::collection::vec(any::<char>(), 0..5),
        ) {
            event::rules!["RC-090", "RC-094"];
            let odd: String = odd.into_iter().collect();
            let events: Vec<String> = sizes
                .iter()
                .map(|size| serde_json::to_string(&format!("{}{odd}", "x".repeat(*size))).unwrap())
                .collect();
            let packed = pack(&head(), events.iter().map(String::as_str).enumerate());
            let mut got = Vec::new();
            for (at, message) in packed.iter().enumerate() {
                let envelope = Envelope::open(&message.body).unwrap();
                prop_assert_eq!(&envelope.head, &head());
                prop_assert_eq!(envelope.events.len(), message.events.len());
                prop_assert!(message.body.len() <= ENVELOPE_BYTES || envelope.events.len() == 1);
                let refused_by_sqs = message.body.contains(['\u{fffe}', '\u{ffff}']);
                prop_assert!(!refused_by_sqs);
                got.extend(envelope.events.iter().map(|event| event.get().to_owned()));
                if let Some(next) = packed.get(at + 1) {
                    let first = sendable(&events[next.events.start]).len();
                    prop_assert!(message.body.len() + 1 + first > ENVELOPE_BYTES, "it would have fitted");
                }
            }
            let wanted: Vec<String> = events.iter().map(|event| sendable(event).into_owned()).collect();
            prop_assert_eq!(got, wanted);
        }
    }

    #[test]
    fn the_characters_that_sqs_refuses_are_escaped() {
        event::rules!["RC-091"];
        assert_eq!(sendable("\"a\u{fffe}b\u{ffff}\""), "\"a\\ufffeb\\uffff\"");
    }

    #[test]
    fn an_event_over_64_kib_travels_alone() {
        event::rules!["RC-095"];
        let large = format!("\"{}\"", "x".repeat(70_000));
        let packed = pack(&head(), ["1", large.as_str(), "2"].into_iter().enumerate());
        assert_eq!(
            packed
                .iter()
                .map(|message| message.events.clone())
                .collect::<Vec<_>>(),
            [0..1, 1..2, 2..3]
        );
    }

    #[test]
    fn what_no_queue_takes() {
        event::rules!["RC-057", "RC-096"];
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(fit(&nested(64), 64), Ok(()));
        assert_eq!(fit(&nested(65), 64), Err(Unfit::TooDeep));
        let long = format!("\"{}\"", "x".repeat(EVENT_BYTES));
        assert_eq!(fit(&long, 64), Err(Unfit::TooLarge));
        // Two quotes and characters that travel as six bytes each.
        let escaped = |count: usize| format!("\"{}\"", "\u{fffe}".repeat(count));
        assert_eq!(fit(&escaped((EVENT_BYTES - 2) / 6), 64), Ok(()));
        assert_eq!(fit(&escaped((EVENT_BYTES - 2) / 6 + 1), 64), Err(Unfit::TooLarge));
    }
}
