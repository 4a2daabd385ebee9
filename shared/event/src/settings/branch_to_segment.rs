//! `[branch_to_segment]`

use super::Problems;
use serde::{Deserialize, Serialize};

/// How events of the route are mapped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BranchToSegment {}

impl BranchToSegment {
    pub(super) fn check(&self, _problems: &mut Problems) {}
}
