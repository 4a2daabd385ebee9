//! Why an event is not sent.

use event::reasons::{IgnoreReason, ParkReason};
use std::fmt;

/// Why an event is not sent, with the rule that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// The rule's id.
    pub rule: &'static str,
    /// What becomes of the event.
    pub fate: ClosedFate,
}

/// What becomes of an event that is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedFate {
    /// There is nothing to do.
    Ignored(IgnoreReason),
    /// It can never be sent.
    Parked(ParkReason),
}

impl Closed {
    /// There is nothing to do.
    pub const fn ignored(rule: &'static str, reason: IgnoreReason) -> Self {
        Self {
            rule,
            fate: ClosedFate::Ignored(reason),
        }
    }

    /// It can never be sent.
    pub const fn parked(rule: &'static str, reason: ParkReason) -> Self {
        Self {
            rule,
            fate: ClosedFate::Parked(reason),
        }
    }
}

impl fmt::Display for ClosedFate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored(reason) => write!(f, "ignored: {reason}"),
            Self::Parked(reason) => write!(f, "parked: {reason}"),
        }
    }
}
