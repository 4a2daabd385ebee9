//! `[[segment_to_braze.triggers]]`: tracks that start a campaign or a canvas.

use super::super::{Condition, Problems};
use serde::{Deserialize, Serialize};

/// Where the properties of a track stand in a canvas request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanvasKey {
    /// Sent under the key `canvas_entry_properties`, the older name.
    #[default]
    CanvasEntryProperties,
    /// Sent under the key `context`.
    Context,
}

impl CanvasKey {
    /// The key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CanvasEntryProperties => "canvas_entry_properties",
            Self::Context => "context",
        }
    }
}

/// One track that starts a campaign or a canvas.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct TriggerRule {
    /// The track's name; empty for events of any name and type that `when` is for.
    pub event: String,
    /// The events that it is for, of those of this name.
    #[serde(skip)]
    pub when: Option<Condition>,
    /// The campaign; empty for a canvas.
    pub campaign_id: String,
    /// The canvas; empty for a campaign.
    pub canvas_id: String,
    /// The send id of a campaign; empty for none.
    pub send_id: String,
    /// Whether nobody is made a profile for it.
    pub send_to_existing_only: bool,
    /// Whether the event is sent as such too.
    pub also_track: bool,
    /// Where the properties stand.
    pub canvas_key: CanvasKey,
}

impl Default for TriggerRule {
    fn default() -> Self {
        Self {
            event: String::new(),
            when: None,
            campaign_id: String::new(),
            canvas_id: String::new(),
            send_id: String::new(),
            send_to_existing_only: true,
            also_track: true,
            canvas_key: CanvasKey::CanvasEntryProperties,
        }
    }
}

impl TriggerRule {
    /// What it starts, for what event: two of one target would send one message twice.
    fn target(&self) -> (&str, Option<&Condition>, &str, &str, &str) {
        let Self {
            event,
            when,
            campaign_id,
            canvas_id,
            send_id,
            ..
        } = self;
        (event, when.as_ref(), campaign_id, canvas_id, send_id)
    }
}

/// An entry of triggers or catalogs must say what it is for (OR-064).
pub(super) fn check_event(event: &str, when: Option<&Condition>, key: &str, problems: &mut Problems) {
    if event.trim().is_empty() && (when.is_none() || !event.is_empty()) {
        problems.add(
            key,
            "has no `event`; write the track's name, or `when` for events of other types",
        );
    }
}

pub(super) fn check(triggers: &[TriggerRule], problems: &mut Problems) {
    for (at, trigger) in triggers.iter().enumerate() {
        let key = format!("segment_to_braze.triggers.{at}");
        check_event(&trigger.event, trigger.when.as_ref(), &key, problems);
        if trigger.campaign_id.is_empty() == trigger.canvas_id.is_empty() {
            problems.add(&key, "must have exactly one of `campaign_id` and `canvas_id`");
        }
        if !trigger.send_id.is_empty() && trigger.campaign_id.is_empty() {
            problems.add(&key, "has a `send_id`, which only campaigns take; take it out");
        }
        if triggers
            .iter()
            .take(at)
            .any(|other| other.target() == trigger.target())
        {
            problems.add(
                &key,
                format!(
                    "starts for \"{}\" what an earlier trigger starts; take one out, or give them different `when`s",
                    trigger.event
                ),
            );
        }
    }
}
