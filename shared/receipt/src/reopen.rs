//! A body that was set aside as it was received, read once more (RD-191).

use crate::decode::decoded;
use crate::pack::{fit, pack};
use crate::split::split;
use event::envelope::Head;
use event::settings::Receipt;

/// The bodies of the messages that queue the events of a parked body, by the steps that follow authentication: decoding,
/// splitting, packing. `None` if it is still unreadable, has no event, or has one that no message takes.
pub fn reopen(head: &Head<'_>, received: &[u8], settings: &Receipt) -> Option<Vec<String>> {
    let body = decoded(received, None, settings.max_body_bytes).ok()?;
    let events = split(head.source, &body, settings.max_events).ok()?.events;
    let all_fit = events
        .iter()
        .all(|event| fit(event.get(), settings.max_depth).is_ok());
    if events.is_empty() || !all_fit {
        return None;
    }
    let packed = pack(head, events.iter().map(|event| event.get()).enumerate());
    Some(packed.into_iter().map(|packed| packed.body).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::envelope::{Auth, Envelope, KeyAge};
    use event::settings::Settings;
    use event::{Destination, Source, Timestamp};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn reopened(body: &[u8], settings: &str) -> Option<Vec<String>> {
        let head = Head {
            source: Source::Braze,
            destination: Destination::Segment,
            request_id: "r-1".into(),
            first_received_at: Timestamp::from_millis(0),
            attempt: 0,
            auth: Auth::Token,
            key: KeyAge::Current,
            not_before: None,
            replayed_at: Some(Timestamp::from_millis(1)),
            held_at: None,
        };
        reopen(&head, body, &Settings::load(settings).unwrap().receipt)
    }

    #[test]
    fn a_parked_body_is_decoded_split_and_packed_again() {
        event::rules!["RD-191"];
        let body = br#"{"events":[{"id":"a"},{"id":"b"}]}"#;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(body).unwrap();
        for received in [&body[..], &gzip.finish().unwrap()] {
            let messages = reopened(received, "").unwrap();
            let envelope = Envelope::open(&messages[0]).unwrap();
            let events: Vec<_> = envelope.events.iter().map(|event| event.get()).collect();
            assert_eq!(
                (messages.len(), events),
                (1, vec![r#"{"id":"a"}"#, r#"{"id":"b"}"#])
            );
            assert_eq!(envelope.head.replayed_at, Some(Timestamp::from_millis(1)));
        }
    }

    #[test]
    fn what_is_still_unreadable_is_not_reopened() {
        for body in ["", "no JSON", r#"{"events":7}"#, r#"{"events":[]}"#] {
            assert_eq!(reopened(body.as_bytes(), ""), None, "{body}");
        }
        let deep = format!(r#"{{"events":[{}1{}]}}"#, "[".repeat(20), "]".repeat(20));
        let shallow = "[receipt]\nmax_depth = 10\n";
        assert_eq!(reopened(deep.as_bytes(), shallow), None);
        assert!(
            reopened(deep.as_bytes(), "").is_some(),
            "the changed setting lets it through"
        );
    }
}
