//! One body becomes its events, none of which is looked into (4.5). One split serves verification and queueing.

use event::Source;
use event::json::RawKey;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A body, split.
#[derive(Default)]
pub(crate) struct Split<'b> {
    /// Its events, in order.
    pub events: Vec<&'b RawValue>,
    /// The first element, if the root is an array that is not empty: what Segment signs of a batch (RC-026).
    pub first_element: Option<&'b RawValue>,
}

/// Why a body has no events that could be queued.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unsplit<'b> {
    /// It is not of a shape that the source has.
    Unreadable,
    /// It holds more events than the cap. The first element of a root array is kept: Segment's signature is over it (RC-058).
    TooMany(Option<&'b RawValue>),
}

/// Splits a body.
///
/// # Errors
/// [`Unsplit`]: what is read of it is of no use.
pub(crate) fn split(source: Source, body: &[u8], max_events: usize) -> Result<Split<'_>, Unsplit<'_>> {
    let text = std::str::from_utf8(body).map_err(|_| Unsplit::Unreadable)?;
    match text.trim_matches([' ', '\t', '\n', '\r']).as_bytes().first() {
        None => Ok(Split::default()),
        Some(b'[') => {
            let elements = elements(text, max_events)?;
            let first_element = elements.first().copied();
            let events = match source {
                Source::Segment | Source::Branch => elements,
                Source::Braze => braze_elements(elements, max_events)?,
            };
            Ok(Split {
                events,
                first_element,
            })
        }
        Some(b'{') => {
            let root: &RawValue = serde_json::from_str(text).map_err(|_| Unsplit::Unreadable)?;
            let events = match source {
                Source::Segment | Source::Branch => vec![root],
                Source::Braze => braze_object(root, max_events)?,
            };
            Ok(Split {
                events,
                first_element: None,
            })
        }
        Some(_) if source == Source::Braze && text.trim_matches([' ', '\t', '\n', '\r']) == "null" => {
            Ok(Split::default())
        }
        Some(_) => Err(Unsplit::Unreadable),
    }
}

/// The root of a Braze body that is an object (BZ-001, BZ-003, BZ-004, BZ-005).
fn braze_object(root: &RawValue, max_events: usize) -> Result<Vec<&RawValue>, Unsplit<'_>> {
    let Keys {
        events,
        count,
        has_event_type,
        is_empty,
    } = keys(root)?;
    match (count, events) {
        (0, _) if is_empty => Ok(Vec::new()),
        (0, _) if has_event_type => Ok(vec![root]),
        (1, Some(list)) if list.get() == "null" => Ok(Vec::new()),
        (1, Some(list)) if list.get().starts_with('[') => elements(list.get(), max_events),
        _ => Err(Unsplit::Unreadable),
    }
}

/// The elements of a Braze root array (BZ-002, BZ-008, BZ-005).
fn braze_elements<'b>(roots: Vec<&'b RawValue>, max_events: usize) -> Result<Vec<&'b RawValue>, Unsplit<'b>> {
    let mut events = Vec::with_capacity(roots.len());
    for root in roots {
        if !root.get().starts_with('{') {
            events.push(root);
            continue;
        }
        let keys = keys(root)?;
        match (keys.count, keys.events) {
            (0, _) => events.push(root),
            (1, Some(list)) if list.get().starts_with('[') => {
                events.extend(elements(list.get(), max_events)?)
            }
            (1, _) => events.push(root),
            _ => return Err(Unsplit::Unreadable),
        }
        if events.len() > max_events {
            return Err(Unsplit::TooMany(None));
        }
    }
    Ok(events)
}

/// The elements of an array, as long as there are not too many.
fn elements(array: &str, max: usize) -> Result<Vec<&RawValue>, Unsplit<'_>> {
    struct Elements<'e, 'b> {
        read: &'e mut Vec<&'b RawValue>,
        max: usize,
    }

    impl<'b> Visitor<'b> for Elements<'_, 'b> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'b>>(self, mut seq: A) -> Result<(), A::Error> {
            while let Some(element) = seq.next_element::<&'b RawValue>()? {
                self.read.push(element);
                if self.read.len() > self.max {
                    return Err(A::Error::custom("too many elements"));
                }
            }
            Ok(())
        }
    }

    let mut elements = Vec::new();
    let visitor = Elements {
        read: &mut elements,
        max,
    };
    let mut json = serde_json::Deserializer::from_str(array);
    let read = json.deserialize_seq(visitor).and_then(|()| json.end());
    match read {
        _ if elements.len() > max => Err(Unsplit::TooMany(elements.first().copied())),
        Ok(()) => Ok(elements),
        Err(_) => Err(Unsplit::Unreadable),
    }
}

/// What the splitting has to know of an object's keys.
struct Keys<'b> {
    events: Option<&'b RawValue>,
    count: usize,
    has_event_type: bool,
    is_empty: bool,
}

fn keys(object: &RawValue) -> Result<Keys<'_>, Unsplit<'_>> {
    struct Look;

    impl<'b> Visitor<'b> for Look {
        type Value = Keys<'b>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut keys = Keys {
                events: None,
                count: 0,
                has_event_type: false,
                is_empty: true,
            };
            while let Some(key) = map.next_key::<RawKey<'b>>()? {
                keys.is_empty = false;
                if key.is("events") {
                    keys.count += 1;
                    keys.events = Some(map.next_value()?);
                } else {
                    keys.has_event_type |= key.is("event_type");
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(keys)
        }
    }

    let read = serde_json::Deserializer::from_str(object.get()).deserialize_map(Look);
    read.map_err(|_| Unsplit::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events as text; of a body that gives none, whether it holds too many.
    fn texts(source: Source, body: &str) -> Result<Vec<String>, bool> {
        split(source, body.as_bytes(), 5)
            .map(|split| split.events.iter().map(|raw| raw.get().to_owned()).collect())
            .map_err(|unsplit| matches!(unsplit, Unsplit::TooMany(_)))
    }

    #[test]
    fn an_object_is_one_event_and_each_element_of_an_array_one() {
        event::rules!["RC-071"];
        for source in [Source::Segment, Source::Branch] {
            assert_eq!(texts(source, " {\"a\": 1} ").unwrap(), ["{\"a\": 1}"]);
            assert_eq!(
                texts(source, "[ {\"a\":1} , 7,\"x\"]").unwrap(),
                ["{\"a\":1}", "7", "\"x\""]
            );
            assert_eq!(texts(source, "[]").unwrap(), Vec::<String>::new());
            assert_eq!(texts(source, " \n").unwrap(), Vec::<String>::new());
            for bad in ["7", "null", "{", "[1,]", "[1] x", "{} {}", "\"x\""] {
                assert_eq!(texts(source, bad).err(), Some(false), "{bad}");
            }
        }
    }

    #[test]
    fn what_a_parser_would_change_stays() {
        event::rules!["RC-070"];
        let odd = r#"{"n":1e+21,"n":9007199254740993,"s":"\ud83d"}"#;
        assert_eq!(texts(Source::Segment, odd).unwrap(), [odd]);
    }

    #[test]
    fn splitting_stops_at_one_event_too_many() {
        event::rules!["RC-058"];
        assert_eq!(texts(Source::Segment, "[1,2,3,4,5]").unwrap().len(), 5);
        assert_eq!(texts(Source::Segment, "[1,2,3,4,5,6]").err(), Some(true));
        assert_eq!(
            texts(Source::Braze, r#"[{"events":[1,2,3]},{"events":[4,5,6]}]"#).err(),
            Some(true)
        );
        let Err(Unsplit::TooMany(Some(first))) = split(Source::Segment, b"[ {\"a\":1} ,2,3", 2) else {
            panic!("it stops at the third")
        };
        assert_eq!(first.get(), "{\"a\":1}");
    }

    #[test]
    fn a_braze_body_is_split_by_its_shape() {
        event::rules![
            "RC-072", "BZ-001", "BZ-002", "BZ-003", "BZ-004", "BZ-005", "BZ-008"
        ];
        for (body, wanted) in [
            (r#"{"events":[{"a":1},7]}"#, vec!["{\"a\":1}", "7"]),
            (
                r#"[{"events":[1,2]},{"event_type":"x"},3]"#,
                vec!["1", "2", "{\"event_type\":\"x\"}", "3"],
            ),
            (r#"[{"events":7}]"#, vec![r#"{"events":7}"#]),
            (r#"{"event_type":"x"}"#, vec![r#"{"event_type":"x"}"#]),
            ("", vec![]),
            (" null ", vec![]),
            ("{}", vec![]),
            ("[]", vec![]),
            (r#"{"events":[]}"#, vec![]),
            (r#"{"events":null}"#, vec![]),
            (r#"{"\ud800":1,"events":["\ud800"]}"#, vec![r#""\ud800""#]),
        ] {
            assert_eq!(texts(Source::Braze, body).unwrap(), wanted, "{body}");
        }
        for bad in [
            r#"{"events":"x"}"#,
            r#"{"a":1}"#,
            "7",
            r#"{"events":[1],"events":[2]}"#,
            r#"[{"events":[1],"events":[2]}]"#,
            r#"{"events":[1}"#,
        ] {
            assert_eq!(texts(Source::Braze, bad).err(), Some(false), "{bad}");
        }
    }

    #[test]
    fn the_first_element_is_the_first_event_byte_for_byte() {
        event::rules!["RC-026", "RC-030"];
        let body = br#"[ {"a":1} ,{"b":2}]"#;
        let split = split(Source::Segment, body, 5).unwrap();
        assert_eq!(split.first_element.unwrap().get(), r#"{"a":1}"#);
        assert!(
            std::ptr::eq(split.first_element.unwrap(), split.events[0]),
            "one split serves both"
        );
    }
}
