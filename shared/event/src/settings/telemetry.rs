//! `[telemetry]`

use super::{Problems, Span};
use serde::{Deserialize, Serialize};

/// What is logged.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Telemetry {
    /// Event ids in log lines (RP-008).
    pub event_ids: EventIds,
    /// Which events get a line (RP-003).
    pub event_lines: EventLines,
    /// How often refusals of one reason get a line, at most (RP-014).
    pub refusals_every: Span,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            event_ids: EventIds::default(),
            event_lines: EventLines::default(),
            refusals_every: Span::seconds(10),
        }
    }
}

impl Telemetry {
    pub(super) fn check(&self, problems: &mut Problems) {
        let (least, most) = (Span::seconds(0), Span::seconds(60));
        problems.range("telemetry.refusals_every", self.refusals_every, least, most);
    }
}

/// How event ids stand in log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventIds {
    /// As they are, where they cannot be an address.
    #[default]
    Verbatim,
    /// `sha256:` and the first 32 hexadecimal digits of its SHA-256.
    Hash,
}

/// Which events get a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventLines {
    /// Every event.
    #[default]
    All,
    /// All but delivered ones.
    Exceptions,
}
