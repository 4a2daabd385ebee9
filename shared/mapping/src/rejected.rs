//! Why an event is not sent.

use event::reasons::{IgnoreReason, ParkReason};
use std::borrow::Cow;
use std::fmt;

/// Why an event is not sent, with the rule that says so.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// The rule's id, such as `SB-025`.
    pub rule: &'static str,
    /// The input's path that decided, such as `integrations.Braze`.
    pub path: Cow<'static, str>,
    /// The reason, which also says whether the event is ignored or parked.
    pub reason: Reason,
}

/// Why an event is not sent, and what happens to it instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There is nothing to send.
    Ignore(IgnoreReason),
    /// The event cannot be sent as it is: a person must look at it.
    Park(ParkReason),
}

impl Rejected {
    /// There is nothing to send.
    pub(crate) const fn ignore(rule: &'static str, path: &'static str, reason: IgnoreReason) -> Self {
        Self {
            rule,
            path: Cow::Borrowed(path),
            reason: Reason::Ignore(reason),
        }
    }

    /// The event cannot be sent as it is.
    pub(crate) const fn park(rule: &'static str, path: &'static str, reason: ParkReason) -> Self {
        Self {
            rule,
            path: Cow::Borrowed(path),
            reason: Reason::Park(reason),
        }
    }

    /// The same, decided by the value at another path.
    #[must_use]
    pub(crate) fn at(self, path: String) -> Self {
        Self {
            path: Cow::Owned(path),
            ..self
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignore(reason) => write!(f, "ignored: {reason}"),
            Self::Park(reason) => write!(f, "parked: {reason}"),
        }
    }
}
