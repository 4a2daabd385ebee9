//! One body becomes its events, none of which is looked into (4.5). One split serves verification and queueing.

use event::Source;
use event::json::RawKey;
use event::reasons::RefuseReason;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A body, split.
#[derive(Default)]
pub struct Split<'b> {
    /// Its events, in order.
    pub events: Vec<&'b RawValue>,
    /// The first element, if the root is an array that is not empty: what Segment signs of a batch (RC-026).
    pub first_element: Option<&'b RawValue>,
}

/// Why a body has no events that could be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsplit {
    /// It is not of a shape that the source has.
    Unreadable,
    /// It holds more events than the cap.
    TooMany,
}

impl From<Unsplit> for Option<RefuseReason> {
    fn from(unsplit: Unsplit) -> Self {
        match unsplit {
            Unsplit::Unreadable => None,
            Unsplit::TooMany => Some(RefuseReason::TooManyEvents),
        }
    }
}

/// Splits a body.
///
/// # Errors
/// [`Unsplit`], with what was split of a root array so far lost.
pub fn split(source: Source, body: &[u8], max_events: usize) -> Result<Split<'_>, Unsplit> {
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
fn braze_object(root: &RawValue, max_events: usize) -> Result<Vec<&RawValue>, Unsplit> {
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
fn braze_elements(roots: Vec<&RawValue>, max_events: usize) -> Result<Vec<&RawValue>, Unsplit> {
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
            return Err(Unsplit::TooMany);
        }
    }
    Ok(events)
}

/// The elements of an array, as long as there are not too many.
fn elements(array: &str, max: usize) -> Result<Vec<&RawValue>, Unsplit> {
    struct Elements(usize);

    impl<'b> Visitor<'b> for Elements {
        type Value = Vec<&'b RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'b>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = seq.next_element::<&'b RawValue>()? {
                if elements.len() == self.0 {
                    return Err(A::Error::custom(TOO_MANY));
                }
                elements.push(element);
            }
            Ok(elements)
        }
    }

    let mut json = serde_json::Deserializer::from_str(array);
    let elements = json.deserialize_seq(Elements(max)).map_err(|error| {
        if error.to_string().starts_with(TOO_MANY) {
            Unsplit::TooMany
        } else {
            Unsplit::Unreadable
        }
    })?;
    json.end().map_err(|_| Unsplit::Unreadable)?;
    Ok(elements)
}

/// How the visitor says that there are too many elements.
const TOO_MANY: &str = "too many elements";

/// What the splitting has to know of an object's keys.
struct Keys<'b> {
    events: Option<&'b RawValue>,
    count: usize,
    has_event_type: bool,
    is_empty: bool,
}

fn keys(object: &RawValue) -> Result<Keys<'_>, Unsplit> {
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

    fn texts(source: Source, body: &str) -> Result<Vec<String>, Unsplit> {
        split(source, body.as_bytes(), 5)
            .map(|split| split.events.iter().map(|raw| raw.get().to_owned()).collect())
    }

    #[test]
    fn rc_071_an_object_is_one_event_and_each_element_of_an_array_one() {
        for source in [Source::Segment, Source::Branch] {
            assert_eq!(texts(source, " {\"a\": 1} ").unwrap(), ["{\"a\": 1}"]);
            assert_eq!(
                texts(source, "[ {\"a\":1} , 7,\"x\"]").unwrap(),
                ["{\"a\":1}", "7", "\"x\""]
            );
            assert_eq!(texts(source, "[]").unwrap(), Vec::<String>::new());
            assert_eq!(texts(source, " \n").unwrap(), Vec::<String>::new());
            for bad in ["7", "null", "{", "[1,]", "[1] x", "{} {}", "\"x\""] {
                assert_eq!(texts(source, bad).err(), Some(Unsplit::Unreadable), "{bad}");
            }
        }
    }

    #[test]
    fn rc_070_what_a_parser_would_change_stays() {
        let odd = r#"{"n":1e+21,"n":9007199254740993,"s":"\ud83d"}"#;
        assert_eq!(texts(Source::Segment, odd).unwrap(), [odd]);
    }

    #[test]
    fn rc_058_splitting_stops_at_one_event_too_many() {
        assert_eq!(texts(Source::Segment, "[1,2,3,4,5]").unwrap().len(), 5);
        assert_eq!(
            texts(Source::Segment, "[1,2,3,4,5,6]").err(),
            Some(Unsplit::TooMany)
        );
        assert_eq!(
            texts(Source::Braze, r#"[{"events":[1,2,3]},{"events":[4,5,6]}]"#).err(),
            Some(Unsplit::TooMany)
        );
    }

    #[test]
    fn rc_072_bz_001_bz_002_bz_003_bz_004_bz_005_bz_008_a_braze_body_is_split_by_its_shape() {
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
            assert_eq!(
                texts(Source::Braze, bad).err(),
                Some(Unsplit::Unreadable),
                "{bad}"
            );
        }
    }

    #[test]
    fn rc_026_rc_030_the_first_element_is_the_first_event_byte_for_byte() {
        let body = br#"[ {"a":1} ,{"b":2}]"#;
        let split = split(Source::Segment, body, 5).unwrap();
        assert_eq!(split.first_element.unwrap().get(), r#"{"a":1}"#);
        assert!(
            std::ptr::eq(split.first_element.unwrap(), split.events[0]),
            "one split serves both"
        );
    }
}
