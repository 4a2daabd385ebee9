//! A message as SQS hands it over, opened alone (5.1): a bad one harms no other.

use crate::backoff::{NEWER_VERSION_MS, ahead, park_failed, seconds_until};
use event::envelope::{Envelope, OpenError};
use event::reasons::{IgnoreReason, ParkReason, RetryClass};
use event::settings::Settings;
use event::{Destination, Outcome, Route, Timestamp};

/// One record of an invocation.
///
/// It holds payloads, so it cannot be printed:
/// ```compile_fail,E0277
/// fn print(record: delivery::Record) -> String {
///     format!("{record:?}")
/// }
/// ```
pub struct Record {
    /// The id that the answer to Lambda names it by.
    pub message_id: String,
    /// What SQS wants back to change the visibility of this receive.
    pub receipt_handle: String,
    /// Its body, as text.
    pub body: String,
    /// How often this message was received, this time included.
    pub receive_count: u32,
    /// When this message was sent.
    pub sent_at: Option<Timestamp>,
}

/// What a record is, before anything is sent.
pub(crate) enum Opening<'r> {
    /// Its events are to be delivered.
    Deliver(Envelope<'r>),
    /// All its events have this outcome already.
    AlreadyDecided(Envelope<'r>, Outcome),
    /// It is no envelope that can be opened: its body has this outcome as one.
    Unreadable(Outcome),
}

/// A record with what it holds.
pub(crate) struct OpenedRecord<'r> {
    /// As SQS handed it over.
    pub record: &'r Record,
    pub opening: Opening<'r>,
}

impl<'r> OpenedRecord<'r> {
    pub(crate) fn open(
        record: &'r Record,
        destination: Destination,
        settings: &Settings,
        now: Timestamp,
    ) -> Self {
        let opening = match Envelope::open(&record.body) {
            Ok(envelope) => match decided(&envelope, destination, settings, now) {
                Some(outcome) => Opening::AlreadyDecided(envelope, outcome),
                None => Opening::Deliver(envelope),
            },
            Err(OpenError::Unreadable) => Opening::Unreadable(Outcome::Park(ParkReason::UnreadableMessage)),
            Err(OpenError::Newer) => {
                let since = record.sent_at.map_or(0, |sent| now.millis_since(sent));
                Opening::Unreadable(if since > NEWER_VERSION_MS {
                    Outcome::Park(ParkReason::UnknownVersion)
                } else {
                    Outcome::Retry {
                        after: park_failed(record.receive_count),
                        class: RetryClass::NewerVersion,
                    }
                })
            }
        };
        Self { record, opening }
    }

    /// Its envelope, if it could be opened.
    pub(crate) fn envelope(&self) -> Option<&Envelope<'r>> {
        match &self.opening {
            Opening::Deliver(envelope) | Opening::AlreadyDecided(envelope, _) => Some(envelope),
            Opening::Unreadable(_) => None,
        }
    }

    /// The outcome of a body that could not be opened.
    pub(crate) const fn unreadable(&self) -> Option<Outcome> {
        match self.opening {
            Opening::Unreadable(outcome) => Some(outcome),
            Opening::Deliver(_) | Opening::AlreadyDecided(..) => None,
        }
    }

    /// How often its events were received, in all messages that held them.
    pub(crate) fn receives(&self) -> u32 {
        let before = self.envelope().map_or(0, |envelope| envelope.head.attempt);
        before.saturating_add(self.record.receive_count)
    }
}

/// The outcome of all events of an envelope that is not delivered now.
fn decided(
    envelope: &Envelope<'_>,
    destination: Destination,
    settings: &Settings,
    now: Timestamp,
) -> Option<Outcome> {
    let head = &envelope.head;
    match Route::between(head.source, destination) {
        _ if head.destination != destination => Some(Outcome::Park(ParkReason::Misrouted)),
        None => Some(Outcome::Park(ParkReason::Misrouted)),
        Some(route) if !settings.routes.is_on(route) => Some(Outcome::Ignored(IgnoreReason::RouteOff)),
        Some(_) => ahead(head.not_before, now).map(|at| Outcome::Retry {
            after: seconds_until(at, now),
            class: RetryClass::NotBefore,
        }),
    }
}
