//! What is known of a request while it is handled, and what is decided of it.

use crate::answer::ReceiptResult;
use crate::proof::Proof;
use crate::send::Outgoing;
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

    /// What SQS has stored of the events, each of which goes to so many destinations. An event that is parked for all of them,
    /// or that each queue has, or that is parked for those whose queue has it not, is safe; what is not shows as a gap.
    pub(crate) fn stored(received: u64, destinations: usize, stored: &[Outgoing], proof: Proof) -> Self {
        let mut events = vec![(0, None); usize::try_from(received).unwrap_or_default()];
        for message in stored {
            let reaches = match message.parks {
                None | Some(ParkReason::QueueRefused) => 1,
                Some(_) => destinations,
            };
            for (reached, parks) in events.get_mut(message.events.clone()).unwrap_or_default() {
                *reached += reaches;
                *parks = message.parks.or(*parks);
            }
        }
        let mut decision = Self::accepted(received, proof);
        for (_, parks) in events.into_iter().filter(|(reached, _)| *reached == destinations) {
            let Some(reason) = parks else {
                decision.queued += 1;
                continue;
            };
            decision.result = ReceiptResult::Parked;
            match decision.parked.iter_mut().find(|(own, _)| *own == reason) {
                Some((_, count)) => *count += 1,
                None => decision.parked.push((reason, 1)),
            }
        }
        decision
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

#[cfg(test)]
mod tests {
    use super::*;
    use event::Destination;
    use event::envelope::{Auth, KeyAge};
    use event::ports::QueueName;
    use std::ops::Range;

    const PROOF: Proof = Proof {
        auth: Auth::Token,
        key: KeyAge::Current,
        unproven: 0,
    };

    fn queued(destination: Destination, events: Range<usize>) -> Outgoing {
        Outgoing {
            queue: QueueName::Destination(destination),
            parks: None,
            ..Outgoing::parking(ParkReason::TooDeep, String::new(), events)
        }
    }

    #[test]
    fn an_event_that_sqs_does_not_have_is_a_gap() {
        event::rules!["RP-030", "RP-032"];
        let parked = |reason, events| Outgoing::parking(reason, String::new(), events);
        let stored = [
            queued(Destination::Braze, 0..2),
            queued(Destination::Branch, 0..1),
            parked(ParkReason::QueueRefused, 1..2),
            parked(ParkReason::TooDeep, 2..3),
            queued(Destination::Braze, 3..7),
            queued(Destination::Branch, 3..7),
        ];
        let whole = Decision::stored(7, 2, &stored, PROOF);
        assert_eq!((whole.queued, whole.conservation_gap()), (5, 0.0));
        let reasons = [(ParkReason::QueueRefused, 1), (ParkReason::TooDeep, 1)];
        assert_eq!(whole.parked, reasons);
        // Whichever message a step forgets, its events are missing.
        for (forgotten, missing) in [2.0, 1.0, 1.0, 1.0, 4.0, 4.0].into_iter().enumerate() {
            let mut rest = stored.to_vec();
            rest.remove(forgotten);
            assert_eq!(Decision::stored(7, 2, &rest, PROOF).conservation_gap(), missing);
        }
    }
}
