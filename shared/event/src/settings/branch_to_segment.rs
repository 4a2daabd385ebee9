//! `[branch_to_segment]`

use super::{Problems, Rows};
use crate::branch_events::{Category, normalized};
use crate::placeholder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which events need attribution (BS-041).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequireAttribution {
    /// All of them.
    #[default]
    All,
    /// Installs, reinstalls and opens.
    InstallOpen,
}

/// What happens to events without identity (BS-074).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingIdentity {
    /// They are parked.
    #[default]
    Park,
    /// A device's id stands in.
    Device,
    /// They are ignored.
    Ignore,
}

/// How events of the route are mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct BranchToSegment {
    /// Which events need attribution.
    pub require_attribution: RequireAttribution,
    /// Which categories are sent.
    pub categories: Vec<Category>,
    /// Names never sent, in any spelling.
    pub deny_events: Vec<String>,
    /// Names sent regardless of category, in any spelling.
    pub also_send_events: Vec<String>,
    /// Whether events of Branch's web SDK are ignored.
    pub skip_web: bool,
    /// Advertising partners whose events are ignored, by name or by `$3p`.
    pub deny_partners: Vec<String>,
    /// Whether attribution to Facebook is left out while its data terms are not signed.
    pub hide_unsigned_facebook: bool,
    /// Whether `"null"` and the like are no ids.
    pub reject_placeholder_ids: bool,
    /// The words that are nobody's id; texts of `0` and `-` alone always are.
    pub placeholder_ids: Vec<String>,
    /// Whether events are sent that Branch imported from Segment.
    pub include_segment_origin: bool,
    /// Whether `developer_identity` becomes `userId`.
    pub send_user_id: bool,
    /// Events without identity.
    pub missing_identity: MissingIdentity,
    /// Whether more is sent than Branch's own export has.
    pub extra_properties: bool,
    /// Which of Segment's destinations get the events; empty for all that are on.
    pub integrations: BTreeMap<String, bool>,
    /// Put behind every `messageId`.
    pub message_id_suffix: String,
    /// Whole names at Segment by the names at Branch, in any spelling.
    pub event_names: BTreeMap<String, String>,
    /// Own rules that change events before they are mapped.
    #[serde(skip)]
    pub rules: Rows,
}

/// The most characters of an event's name of one's own (OR-061).
const MAX_EVENT_NAME_CHARS: usize = 255;

/// Characters of a suffix: together with an event id of 80 they stay under the 100 that Segment takes.
const MAX_SUFFIX_CHARS: usize = 12;

impl Default for BranchToSegment {
    fn default() -> Self {
        Self {
            require_attribution: RequireAttribution::All,
            categories: Category::ALL.into(),
            deny_events: Vec::new(),
            also_send_events: Vec::new(),
            skip_web: false,
            deny_partners: Vec::new(),
            hide_unsigned_facebook: true,
            reject_placeholder_ids: true,
            placeholder_ids: placeholder::WORDS.map(Into::into).into(),
            include_segment_origin: false,
            send_user_id: true,
            missing_identity: MissingIdentity::Park,
            extra_properties: true,
            integrations: BTreeMap::new(),
            message_id_suffix: String::new(),
            event_names: BTreeMap::new(),
            rules: Rows::new(),
        }
    }
}

impl BranchToSegment {
    pub(super) fn check(&self, problems: &mut Problems) {
        let suffix = &self.message_id_suffix;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if suffix.len() > MAX_SUFFIX_CHARS || !suffix.chars().all(fits) {
            problems.add(
                "branch_to_segment.message_id_suffix",
                format!("must have up to {MAX_SUFFIX_CHARS} characters of A-Z a-z 0-9 . _ -"),
            );
        }
        placeholder::check(
            "branch_to_segment.placeholder_ids",
            &self.placeholder_ids,
            problems,
        );
        self.check_event_names(problems);
        for (key, names) in [
            ("deny_events", &self.deny_events),
            ("also_send_events", &self.also_send_events),
            ("deny_partners", &self.deny_partners),
        ] {
            if names.iter().any(|name| name.trim().is_empty()) {
                let message = "has a blank entry, which no event matches; take it out";
                problems.add(format!("branch_to_segment.{key}"), message);
            }
        }
    }

    fn check_event_names(&self, problems: &mut Problems) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (received, name) in &self.event_names {
            let key = format!("branch_to_segment.event_names.\"{received}\"");
            if received.trim().is_empty() {
                problems.add(&key, "is blank; write the name of the event at Branch");
            } else if let Some(other) = seen.insert(normalized(received), received) {
                problems.add(
                    &key,
                    format!("names the same event as \"{other}\"; take one of them out"),
                );
            }
            if name.trim().is_empty() {
                problems.add(
                    &key,
                    "is blank; write the name that the event shall have at Segment",
                );
            }
            let length = name.chars().count();
            if length > MAX_EVENT_NAME_CHARS {
                problems.add(
                    &key,
                    format!("has {length} characters; it may have {MAX_EVENT_NAME_CHARS}"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::Settings;

    #[test]
    fn what_cannot_work_is_refused_with_its_key() {
        crate::rules!["BS-022"];
        for (line, named) in [
            ("message_id_suffix = \"-1234567890abc\"", "message_id_suffix"),
            ("message_id_suffix = \"a b\"", "message_id_suffix"),
            ("message_id_suffix = \"é\"", "message_id_suffix"),
            ("categories = [\"clicks\"]", "categories"),
            ("deny_events = [\" \"]", "deny_events"),
            ("also_send_events = [\"\"]", "also_send_events"),
            ("deny_partners = [\"\\t\"]", "deny_partners"),
            ("placeholder_ids = [\"\"]", "placeholder_ids"),
            ("missing_identity = \"drop\"", "missing_identity"),
            ("require_attribution = \"none\"", "require_attribution"),
        ] {
            let error = Settings::load(&format!("[branch_to_segment]\n{line}\n"))
                .unwrap_err()
                .to_string();
            assert!(error.contains(named), "{line}: {error}");
        }
        let accepted = "[branch_to_segment]\nmessage_id_suffix = \"-a.Z_0\"\ncategories = []\n";
        assert!(Settings::load(accepted).is_ok());
    }

    #[test]
    fn a_name_of_ones_own_is_one_that_segment_takes() {
        crate::rules!["OR-061"];
        let load = |lines: &str| {
            let loaded = Settings::load(&format!("[branch_to_segment.event_names]\n{lines}\n"));
            loaded.map(|_| ()).map_err(|error| error.to_string())
        };
        let long = |length: usize| format!("PURCHASE = \"{}\"", "\u{e4}".repeat(length));
        assert_eq!(load(&long(255)), Ok(()));
        for (lines, wanted) in [
            (long(256), "has 256 characters; it may have 255"),
            (
                "PURCHASE = \" \"".to_owned(),
                "is blank; write the name that the event shall have",
            ),
            (
                "\"\" = \"A\"".to_owned(),
                "is blank; write the name of the event at Branch",
            ),
            (
                "lesson_done = \"A\"\n\"Lesson-Done\" = \"B\"".to_owned(),
                "names the same event as",
            ),
        ] {
            let error = load(&lines).unwrap_err();
            assert!(error.contains(wanted), "{lines}: {error}");
        }
    }
}
