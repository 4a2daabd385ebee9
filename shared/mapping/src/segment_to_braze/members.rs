//! Names of attributes and properties as Braze takes them (SB-112, SB-145).

use crate::Trace;
use crate::forms::text::trim;
use event::json::{Json, Object};
use event::reasons::Warning;
use std::collections::HashSet;

/// The most characters of a name.
const MAX_NAME: usize = 255;

/// What members stand in. Their paths are written only when somebody asks for them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    /// The event itself.
    Event,
    /// An object at this path.
    Object(&'static str),
    /// The product of this number.
    Product(usize),
}

impl Parent {
    pub(super) fn path(self) -> String {
        match self {
            Self::Event => String::new(),
            Self::Object(path) => path.to_owned(),
            Self::Product(at) => format!("properties.products[{at}]"),
        }
    }

    /// The path of one of its keys.
    pub(super) fn below(self, key: &str) -> String {
        match self {
            Self::Event => key.to_owned(),
            Self::Object(path) => format!("{path}.{key}"),
            Self::Product(at) => format!("properties.products[{at}].{key}"),
        }
    }
}

/// One attribute or property.
#[derive(Clone, Copy)]
pub(super) struct Member<'m> {
    /// The key as received.
    pub key: &'m str,
    /// The name it is sent under.
    pub name: &'m str,
    /// The value as received.
    pub value: Json<'m>,
    /// What it stands in.
    pub parent: Parent,
}

impl Member<'_> {
    /// Where it stands in the event.
    pub(super) fn path(&self) -> String {
        self.parent.below(self.key)
    }

    /// The bytes of key and value.
    pub(super) const fn bytes(&self) -> usize {
        self.key.len() + self.value.raw().len()
    }

    fn is_renamed(&self) -> bool {
        self.key.starts_with('$')
    }
}

/// The members of an object, under their own names.
pub(super) fn members<'m>(object: &'m Object<'_>, parent: Parent) -> impl Iterator<Item = Member<'m>> {
    object.iter().map(move |(key, value)| Member {
        key,
        name: key,
        value,
        parent,
    })
}

/// Whether a name can be sent.
pub(super) fn is_sendable(name: &str) -> bool {
    !trim(name).is_empty() && (name.len() <= MAX_NAME || name.chars().nth(MAX_NAME).is_none())
}

/// Leaves the members under names that Braze takes: without leading `$`, not blank, not too long. Of those that are renamed
/// none takes the name of another or one of those that `is_reserved` tells. `rule` asks for it.
pub(super) fn keep_sendable(
    members: &mut Vec<Member<'_>>,
    rule: &'static str,
    is_reserved: fn(&str) -> bool,
    trace: &mut Trace,
) {
    let mut taken: HashSet<&str> = HashSet::new();
    if members.iter().any(Member::is_renamed) {
        let stay = members.iter().filter(|member| !member.is_renamed());
        taken.extend(stay.map(|member| member.name));
    }
    members.retain_mut(|member| {
        let is_renamed = member.is_renamed();
        let name = member.key.trim_start_matches('$');
        if !is_sendable(name) || (is_renamed && (is_reserved(name) || !taken.insert(name))) {
            trace.warn(rule, Warning::KeyRemoved, || member.path());
            return false;
        }
        if is_renamed {
            trace.warn(rule, Warning::KeyRenamed, || member.path());
            member.name = name;
        }
        true
    });
}
