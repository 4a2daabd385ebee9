//! What is known of a request while it is handled, and what is decided of it.

use crate::answer::ReceiptResult;
use crate::proof::Proof;
use event::Timestamp;
use event::reasons::{ParkReason, RefuseReason};

/// When and as what a request came, and how long its events may be sent.
pub(crate) struct Arrival {
    pub(crate) request_id: String,
    pub(crate) at: Timestamp,
    /// Bytes of the body as received.
    pub(crate) bytes: u64,
    /// Whether it names another version of Currents than 1 (RC-013).
    pub(crate) has_other_currents_version: bool,
    pub(crate) send_until: Timestamp,
    /// Whether it comes out of the fallback bucket.
    pub(crate) is_reingested: bool,
}

impl Arrival {
    /// The name of the request's objects. The platform's ids are safe in a key; anything else is not trusted to be.
    pub(crate) fn object_name(&self) -> String {
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        };
        let id: String = self.request_id.chars().take(128).map(safe).collect();
        format!("{}-{id}", self.at)
    }
}

/// Why nothing of a request counts as taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) reason: RefuseReason,
    /// Whether SQS may hold its events all the same: an answer did not arrive.
    pub(crate) maybe_queued: bool,
}

impl From<RefuseReason> for Refusal {
    fn from(reason: RefuseReason) -> Self {
        Self {
            reason,
            maybe_queued: false,
        }
    }
}

/// What is decided of a request and its events. Of what is received, everything is queued, ignored, parked or refused (RP-030).
pub(crate) struct Decision {
    pub(crate) result: ReceiptResult,
    /// What proved the sender, as far as the request came to that.
    pub(crate) proof: Option<Proof>,
    /// Events in the request; a body that cannot be read counts 1.
    pub(crate) received: u64,
    /// Events queued for every destination.
    pub(crate) queued: u64,
    /// Events of a source without an enabled route.
    pub(crate) ignored: u64,
    /// Events kept in the fallback bucket.
    pub(crate) spilled: u64,
    /// How many events are parked, by reason.
    pub(crate) parked: Vec<(ParkReason, u64)>,
    /// Whether SQS may hold its events although it is refused.
    pub(crate) maybe_queued: bool,
    /// Whether a panic was caught.
    pub(crate) is_panic: bool,
}

impl Decision {
    /// It is the sender's, and what is in it is safe.
    pub(crate) const fn accepted(received: u64, proof: Proof) -> Self {
        Self {
            result: ReceiptResult::Accepted,
            proof: Some(proof),
            received,
            queued: 0,
            ignored: 0,
            spilled: 0,
            parked: Vec::new(),
            maybe_queued: false,
            is_panic: false,
        }
    }

    /// A body whose sender nothing proves, set aside all the same.
    pub(crate) fn kept(parked: Vec<(ParkReason, u64)>) -> Self {
        Self {
            result: ReceiptResult::Parked,
            parked,
            ..Self::refused(RefuseReason::QueueUnavailable, 1, None)
        }
    }

    /// None of them is taken.
    pub(crate) fn refused(refusal: impl Into<Refusal>, received: u64, proof: Option<Proof>) -> Self {
        let Refusal { reason, maybe_queued } = refusal.into();
        Self {
            result: ReceiptResult::Refused(reason),
            proof,
            received,
            queued: 0,
            ignored: 0,
            spilled: 0,
            parked: Vec::new(),
            maybe_queued,
            is_panic: false,
        }
    }

    /// The same with these of its events parked.
    pub(crate) fn with_parked(self, parked: Vec<(ParkReason, u64)>) -> Self {
        let result = if parked.is_empty() {
            self.result
        } else {
            ReceiptResult::Parked
        };
        Self {
            result,
            parked,
            ..self
        }
    }

    /// The same request, kept in the fallback bucket instead of refused.
    pub(crate) fn spilled(self) -> Self {
        Self {
            result: ReceiptResult::Spilled,
            spilled: self.received,
            ..self
        }
    }

    /// Why it is refused, if it is.
    pub(crate) const fn refusal(&self) -> Option<RefuseReason> {
        match self.result {
            ReceiptResult::Refused(reason) => Some(reason),
            ReceiptResult::Accepted | ReceiptResult::Parked | ReceiptResult::Spilled => None,
        }
    }

    pub(crate) fn parked_events(&self) -> u64 {
        self.parked.iter().map(|(_, count)| count).sum()
    }

    /// Received less what became of it: anything but 0 is a fault of ours (RP-032).
    pub(crate) fn conservation_gap(&self) -> f64 {
        let refused = if self.refusal().is_some() {
            self.received
        } else {
            0
        };
        self.received as f64
            - (self.queued + self.ignored + self.parked_events() + self.spilled + refused) as f64
    }
}
