//! `[segment_to_branch]`

use super::Problems;
use crate::branch_events::{normalized_name, standard_event};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// What happens to the events of one name (SR-035).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventChoice {
    /// They are ignored.
    Ignore,
    /// They become custom events.
    Custom,
    /// They become the standard event of this name.
    Standard(&'static str),
}

impl Serialize for EventChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Ignore => "ignore",
            Self::Custom => "custom",
            Self::Standard(name) => name,
        })
    }
}

impl<'de> Deserialize<'de> for EventChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "ignore" => Ok(Self::Ignore),
            "custom" => Ok(Self::Custom),
            name => standard_event(name)
                .map(|event| Self::Standard(event.name))
                .ok_or_else(|| {
                    D::Error::custom(format!(
                        "`{name}` is none of \"ignore\", \"custom\" and Branch's standard events, such as \"PURCHASE\""
                    ))
                }),
        }
    }
}

/// How events of the route are mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentToBranch {
    /// Whether the standard events are sent that Branch's own import leaves out.
    pub extended_standard_events: bool,
    /// Whether `context.os.name` may stand in for the device's type beside a device id.
    pub os_name_fallback: bool,
    /// Whether app events are sent that have only a `userId`.
    pub app_user_id_only: bool,
    /// Whether other events are sent that have only a `userId`.
    pub web_user_id_only: bool,
    /// Whether the advertising id is sent beside a device id although tracking is limited.
    pub send_limited_advertising_id: bool,
    /// Whether `custom_data` has the event's id and time.
    pub markers: bool,
    /// Whether standard events keep their Segment name as an alias.
    pub customer_event_alias: bool,
    /// Whether custom events have `event_data` too.
    pub event_data_on_custom: bool,
    /// Whether `$custom_fields` is JSON text.
    pub custom_fields_as_json: bool,
    /// What happens to events by their names, which go before the built-in table.
    pub events: BTreeMap<String, EventChoice>,
}

impl Default for SegmentToBranch {
    fn default() -> Self {
        Self {
            extended_standard_events: true,
            os_name_fallback: true,
            app_user_id_only: false,
            web_user_id_only: true,
            send_limited_advertising_id: false,
            markers: true,
            customer_event_alias: false,
            event_data_on_custom: false,
            custom_fields_as_json: false,
            events: BTreeMap::new(),
        }
    }
}

impl SegmentToBranch {
    pub(super) fn check(&self, problems: &mut Problems) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (name, choice) in &self.events {
            let key = format!("segment_to_branch.events.\"{name}\"");
            let normalized = normalized_name(name);
            if normalized.is_empty() {
                problems.add(&key, "is blank; write the name of a Segment event");
                continue;
            }
            if *choice == EventChoice::Custom && standard_event(&normalized).is_some() {
                problems.add(
                    &key,
                    format!("cannot be \"custom\": Branch refuses its own name there; write \"{normalized}\" or \"ignore\""),
                );
            }
            if let Some(other) = seen.insert(normalized, name) {
                problems.add(
                    &key,
                    format!("names the same event as \"{other}\"; take one of them out"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn what_cannot_work_is_refused_with_its_key() {
        crate::rules!["SR-275"];
        for (line, named) in [
            ("\"Add to Cart\" = \"custom\"", "Add to Cart"),
            ("\"_opt-in\" = \"custom\"", "_opt-in"),
            ("\"Plan Renewed\" = \"SUBSCRIBED\"", "SUBSCRIBED"),
            ("\"Plan Renewed\" = \"purchase\"", "purchase"),
            ("\"Plan Renewed\" = true", "Plan Renewed"),
            ("\" _ \" = \"ignore\"", "\" _ \""),
            (
                "\"Plan Renewed\" = \"ignore\"\nplan_renewed = \"custom\"",
                "the same event",
            ),
        ] {
            let error = Settings::load(&format!("[segment_to_branch.events]\n{line}\n"))
                .unwrap_err()
                .to_string();
            assert!(error.contains(named), "{line}: {error}");
        }
    }

    #[test]
    fn every_choice_is_read_and_written() {
        crate::rules!["SR-275"];
        let text = "[segment_to_branch.events]\na = \"ignore\"\nb = \"custom\"\nPURCHASE = \"PURCHASE\"\n";
        let settings = Settings::load(text).unwrap().segment_to_branch;
        assert_eq!(settings.events["PURCHASE"], EventChoice::Standard("PURCHASE"));
        let written = toml::to_string(&settings).unwrap();
        for line in ["a = \"ignore\"", "b = \"custom\"", "PURCHASE = \"PURCHASE\""] {
            assert!(written.contains(line), "{written}");
        }
    }
}
