//! What one event asks of a destination. Made by `mapping`, packed and sent by `delivery`; neither knows the other.
//!
//! All texts here are customer data: none of these types can be printed.

mod braze;

pub use braze::{
    BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, Method, SubscriberKind, SubscriptionEntry, UserKey,
    subscription_entries, write_braze_body,
};

use crate::reasons::{IgnoreReason, ParkReason, Warning};
use crate::{EventId, Timestamp};

/// What the mapping says of one event.
///
/// It holds a payload, so it cannot be printed:
/// ```compile_fail,E0277
/// fn print(mapped: event::calls::Mapped<event::calls::SegmentCall>) -> String {
///     format!("{mapped:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn print(calls: (event::calls::BrazeCall, event::calls::BranchCall, event::calls::SegmentCall)) -> String {
///     format!("{calls:?}")
/// }
/// ```
pub struct Mapped<C> {
    /// The event's id, given or derived.
    pub id: EventId,
    /// What is to be done.
    pub verdict: Verdict<C>,
    /// What the user's own rules did with it before.
    pub own_rules: OwnRules,
}

/// What the user's own rules did with an event before it was mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OwnRules {
    /// Nothing: it was mapped as it was received.
    #[default]
    Unchanged,
    /// They changed it.
    Changed,
    /// The row of this name dropped it.
    DroppedBy(String),
}

/// What is to be done with one event.
pub enum Verdict<C> {
    /// These calls are to be sent, in this order; none is an empty list.
    Deliver {
        /// What is asked of the destination.
        calls: Vec<C>,
        /// What was repaired or left out, each once, in the order of the route's list.
        warnings: Vec<Warning>,
    },
    /// There is nothing to do.
    Ignore(IgnoreReason),
    /// It can never be delivered as it is.
    Park(ParkReason),
}

impl<C> Mapped<C> {
    /// The same with calls of another type.
    pub fn map<D>(self, mut change: impl FnMut(C) -> D) -> Mapped<D> {
        let verdict = match self.verdict {
            Verdict::Deliver { calls, warnings } => Verdict::Deliver {
                calls: calls.into_iter().map(&mut change).collect(),
                warnings,
            },
            Verdict::Ignore(reason) => Verdict::Ignore(reason),
            Verdict::Park(reason) => Verdict::Park(reason),
        };
        Mapped {
            id: self.id,
            verdict,
            own_rules: self.own_rules,
        }
    }
}

/// One event for Branch: one request.
pub struct BranchCall {
    /// Which of the two endpoints.
    pub endpoint: BranchEndpoint,
    /// The request body without `branch_key`: a JSON object that is never empty.
    pub body: String,
    /// `user_data.ip`, for the header of SR-307.
    pub ip: Option<String>,
    /// The event's own time, where it is usable (SR-316).
    pub timestamp: Option<Timestamp>,
    /// The user whose calls must stay in order, if the event names one.
    pub user: Option<UserKey>,
}

/// The endpoints of Branch's v2 event API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BranchEndpoint {
    /// Events whose names Branch defines.
    Standard,
    /// All others.
    Custom,
}

impl BranchEndpoint {
    /// The path of the endpoint.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Standard => "/v2/event/standard",
            Self::Custom => "/v2/event/custom",
        }
    }
}

/// One element of a Segment batch.
pub struct SegmentCall {
    /// The element: a JSON object with `type` and `messageId`.
    pub body: String,
    /// Segment drops a second event with the same one.
    pub message_id: String,
    /// Whether `body` has no `timestamp`; delivery then adds the time of receipt (SEG-006).
    pub lacks_timestamp: bool,
    /// Which of several write keys it is for (SEG-020).
    pub platform: Option<Platform>,
    /// The user whose calls must stay in order, if the event names one.
    pub user: Option<UserKey>,
}

/// Where an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    /// An iOS app.
    Ios,
    /// An Android app.
    Android,
    /// A web site.
    Web,
}

impl Platform {
    /// The name in `write_keys` of Segment's secret, in `app_ids` of the settings, and as the source of ecommerce events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Web => "web",
        }
    }
}
