//! A message as SQS hands it over, opened alone (5.1): a bad one harms no other.

use crate::retry::NEWER_VERSION_MS;
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
    /// The id by which Lambda is told of it.
    pub message_id: String,
    /// The handle of this receive.
    pub receipt_handle: String,
    /// Its body, as text.
    pub body: String,
    /// How often this message was received, this time included.
    pub receive_count: u32,
    /// When this message was sent.
    pub sent_at: Option<Timestamp>,
}

/// What a record is, before anything is sent.
pub enum Opened<'r> {
    /// Its events are to be delivered.
    Deliver(Envelope<'r>),
    /// All its events have this outcome already.
    Settled(Envelope<'r>, Outcome),
    /// It is no envelope that can be opened: its body has this outcome as one.
    Sealed(Outcome),
}

/// Opens a record.
pub fn open<'r>(
    record: &'r Record,
    destination: Destination,
    settings: &Settings,
    now: Timestamp,
) -> Opened<'r> {
    let envelope = match Envelope::open(&record.body) {
        Ok(envelope) => envelope,
        Err(OpenError::Unreadable) => return Opened::Sealed(Outcome::Park(ParkReason::UnreadableMessage)),
        Err(OpenError::Newer) => {
            let since = record.sent_at.map_or(0, |sent| now.millis_since(sent));
            return Opened::Sealed(if since > NEWER_VERSION_MS {
                Outcome::Park(ParkReason::UnknownVersion)
            } else {
                Outcome::Retry {
                    after: crate::retry::PARK_FAILED_SECONDS,
                    class: RetryClass::NewerVersion,
                }
            });
        }
    };
    let head = &envelope.head;
    let outcome = match Route::between(head.source, destination) {
        _ if head.destination != destination => Some(Outcome::Park(ParkReason::Misrouted)),
        None => Some(Outcome::Park(ParkReason::Misrouted)),
        Some(route) if !settings.routes.is_on(route) => Some(Outcome::Ignored(IgnoreReason::RouteOff)),
        Some(_) => head.not_before.filter(|at| *at > now).map(|at| {
            let after = u32::try_from((at.millis_since(now) + 999) / 1000).unwrap_or(u32::MAX);
            Outcome::Retry {
                after,
                class: RetryClass::NotBefore,
            }
        }),
    };
    match outcome {
        Some(outcome) => Opened::Settled(envelope, outcome),
        None => Opened::Deliver(envelope),
    }
}
