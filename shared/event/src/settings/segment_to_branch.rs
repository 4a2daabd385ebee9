//! `[segment_to_branch]`

use super::{Problems, Rows};
use crate::branch_events::{normalized_name, standard_event};
use crate::currency::is_currency;
use crate::placeholder;
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

/// Whether European rules apply to an event (SR-192).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DmaEea {
    /// As the event says.
    #[default]
    Event,
    /// To everybody of whom the event does not say otherwise.
    Always,
}

/// Where consent comes from that an event does not state itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// Whether European rules apply.
    pub dma_eea: DmaEea,
    /// The consent categories of Segment that must all be given for personalised advertising.
    pub dma_ad_personalization: Vec<String>,
    /// The same for handing the user's data to advertisers.
    pub dma_ad_user_data: Vec<String>,
}

/// How events of the route are mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentToBranch {
    /// Whether `integrations` is obeyed.
    pub respect_integrations: bool,
    /// What the destination that carries Switchyard is called in Segment.
    pub webhook_names: Vec<String>,
    /// Whether `"null"` and the like are no ids.
    pub reject_placeholder_ids: bool,
    /// The words that are nobody's id; texts of `0` and `-` alone always are.
    pub placeholder_ids: Vec<String>,
    /// The currency where an event names none; empty for none.
    pub default_currency: String,
    /// The property that holds the Meta SDK's anonymous id; empty for none.
    pub meta_anon_id: String,
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
    /// New names of events, by those received.
    pub rename_events: BTreeMap<String, String>,
    /// What becomes of events by their names, which go before the built-in table.
    pub events: BTreeMap<String, EventChoice>,
    /// Where consent comes from that an event does not state itself.
    pub consent: Consent,
    /// Own rules that change events before they are mapped.
    #[serde(skip)]
    pub rules: Rows,
}

impl Default for SegmentToBranch {
    fn default() -> Self {
        Self {
            respect_integrations: true,
            webhook_names: super::routes::WEBHOOK_NAMES.map(Into::into).into(),
            reject_placeholder_ids: true,
            placeholder_ids: placeholder::WORDS.map(Into::into).into(),
            default_currency: String::new(),
            meta_anon_id: String::new(),
            extended_standard_events: true,
            os_name_fallback: true,
            app_user_id_only: true,
            web_user_id_only: true,
            send_limited_advertising_id: false,
            markers: true,
            customer_event_alias: false,
            event_data_on_custom: true,
            custom_fields_as_json: true,
            rename_events: BTreeMap::new(),
            events: BTreeMap::new(),
            consent: Consent::default(),
            rules: Rows::new(),
        }
    }
}

impl SegmentToBranch {
    pub(super) fn check(&self, problems: &mut Problems) {
        if !self.default_currency.is_empty() && !is_currency(&self.default_currency) {
            problems.add(
                "segment_to_branch.default_currency",
                format!(
                    "`{}` is no currency; write a code of ISO 4217 such as \"EUR\", or \"\" for none",
                    self.default_currency
                ),
            );
        }
        placeholder::check(
            "segment_to_branch.placeholder_ids",
            &self.placeholder_ids,
            problems,
        );
        for (name, choice) in &self.events {
            let normalized = normalized_name(name);
            if *choice == EventChoice::Custom && standard_event(&normalized).is_some() {
                problems.add(
                    format!("segment_to_branch.events.\"{name}\""),
                    format!("cannot be \"custom\": Branch refuses its own name there; write \"{normalized}\" or \"ignore\""),
                );
            }
        }
        check_names("segment_to_branch.events", self.events.keys(), problems);
        for (name, new) in &self.rename_events {
            if new.trim().is_empty() {
                problems.add(
                    format!("segment_to_branch.rename_events.\"{name}\""),
                    "is blank; write the new name, or \"ignore\" in `segment_to_branch.events`",
                );
            }
        }
        check_names(
            "segment_to_branch.rename_events",
            self.rename_events.keys(),
            problems,
        );
    }
}

/// Refuses blank names, and two that are one event in Branch's spelling.
fn check_names<'n>(table: &str, names: impl Iterator<Item = &'n String>, problems: &mut Problems) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        let key = format!("{table}.\"{name}\"");
        let normalized = normalized_name(name);
        if normalized.is_empty() {
            problems.add(&key, "is blank; write the name of a Segment event");
        } else if let Some(other) = seen.insert(normalized, name) {
            problems.add(
                &key,
                format!("names the same event as \"{other}\"; take one of them out"),
            );
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
    fn new_names_currency_and_consent_that_cannot_work_are_refused() {
        crate::rules!["SR-275"];
        for (text, named) in [
            ("rename_events = { a = \" \" }", "rename_events.\"a\""),
            ("rename_events = { \"_\" = \"b\" }", "rename_events.\"_\""),
            (
                "rename_events = { \"a b\" = \"c\", a_b = \"d\" }",
                "the same event",
            ),
            ("default_currency = \"euro\"", "default_currency"),
            ("placeholder_ids = [\" \"]", "placeholder_ids"),
            ("consent = { dma_eea = \"eu\" }", "dma_eea"),
        ] {
            let error = Settings::load(&format!("[segment_to_branch]\n{text}\n"))
                .unwrap_err()
                .to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
        let accepted = "[segment_to_branch]\ndefault_currency = \"EUR\"\nplaceholder_ids = []\nrename_events = { a = \"c\", b = \"c\" }\n";
        assert!(Settings::load(accepted).is_ok());
    }

    #[test]
    fn every_choice_for_an_event_is_read_and_written() {
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
