//! `[delivery]`

use super::{Problems, Span};
use serde::{Deserialize, Serialize};

/// What holds for all destinations.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// Age at which an event held for Braze or Segment is parked (RD-088).
    pub hold_horizon: Span,
    /// Seconds an invocation pauses that may not send (RD-093); 0 for local runs only.
    pub pause_s: u64,
}

/// The longest that an event is held for a person: SQS keeps a message for twelve days (RD-088).
pub(super) const MAX_HOLD_HORIZON: Span = Span::seconds(10 * 86400);

impl Default for Delivery {
    fn default() -> Self {
        Self {
            hold_horizon: MAX_HOLD_HORIZON,
            pause_s: 20,
        }
    }
}

impl Delivery {
    pub(super) fn check(&self, problems: &mut Problems) {
        let day = Span::seconds(86400);
        problems.range("delivery.hold_horizon", self.hold_horizon, day, MAX_HOLD_HORIZON);
        problems.range("delivery.pause_s", self.pause_s, 0, 40);
    }
}
