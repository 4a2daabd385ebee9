//! `[segment_to_braze]`

use super::Problems;
use serde::{Deserialize, Serialize};

/// How events of the route are mapped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentToBraze {}

impl SegmentToBraze {
    pub(super) fn check(&self, _problems: &mut Problems) {}
}

/// Writes the defaults of the chosen `compat` into the table where the file gives none (SB-310).
pub(super) fn apply_compat(_table: &mut toml::Table) {}
