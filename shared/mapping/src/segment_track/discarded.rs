//! What Segment answers with 200 and discards (SEG-030 to SEG-035).

use super::Track;
use crate::forms::text::trim;
use crate::rejected::Rejected;
use event::reasons::ParkReason;

/// The most characters of a `messageId`, by the limits of Segment's HTTP tracking API.
const MESSAGE_ID_CHARACTERS: usize = 99;

/// The most members of `properties`, by the same limits.
const PROPERTIES: usize = 10_000;

impl Track<'_> {
    /// Why Segment would discard the call with so many properties. Its type is always one that Segment knows, and its time
    /// always a date-time (SEG-030, SEG-034).
    pub(super) fn discarded(&self, properties: usize) -> Option<Rejected> {
        let says_something = |id: Option<&str>| id.is_some_and(|id| !trim(id).is_empty());
        let (rule, path) = if trim(self.name).is_empty() {
            ("SEG-031", "event")
        } else if !says_something(self.user_id) && !says_something(self.anonymous_id) {
            ("SEG-032", "userId")
        } else if !(1..=MESSAGE_ID_CHARACTERS).contains(&self.message_id.chars().count()) {
            ("SEG-033", "messageId")
        } else if properties > PROPERTIES {
            ("SEG-035", "properties")
        } else {
            return None;
        };
        Some(Rejected::park(rule, path, ParkReason::InvalidCall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment_track::{Property, Removal};
    use event::json::ObjectWriter;
    use std::collections::BTreeMap;

    /// A property, of which these calls have none.
    enum Never {}

    impl Property for Never {
        fn name(&self) -> &str {
            match *self {}
        }

        fn value_size(&self) -> usize {
            match *self {}
        }

        fn removal(&self, _: usize) -> Option<Removal> {
            match *self {}
        }

        fn write(&self, _: &mut ObjectWriter<'_>) {
            match *self {}
        }
    }

    #[test]
    fn what_segment_would_discard_is_found_before() {
        event::rules!["SEG-030", "SEG-031", "SEG-032", "SEG-033", "SEG-034", "SEG-035"];
        let integrations = BTreeMap::new();
        let track = Track {
            name: "e",
            message_id: "m".to_owned(),
            user_id: Some("u"),
            anonymous_id: None,
            timestamp: Some(event::Timestamp::from_millis(1_772_366_400_000)),
            platform: None,
            integrations: &integrations,
            context: &|_| {},
        };
        let id = |characters: usize| "ä".repeat(characters);
        for (track, properties, wanted) in [
            (Track { ..track.clone() }, 10_000, None),
            (
                Track {
                    user_id: Some(" "),
                    anonymous_id: Some("a"),
                    ..track.clone()
                },
                0,
                None,
            ),
            (
                Track {
                    message_id: id(99),
                    timestamp: None,
                    ..track.clone()
                },
                0,
                None,
            ),
            (
                Track {
                    name: " \t",
                    ..track.clone()
                },
                0,
                Some("SEG-031"),
            ),
            (
                Track {
                    user_id: None,
                    ..track.clone()
                },
                0,
                Some("SEG-032"),
            ),
            (
                Track {
                    user_id: Some(""),
                    anonymous_id: Some(" "),
                    ..track.clone()
                },
                0,
                Some("SEG-032"),
            ),
            (
                Track {
                    message_id: id(0),
                    ..track.clone()
                },
                0,
                Some("SEG-033"),
            ),
            (
                Track {
                    message_id: id(100),
                    ..track.clone()
                },
                0,
                Some("SEG-033"),
            ),
            (track.clone(), 10_001, Some("SEG-035")),
        ] {
            assert_eq!(track.discarded(properties).map(|rejected| rejected.rule), wanted);
            let body = track.body::<Never>([], None, 0).text;
            assert!(body.starts_with(r#"{"type":"track","#), "{body}");
            let time = track
                .timestamp
                .map(|_| r#""timestamp":"2026-03-01T12:00:00.000Z""#);
            assert!(time.is_none_or(|time| body.contains(time)), "{body}");
        }
    }
}
