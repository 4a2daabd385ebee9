//! One level of a text that has no index: split by serde_json, what is inside stays unread.

use super::read::Json;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The elements of the text of an array.
pub(super) fn elements(array: &str) -> Option<Vec<Json<'_>>> {
    serde_json::Deserializer::from_str(array)
        .deserialize_seq(Elements)
        .ok()
}

/// The members of the text of an object, repeated keys included; `None` if a key has an unpaired surrogate.
pub(super) fn members(object: &str) -> Option<Vec<Member<'_>>> {
    serde_json::Deserializer::from_str(object)
        .deserialize_map(Members)
        .ok()
}

type Member<'a> = (Cow<'a, str>, Json<'a>);

struct Elements;

impl<'a> Visitor<'a> for Elements {
    type Value = Vec<Json<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(raw) = seq.next_element::<&'a RawValue>()? {
            elements.push(Json::unindexed(raw.get()));
        }
        Ok(elements)
    }
}

struct Members;

impl<'a> Visitor<'a> for Members {
    type Value = Vec<Member<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(Key(key)) = map.next_key()? {
            members.push((key, Json::unindexed(map.next_value::<&'a RawValue>()?.get())));
        }
        Ok(members)
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
