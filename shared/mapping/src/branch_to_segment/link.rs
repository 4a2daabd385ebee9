//! The link data dictionary: what is known of the link that an event is attributed to.

use super::value::{is_blank, is_nothing};
use event::json::{Json, Kind, Object};
use std::borrow::Cow;

/// What the first character of a key says of an entry, in the order in which the groups get their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// `~`: a label for analytics.
    Label,
    /// `$`: a control parameter.
    Control,
    /// `+`: added by Branch.
    Added,
    /// None: the customer's own.
    Own,
}

/// The signs with their characters, and with the words that Branch's flat export has in their place.
const SIGNS: [(Sign, char, &str); 3] = [
    (Sign::Label, '~', "tilde_"),
    (Sign::Control, '$', "dollar_"),
    (Sign::Added, '+', "plus_"),
];

pub(super) struct Entry<'a> {
    /// Its sign, or what stands for it.
    pub sign: Sign,
    is_flat: bool,
    /// The bytes of the key that are its sign.
    sign_bytes: usize,
    /// The key as received.
    pub key: Cow<'a, str>,
    /// The value as received.
    pub value: Json<'a>,
}

impl Entry<'_> {
    /// The key without sign.
    pub(super) fn name(&self) -> &str {
        self.key.get(self.sign_bytes..).unwrap_or(&self.key)
    }

    /// Whether there is nothing in its value.
    pub(super) fn is_nothing(&self) -> bool {
        match self.sign {
            Sign::Own => is_blank(self.value),
            _ => is_nothing(self.value),
        }
    }
}

/// The entries in the order in which they are visited: by group, those with the sign first, by key.
#[derive(Default)]
pub(super) struct Link<'a> {
    entries: Vec<Entry<'a>>,
}

impl<'a> Link<'a> {
    /// Takes the members of `last_attributed_touch_data`.
    pub(super) fn new(members: Object<'a>) -> Self {
        let entries = members.into_iter().map(|(key, value)| {
            let signed = SIGNS.iter().find_map(|(sign, character, word)| {
                if key.starts_with(*character) {
                    Some((*sign, false, 1))
                } else {
                    key.starts_with(word).then_some((*sign, true, word.len()))
                }
            });
            let (sign, is_flat, sign_bytes) = signed.unwrap_or((Sign::Own, false, 0));
            Entry {
                sign,
                is_flat,
                sign_bytes,
                key,
                value,
            }
        });
        let mut entries: Vec<_> = entries.collect();
        entries.sort_unstable_by(|one, other| {
            (one.sign, one.is_flat, &one.key).cmp(&(other.sign, other.is_flat, &other.key))
        });
        Self { entries }
    }

    /// The entries of a group.
    pub(super) fn group(&self, sign: Sign) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter().filter(move |entry| entry.sign == sign)
    }

    /// The label of this name, such as `campaign`, unless there is nothing in it.
    pub(super) fn label(&self, name: &str) -> Option<Json<'a>> {
        self.named(Sign::Label, name)
    }

    /// The control parameter of this name, such as `3p`, unless there is nothing in it.
    pub(super) fn control(&self, name: &str) -> Option<Json<'a>> {
        self.named(Sign::Control, name)
    }

    fn named(&self, sign: Sign, name: &str) -> Option<Json<'a>> {
        let mut entries = self.group(sign);
        entries
            .find(|entry| entry.name() == name && !entry.is_nothing())
            .map(|entry| entry.value)
    }

    /// Whether at least one entry holds data (BS-045).
    pub(super) fn holds_data(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| holds_data(entry.value, entry.sign != Sign::Own))
    }
}

/// Whether there is more in a value than blanks and `false`. `by_branch`: the text `null` is blank.
fn holds_data(json: Json<'_>, by_branch: bool) -> bool {
    match json.kind() {
        Kind::Null => false,
        Kind::Bool => json.as_bool() == Some(true),
        Kind::Number => true,
        Kind::String => !(is_blank(json) || by_branch && is_nothing(json)),
        Kind::Array => {
            let elements = json.as_array().unwrap_or_default();
            elements.into_iter().any(|element| holds_data(element, by_branch))
        }
        Kind::Object => {
            let members = json.as_object().unwrap_or_default();
            members.iter().any(|(_, value)| holds_data(value, by_branch))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(text: &str) -> Link<'_> {
        Link::new(Json::parse(text).unwrap().as_object().unwrap())
    }

    #[test]
    fn the_flat_form_counts_as_signed_and_comes_second() {
        event::rules!["BS-128"];
        let link = link(
            r#"{"tilde_a":1,"~z":2,"dollar_":3,"plus_x":4,"tilde":5,"~a":"null","+b":6,"~c":7,"tilde_c":8}"#,
        );
        let visited: Vec<_> = link
            .entries
            .iter()
            .map(|entry| (entry.sign, entry.key.as_ref(), entry.name()))
            .collect();
        assert_eq!(
            visited,
            [
                (Sign::Label, "~a", "a"),
                (Sign::Label, "~c", "c"),
                (Sign::Label, "~z", "z"),
                (Sign::Label, "tilde_a", "a"),
                (Sign::Label, "tilde_c", "c"),
                (Sign::Control, "dollar_", ""),
                (Sign::Added, "+b", "b"),
                (Sign::Added, "plus_x", "x"),
                (Sign::Own, "tilde", "tilde"),
            ]
        );
        assert_eq!(
            link.label("a").unwrap().raw(),
            "1",
            "the one with the sign is blank"
        );
        assert_eq!(link.label("c").unwrap().raw(), "7");
        assert!(link.label("b").is_none());
    }

    #[test]
    fn blanks_and_false_hold_no_data_at_any_depth() {
        event::rules!["BS-045"];
        for (given, wanted) in [
            ("{}", false),
            (r#"{"~campaign":null,"$x":"","a":[],"b":{}}"#, false),
            (r#"{"+clicked_branch_link":false}"#, false),
            (r#"{"a":{"b":[false,{"c":""},null]}}"#, false),
            (r#"{"~campaign":"null","~a":["null"]}"#, false),
            (r#"{"campaign":"null"}"#, true),
            (r#"{"a":{"b":[false,{"c":0}]}}"#, true),
            (r#"{"+is_first_session":true}"#, true),
        ] {
            assert_eq!(link(given).holds_data(), wanted, "{given}");
        }
    }
}
