//! Whether a Segment event is meant for a destination, by what its `integrations` say (SB-024, SR-045).

use crate::forms::text::is_blank;
use event::json::{Json, Kind, Object};

/// The name that stands for all integrations.
const ALL: &str = "All";

/// What an event says of the destinations that it is for.
pub(crate) struct Integrations<'e, 'a> {
    /// `integrations`
    pub own: &'e Object<'a>,
    /// `context.integrations`, for names that are absent in the first.
    pub of_context: &'e Object<'a>,
}

impl Integrations<'_, '_> {
    /// The paths of what cannot be read: neither a boolean nor an object of options.
    pub(crate) fn unreadable(&self, names: &[&str], webhooks: &[String]) -> Vec<String> {
        if self.is_empty() {
            return Vec::new();
        }
        let asked = names.iter().copied();
        let asked = asked.chain([ALL]).chain(webhooks.iter().map(String::as_str));
        let is_unreadable = |name: &&str| {
            let value = self.get(name).filter(|value| !is_blank(*value));
            value.is_some_and(|value| value.as_bool().is_none() && value.kind() != Kind::Object)
        };
        asked.filter(is_unreadable).map(|name| self.path(name)).collect()
    }

    /// The path of what keeps the event from a destination; `None` if nothing does. `names` are those of the destination,
    /// `webhooks` those under which Segment knows Switchyard.
    pub(crate) fn off(&self, names: &[&str], webhooks: &[String]) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        if let Some(name) = names.iter().find(|name| self.is_false(name)) {
            return Some(self.path(name));
        }
        let is_wanted = names
            .iter()
            .copied()
            .chain(webhooks.iter().map(String::as_str))
            .any(|name| self.is_on(name));
        (!is_wanted && self.is_false(ALL)).then(|| self.path(ALL))
    }

    /// The path of what names a destination on although `All` is off; `None` if that did not decide. What is off is off.
    pub(crate) fn on_beside_all(&self, names: &[&str], webhooks: &[String]) -> Option<String> {
        let mut asked = names.iter().copied().chain(webhooks.iter().map(String::as_str));
        let name = asked.find(|name| self.is_on(name))?;
        self.is_false(ALL).then(|| self.path(name))
    }

    /// Whether the event names no destination, as most do.
    fn is_empty(&self) -> bool {
        self.own.is_empty() && self.of_context.is_empty()
    }

    fn get(&self, name: &str) -> Option<Json<'_>> {
        self.own.present(name).or_else(|| self.of_context.present(name))
    }

    fn is_false(&self, name: &str) -> bool {
        self.get(name).and_then(Json::as_bool) == Some(false)
    }

    /// `true`, or an object of options.
    fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.as_bool() == Some(true) || value.kind() == Kind::Object)
    }

    fn path(&self, name: &str) -> String {
        let place = if self.own.present(name).is_some() {
            "integrations"
        } else {
            "context.integrations"
        };
        format!("{place}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_off_if_it_is_named_or_all_are() {
        event::rules!["SR-045"];
        let webhooks = ["Webhooks".to_owned()];
        for (own, of_context, wanted) in [
            ("{}", "{}", None),
            (r#"{"Branch":false}"#, "{}", Some("integrations.Branch")),
            (r#"{"All":false}"#, "{}", Some("integrations.All")),
            (r#"{"All":false,"Branch":true}"#, "{}", None),
            (r#"{"All":false,"Branch":{}}"#, "{}", None),
            (r#"{"All":false,"Webhooks":true}"#, "{}", None),
            (r#"{"All":false,"Webhooks":{"a":1}}"#, "{}", None),
            (
                r#"{"All":false,"Webhooks":false}"#,
                "{}",
                Some("integrations.All"),
            ),
            (r#"{"All":false,"Braze":true}"#, "{}", Some("integrations.All")),
            (
                r#"{"All":true,"Branch Metrics":false,"Branch":true}"#,
                "{}",
                Some("integrations.Branch Metrics"),
            ),
            (r#"{"branch":false,"all":false}"#, "{}", None),
            (r#"{"Branch":"false","All":0}"#, "{}", None),
            ("{}", r#"{"All":false}"#, Some("context.integrations.All")),
            (r#"{"All":true}"#, r#"{"All":false}"#, None),
            (r#"{"Branch":true}"#, r#"{"All":false}"#, None),
        ] {
            let (own, of_context) = [own, of_context]
                .map(|text| Json::parse(text).unwrap().as_object().unwrap())
                .into();
            let integrations = Integrations {
                own: &own,
                of_context: &of_context,
            };
            let off = integrations.off(&["Branch", "Branch Metrics"], &webhooks);
            assert_eq!(off.as_deref(), wanted);
        }
    }
}
