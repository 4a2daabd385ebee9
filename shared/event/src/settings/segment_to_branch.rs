//! `[segment_to_branch]`

use super::Problems;
use serde::{Deserialize, Serialize};

/// How events of the route are mapped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentToBranch {}

impl SegmentToBranch {
    pub(super) fn check(&self, _problems: &mut Problems) {}
}
