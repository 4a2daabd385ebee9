//! What happens to an event, and the closed lists of reasons.

use crate::reasons::{HoldKind, IgnoreReason, ParkReason, RetryClass, Warning};

/// What has become of one event at one destination. It alone decides what happens to its SQS message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has accepted everything that the event asked for.
    Delivered,
    /// Accepted, but something was repaired, left out or not certain on the way.
    Warned(Warning),
    /// There is nothing to do, by rule or by the user's settings.
    Ignored(IgnoreReason),
    /// Not done yet; it is tried again after so many seconds.
    Retry {
        /// Seconds until the next attempt.
        after: u32,
        /// What kind of failure makes it wait.
        class: RetryClass,
    },
    /// It can never be delivered as it is: set aside with the reason, for a person.
    Park(ParkReason),
    /// It waits until a person has repaired something.
    Hold(HoldKind),
}

impl Outcome {
    /// The word of log lines and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Warned(_) => "warned",
            Self::Ignored(_) => "ignored",
            Self::Retry { .. } => "retry",
            Self::Park(_) => "parked",
            Self::Hold(_) => "hold",
        }
    }

    /// The reason, class or kind, where there is one.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Delivered => None,
            Self::Warned(reason) => Some(reason.as_str()),
            Self::Ignored(reason) => Some(reason.as_str()),
            Self::Retry { class, .. } => Some(class.as_str()),
            Self::Park(reason) => Some(reason.as_str()),
            Self::Hold(kind) => Some(kind.as_str()),
        }
    }

    /// Whether the event still waits, in a queue, for another attempt.
    pub const fn is_waiting(self) -> bool {
        match self {
            Self::Retry { .. } | Self::Hold(_) => true,
            Self::Delivered | Self::Warned(_) | Self::Ignored(_) | Self::Park(_) => false,
        }
    }

    /// The outcome of an event whose calls have met these two (RD-022): the first of an ambiguous park, a hold, a retry,
    /// another park, a warning, an ignored one, a delivery. Of two retries the longer wait counts.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (
                Self::Retry {
                    after: mine,
                    class: my_class,
                },
                Self::Retry { after: theirs, class },
            ) => {
                if theirs > mine {
                    Self::Retry { after: theirs, class }
                } else {
                    Self::Retry {
                        after: mine,
                        class: my_class,
                    }
                }
            }
            _ if other.rank() < self.rank() => other,
            _ => self,
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Park(ParkReason::Ambiguous) => 0,
            Self::Hold(_) => 1,
            Self::Retry { .. } => 2,
            Self::Park(_) => 3,
            Self::Warned(_) => 4,
            Self::Delivered => 5,
            Self::Ignored(_) => 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_and_the_longest_wait_win() {
        crate::rules!["RD-022"];
        let ladder = [
            Outcome::Park(ParkReason::Ambiguous),
            Outcome::Hold(HoldKind::Credentials),
            Outcome::Retry {
                after: 5,
                class: RetryClass::Transient,
            },
            Outcome::Park(ParkReason::Rejected),
            Outcome::Warned(Warning::IdDerived),
            Outcome::Delivered,
        ];
        for (at, first) in ladder.into_iter().enumerate() {
            for second in ladder.into_iter().skip(at) {
                assert_eq!(first.join(second), first);
                assert_eq!(second.join(first), first);
            }
        }
        let (short, long) = (
            Outcome::Retry {
                after: 5,
                class: RetryClass::Transient,
            },
            Outcome::Retry {
                after: 90,
                class: RetryClass::RateLimited,
            },
        );
        assert_eq!(short.join(long), long);
        assert_eq!(long.join(short), long);
    }
}
