//! `[telemetry]`

use serde::{Deserialize, Serialize};

/// What is logged.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Telemetry {
    /// Event ids in log lines (RP-008).
    pub event_ids: EventIds,
    /// Which events get a line (RP-003).
    pub event_lines: EventLines,
}

/// How event ids stand in log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventIds {
    /// As they are, where they cannot be an address.
    #[default]
    Verbatim,
    /// As a hash.
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
