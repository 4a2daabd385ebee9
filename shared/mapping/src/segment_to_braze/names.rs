//! Names of attributes and properties as Braze takes them (SB-112, SB-145).

use crate::Notes;
use event::json::Json;
use event::reasons::Warning;
use std::borrow::Cow;
use std::collections::HashSet;

/// The most characters of a name.
const MAX_NAME: usize = 255;

/// One attribute or property: the name it is sent under, and its value.
pub struct Member<'a> {
    /// The name.
    pub name: Cow<'a, str>,
    /// The value as received.
    pub value: Json<'a>,
    /// Where it stands in the event.
    pub path: Cow<'a, str>,
}

/// Whether a name can be sent.
pub fn is_sendable(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().nth(MAX_NAME).is_none()
}

/// The members under names that Braze takes: without leading `$`, not blank, not too long. Of those that are renamed none
/// takes the name of another or one of those that `is_reserved` tells.
pub fn sendable<'a>(
    members: Vec<Member<'a>>,
    is_reserved: fn(&str) -> bool,
    notes: &mut Notes,
) -> Vec<Member<'a>> {
    let is_renamed = |name: &str| name.starts_with('$');
    let mut taken: HashSet<String> = HashSet::new();
    if members.iter().any(|member| is_renamed(&member.name)) {
        let stay = members.iter().filter(|member| !is_renamed(&member.name));
        taken.extend(stay.map(|member| member.name.clone().into_owned()));
    }
    let mut kept = Vec::with_capacity(members.len());
    for mut member in members {
        let renamed = is_renamed(&member.name).then(|| member.name.trim_start_matches('$').to_owned());
        let is_free = |name: &String| !is_reserved(name) && !taken.contains(name);
        let fits = is_sendable(renamed.as_deref().unwrap_or(&member.name));
        if !fits || renamed.as_ref().is_some_and(|name| !is_free(name)) {
            notes.warn(Warning::KeyRemoved, || member.path.clone().into_owned());
            continue;
        }
        if let Some(name) = renamed {
            notes.warn(Warning::KeyRenamed, || member.path.clone().into_owned());
            taken.insert(name.clone());
            member.name = Cow::Owned(name);
        }
        kept.push(member);
    }
    kept
}
