//! Why an event is not sent.

use event::reasons::{IgnoreReason, ParkReason};
use std::borrow::Cow;
use std::fmt;

/// Why an event is not sent, with the rule that says so.
pub struct Closed {
    /// The rule's id.
    pub rule: &'static str,
    /// The path of what decided.
    pub path: Cow<'static, str>,
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
    pub const fn ignored(rule: &'static str, path: &'static str, reason: IgnoreReason) -> Self {
        Self {
            rule,
            path: Cow::Borrowed(path),
            fate: ClosedFate::Ignored(reason),
        }
    }

    /// It can never be sent.
    pub const fn parked(rule: &'static str, path: &'static str, reason: ParkReason) -> Self {
        Self {
            rule,
            path: Cow::Borrowed(path),
            fate: ClosedFate::Parked(reason),
        }
    }

    /// The same, decided by what stands at another path.
    #[must_use]
    pub fn at(self, path: String) -> Self {
        Self {
            path: Cow::Owned(path),
            ..self
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
