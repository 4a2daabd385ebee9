//! `[braze_to_segment]`

use super::{Pattern, Problems, Rows};
use crate::currents;
use crate::placeholder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happens to users without external id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnonymousUsers {
    /// Their events are ignored.
    #[default]
    Drop,
    /// They are sent with Braze's own id as `anonymousId`.
    Send,
}

/// The type of the property `in_control_group`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InControlGroup {
    /// `"true"` or `"false"`
    #[default]
    String,
    /// `true` or `false`
    Bool,
}

/// What happens to event types that are not in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownEvents {
    /// They are sent under a readable name made from the type.
    #[default]
    Humanize,
    /// They are sent under the type itself.
    Raw,
    /// They are ignored.
    Drop,
}

/// How events of the route are mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct BrazeToSegment {
    /// Users without external id.
    pub anonymous_users: AnonymousUsers,
    /// Whether Braze's own id is sent as `anonymousId` beside a `userId`.
    pub anonymous_id: bool,
    /// Put before every `anonymousId`.
    pub anonymous_id_prefix: String,
    /// Put before the event id to make the `messageId`.
    pub message_id_prefix: String,
    /// Whether `"null"` and the like are no ids.
    pub reject_placeholder_ids: bool,
    /// The words that are nobody's id; texts of `0` and `-` alone always are.
    pub placeholder_ids: Vec<String>,
    /// The type of that property.
    pub in_control_group: InControlGroup,
    /// Event types that are not in the table.
    pub unknown_events: UnknownEvents,
    /// Event types let in.
    pub allow_events: Vec<Pattern>,
    /// Event types kept out, even if another list lets them in.
    pub deny_events: Vec<Pattern>,
    /// Whether opens by mail proxies are ignored.
    pub skip_machine_opens: bool,
    /// Whether clicks that Braze suspects are ignored.
    pub skip_suspected_bot_clicks: bool,
    /// Names of properties, received or made, that are never sent; also `user.device_id` and `user.timezone`.
    pub drop_properties: Vec<String>,
    /// Whether custom and purchase properties go up one level.
    pub flatten_custom: bool,
    /// Whether texts that hold JSON become JSON.
    pub parse_json: bool,
    /// Whether `url` and `content_card_id` stay beside the names that replace them.
    pub keep_renamed: bool,
    /// Whether the property `braze_event_type` is added.
    pub event_type_property: bool,
    /// Names of events by their types.
    pub event_names: BTreeMap<String, String>,
    /// Which of Segment's destinations get the events.
    pub integrations: BTreeMap<String, bool>,
    /// Own rules that change events before they are mapped.
    #[serde(skip)]
    pub rules: Rows,
}

/// Events that Segment has already, that the reverse route writes, or that are no acts of a user (BZ-035).
const DENIED: [&str; 12] = [
    "agentconsole.*",
    "users.RandomBucketNumberUpdate",
    "users.UserDeleteRequest",
    "users.UserOrphan",
    "users.behaviors.CustomEvent",
    "users.behaviors.InstallAttribution",
    "users.behaviors.Location",
    "users.behaviors.Purchase",
    "users.behaviors.UpgradedApp",
    "users.behaviors.app.*Session*",
    "users.messages.pushnotification.InfluencedOpen",
    "users.profile.Update",
];

/// The names under which Segment knows its Braze destinations, so that events do not go back to Braze (BZ-223).
const BRAZE_DESTINATIONS: [&str; 5] = [
    "Appboy",
    "Braze",
    "Braze Cloud Mode (Actions)",
    "Braze Web Device Mode (Actions)",
    "Braze Web Mode (Actions)",
];

/// The fields without which no event has a user.
const IDENTITY: [&str; 2] = ["user.user_id", "user.external_user_id"];

/// Characters of a prefix: together with an id of 64 they stay under the 100 that Segment takes.
const MAX_PREFIX_CHARS: usize = 32;

impl Default for BrazeToSegment {
    fn default() -> Self {
        Self {
            anonymous_users: AnonymousUsers::Drop,
            anonymous_id: true,
            anonymous_id_prefix: String::new(),
            message_id_prefix: String::new(),
            reject_placeholder_ids: true,
            placeholder_ids: placeholder::WORDS.map(Into::into).into(),
            in_control_group: InControlGroup::String,
            unknown_events: UnknownEvents::Humanize,
            allow_events: vec![Pattern::new("*")],
            deny_events: DENIED.map(Pattern::new).into(),
            skip_machine_opens: false,
            skip_suspected_bot_clicks: false,
            drop_properties: Vec::new(),
            flatten_custom: false,
            parse_json: false,
            keep_renamed: false,
            event_type_property: false,
            event_names: BTreeMap::new(),
            integrations: BRAZE_DESTINATIONS.map(|name| (name.to_owned(), false)).into(),
            rules: Rows::new(),
        }
    }
}

impl BrazeToSegment {
    /// Whether events of a type are let in, as far as the two lists say.
    pub fn lets_in(&self, event_type: &str) -> bool {
        let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(event_type));
        matches(&self.allow_events) && !matches(&self.deny_events)
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        placeholder::check(
            "braze_to_segment.placeholder_ids",
            &self.placeholder_ids,
            problems,
        );
        check_prefix(problems, "anonymous_id_prefix", &self.anonymous_id_prefix);
        check_prefix(problems, "message_id_prefix", &self.message_id_prefix);
        for (event_type, name) in &self.event_names {
            let key = format!("braze_to_segment.event_names.\"{event_type}\"");
            if is_no_name(name) {
                problems.add(&key, "is blank; write the name that the event shall have");
            }
            check_alias(problems, &key, event_type);
        }
        for (key, patterns) in [
            ("allow_events", &self.allow_events),
            ("deny_events", &self.deny_events),
        ] {
            let key = format!("braze_to_segment.{key}");
            for pattern in patterns {
                if pattern.as_str().trim().is_empty() {
                    problems.add(&key, "has a blank entry; write an event type, or `*` for any");
                }
                check_alias(problems, &key, pattern.as_str());
            }
        }
        for name in IDENTITY {
            if self.drop_properties.iter().any(|dropped| dropped == name) {
                let message = format!("has `{name}`, without which events have no user; take it out");
                problems.add("braze_to_segment.drop_properties", message);
            }
        }
    }
}

fn is_no_name(name: &str) -> bool {
    matches!(name.trim(), "" | "[REDACTED]")
}

fn check_prefix(problems: &mut Problems, key: &str, prefix: &str) {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    if prefix.len() > MAX_PREFIX_CHARS || !prefix.chars().all(fits) {
        problems.add(
            format!("braze_to_segment.{key}"),
            format!("must have up to {MAX_PREFIX_CHARS} characters of A-Z a-z 0-9 . _ : -"),
        );
    }
}

fn check_alias(problems: &mut Problems, key: &str, entry: &str) {
    if let Some(name) = currents::alias_of(entry) {
        problems.add(key, format!("names the old event type `{entry}`; write `{name}`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn refused(text: &str) -> String {
        Settings::load(text).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_key() {
        crate::rules!["BZ-300"];
        for (line, named) in [
            ("event_names = { \"a.B\" = \" \" }", "event_names.\"a.B\""),
            (
                "event_names = { \"a.B\" = \" [REDACTED]\" }",
                "event_names.\"a.B\"",
            ),
            ("allow_events = [\"\"]", "allow_events"),
            ("deny_events = [\"*\", \"\\t\"]", "deny_events"),
            ("drop_properties = [\"user.user_id\"]", "user.user_id"),
            (
                "drop_properties = [\"a\", \"user.external_user_id\"]",
                "user.external_user_id",
            ),
            ("message_id_prefix = \"a b\"", "message_id_prefix"),
            ("message_id_prefix = \"é\"", "message_id_prefix"),
            (
                "anonymous_id_prefix = \"123456789012345678901234567890123\"",
                "anonymous_id_prefix",
            ),
            ("unknown_events = \"keep\"", "unknown_events"),
        ] {
            let error = refused(&format!("[braze_to_segment]\n{line}\n"));
            assert!(error.contains(named), "{line}: {error}");
        }
        let accepted = "[braze_to_segment]\nmessage_id_prefix = \"A-z.0_9:\"\ndrop_properties = [\"user.timezone\", \"user_id\"]";
        assert!(Settings::load(accepted).is_ok());
    }

    #[test]
    fn an_old_event_type_is_refused_and_the_one_of_today_named() {
        crate::rules!["BZ-302", "BZ-427"];
        for (old, today) in [
            (
                "users.messages.sms.InboundReceived",
                "users.messages.sms.InboundReceive",
            ),
            ("users_campaigns_abort", "users.campaigns.Abort"),
            ("users_canvas_abort", "users.canvas.Abort"),
            ("messages.email.Open", "users.messages.email.Open"),
        ] {
            for line in [
                format!("event_names = {{ \"{old}\" = \"Name\" }}"),
                format!("allow_events = [\"*\", \"{old}\"]"),
                format!("deny_events = [\"{old}\"]"),
            ] {
                let error = refused(&format!("[braze_to_segment]\n{line}\n"));
                assert!(error.contains(&format!("`{today}`")), "{line}: {error}");
            }
        }
    }

    #[test]
    fn a_table_or_array_that_is_given_replaces_the_default_whole() {
        crate::rules!["BZ-224", "BZ-301"];
        let text = "[braze_to_segment]\ndeny_events = [\"a.*\"]\n[braze_to_segment.integrations]\nX = true\n";
        let settings = Settings::load(text).unwrap().braze_to_segment;
        assert_eq!(settings.deny_events, [Pattern::new("a.*")]);
        assert_eq!(settings.integrations, [("X".to_owned(), true)].into());
        let settings = Settings::load("[braze_to_segment.integrations]\n").unwrap();
        assert!(settings.braze_to_segment.integrations.is_empty());
    }
}
