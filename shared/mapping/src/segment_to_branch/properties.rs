//! The properties of an event, while the rules take from them what they write elsewhere.

use super::value::is_blank;
use event::json::{Json, Object};
use std::borrow::Cow;

/// The properties of an event, while the rules take from them what they write elsewhere.
pub(super) struct Properties<'a> {
    members: Vec<Option<(Cow<'a, str>, Json<'a>)>>,
}

impl<'a> Properties<'a> {
    /// Those that are not blank.
    pub(super) fn new(members: Object<'a>) -> Self {
        let members = members
            .into_iter()
            .filter(|(_, value)| !is_blank(*value))
            .map(Some)
            .collect();
        Self { members }
    }

    /// The property of this key, unless it was taken.
    pub(super) fn get(&self, key: &str) -> Option<Json<'a>> {
        self.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// Takes the property of this key out.
    pub(super) fn take(&mut self, key: &str) {
        let is_this =
            |member: &Option<(Cow<'a, str>, Json<'a>)>| member.as_ref().is_some_and(|(own, _)| own == key);
        if let Some(member) = self.members.iter_mut().find(|member| is_this(member)) {
            *member = None;
        }
    }

    /// Those that were not taken, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Json<'a>)> {
        self.members
            .iter()
            .flatten()
            .map(|(key, value)| (key.as_ref(), *value))
    }
}
