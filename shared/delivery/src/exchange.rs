//! One request and its response, as a destination writes the one and reads the other. No I/O, and no clock but what it is given.

use crate::destination::BatchOf;
use crate::http::{Request, Response};
use crate::planner::Planner;
use event::Timestamp;
use event::reasons::{HoldKind, ParkReason, RetryClass, Warning};
use std::collections::BTreeMap;

/// Writes the request of a batch, and reads what the vendor answers.
pub trait Exchange: Planner {
    /// The request of a batch. Without a time it is only shown, and not sent: what only the moment of sending knows is a word
    /// in angle brackets.
    fn request(&self, batch: &BatchOf<Self>, key: &str, now: Option<Timestamp>) -> Request;

    /// What a response means for a batch.
    fn read(&self, batch: &BatchOf<Self>, response: &Response) -> Reading;

    /// When a failed response asks to come back.
    fn retry_after(&self, response: &Response, now: Timestamp) -> Option<RetryAfter>;

    /// Until when a success asks for a pause, because the rate limit is spent.
    fn spent_until(&self, _: &Response, _now: Timestamp) -> Option<Timestamp> {
        None
    }

    /// What is done with an item that was sent and not answered.
    fn ambiguous(&self, item: &Self::Item) -> Ambiguous;

    /// Whether a refused item leaves its event delivered, with a warning.
    fn only_warns_of_refused_items(&self) -> bool {
        false
    }
}

/// What a response means for the batch that it answers.
pub enum Reading {
    /// All items are accepted but those named.
    Accepted {
        /// Places of refused items, with what the destination says of each.
        refused: BTreeMap<usize, String>,
        /// What is said of every event of the batch.
        warning: Option<Warning>,
    },
    /// Accepted, but the response ends where it names what is refused: what it does not name may be.
    BreaksOff {
        /// Places of refused items, with what the destination says of each.
        refused: BTreeMap<usize, String>,
    },
    /// Nothing was accepted: a batch of several events is halved, the items of a single one are refused.
    Refused {
        /// Why.
        reason: ParkReason,
        /// What the destination says, at most 500 characters; customer data, never logged.
        detail: String,
        /// Whether that holds for every item, so that halves would be refused too.
        is_of_all: bool,
    },
    /// One item is not known there, and needs nothing: a batch of several calls is halved to find it.
    NothingToDo,
    /// The destination takes less than was planned: the batch is planned again.
    TooManyItems,
    /// A person has to act.
    Hold(HoldKind),
    /// Later.
    Retry(RetryClass),
}

/// When a destination asks to come back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryAfter {
    /// Seconds, within the destination's bounds.
    pub seconds: f64,
    /// Whether others of the pause group must wait too.
    pub pauses_group: bool,
}

/// What is done with an item that may have been accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguous {
    /// Sent again: twice changes nothing.
    Repeat,
    /// Sent again, though it may count twice.
    RepeatMayCountTwice,
    /// For a person to look up whether it arrived.
    Park,
}

/// What the status of a response says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Classification {
    /// Accepted, but for what the body names.
    Accepted,
    /// Nothing was accepted, and nothing would be later.
    Refused(ParkReason),
    /// A person has to act.
    Hold(HoldKind),
    /// Later.
    Retry(RetryClass),
}

impl Classification {
    /// The reading of a destination that says nothing of single items.
    pub(crate) fn reading(self, response: &Response) -> Reading {
        match self {
            Self::Accepted => Reading::Accepted {
                refused: BTreeMap::new(),
                warning: None,
            },
            Self::Refused(reason) => Reading::Refused {
                reason,
                detail: detail(response.status, &response.body),
                is_of_all: false,
            },
            Self::Hold(kind) => Reading::Hold(kind),
            Self::Retry(class) => Reading::Retry(class),
        }
    }
}

/// The longest text of a destination's response that a parked event carries, in characters.
const DETAIL_CHARACTERS: usize = 500;

/// What a destination said, for the person who looks at a parked event.
pub(crate) fn detail(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    format!("{status} {text}")
        .trim_end()
        .chars()
        .take(DETAIL_CHARACTERS)
        .collect()
}
