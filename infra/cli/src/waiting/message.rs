//! One message of the parked queue or of a dead-letter queue, opened.

use event::envelope::{Envelope, OpenError, Parked};
use event::settings::Settings;
use event::{Destination, EventId, Route, Source, Timestamp};
use telemetry::LoggedId;

use crate::account::Received;

/// What a message holds.
pub(crate) enum Content<'m> {
    /// A parked event, or a parked body.
    Parked(Box<Parked<'m>>),
    /// A dead letter: the events of one message of a destination's queue.
    DeadLetter(Box<Envelope<'m>>),
    /// A dead letter of the queue of Currents files, which goes back as it is (CF-089).
    DeadFile(&'m str),
    /// Nothing that this version can read.
    Unreadable(OpenError),
}

/// A message, with what it is listed and selected by.
pub(crate) struct Waiting<'m> {
    pub(crate) content: Content<'m>,
    /// Why it was parked, such as `rejected`; `dead_letter` for a dead letter.
    pub(crate) reason: &'static str,
    pub(crate) source: Option<Source>,
    pub(crate) destination: Option<Destination>,
    /// When it was parked; of a dead letter, when it was first queued.
    pub(crate) since: Option<Timestamp>,
    /// The ids of its events, as log lines have them; none of what cannot be read.
    pub(crate) ids: Vec<Id>,
}

/// The id of an event.
pub(crate) struct Id {
    /// As the vendor gave it.
    given: EventId,
    /// As log lines have it: a hash, if it may be an address.
    pub(crate) logged: LoggedId,
}

impl Id {
    pub(crate) fn is(&self, asked: &str) -> bool {
        self.given.as_str() == asked || self.logged.as_str() == asked
    }
}

impl<'m> Waiting<'m> {
    pub(crate) fn open(message: &'m Received, is_dead_letter: bool, settings: &Settings) -> Self {
        let since = message.sent_at();
        if is_dead_letter {
            return match Envelope::open(&message.body) {
                Ok(envelope) => Self::dead_letter(envelope, since, settings),
                Err(error) => match currents::message::open(&message.body) {
                    currents::message::Opened::Work(_) => Self {
                        source: Some(Source::Braze),
                        destination: Some(Destination::Segment),
                        ..Self::of(Content::DeadFile(&message.body), DEAD_LETTER, since)
                    },
                    _ => Self::of(Content::Unreadable(error), DEAD_LETTER, since),
                },
            };
        }
        match Parked::open(&message.body) {
            Ok(parked) => Self::parked(parked, settings),
            Err(error) => Self::of(Content::Unreadable(error), UNREADABLE, since),
        }
    }

    fn dead_letter(envelope: Envelope<'m>, since: Option<Timestamp>, settings: &Settings) -> Self {
        let (source, destination) = (envelope.head.source, envelope.head.destination);
        let events = envelope.events.iter().map(|event| event.get());
        Self {
            reason: DEAD_LETTER,
            source: Some(source),
            destination: Some(destination),
            since,
            ids: events
                .filter_map(|event| id(source, Some(destination), event, settings))
                .collect(),
            content: Content::DeadLetter(Box::new(envelope)),
        }
    }

    fn parked(parked: Parked<'m>, settings: &Settings) -> Self {
        let event = match (&parked.content, parked.source) {
            (event::envelope::Content::Event(event), Some(source)) => Some((source, event.get())),
            _ => None,
        };
        let id = event.and_then(|(source, event)| id(source, parked.destination, event, settings));
        Self {
            reason: parked.reason.as_str(),
            source: parked.source,
            destination: parked.destination,
            since: Some(parked.at),
            ids: id.into_iter().collect(),
            content: Content::Parked(Box::new(parked)),
        }
    }

    /// What has no source, destination or ids.
    fn of(content: Content<'m>, reason: &'static str, since: Option<Timestamp>) -> Self {
        Self {
            content,
            reason,
            source: None,
            destination: None,
            since,
            ids: Vec::new(),
        }
    }

    /// The key of the object in the fallback bucket that holds its content, if one does.
    pub(crate) fn object(&self) -> Option<&str> {
        match &self.content {
            Content::Parked(parked) => match &parked.content {
                event::envelope::Content::Object(key) => Some(key),
                _ => None,
            },
            _ => None,
        }
    }

    /// Its route, such as `segment_to_braze`; what was parked at receipt has none yet.
    pub(crate) fn route(&self) -> Option<Route> {
        Route::between(self.source?, self.destination?)
    }
}

/// What is listed as the reason of a dead letter.
const DEAD_LETTER: &str = "dead_letter";
/// What is listed as the reason of a message of the parked queue that is none of ours.
const UNREADABLE: &str = "unreadable";

/// The id that the functions give an event. It is the same on every route of a source.
fn id(source: Source, destination: Option<Destination>, event: &str, settings: &Settings) -> Option<Id> {
    let is_route = |route: &Route| {
        route.source() == source && destination.is_none_or(|destination| route.destination() == destination)
    };
    let route = Route::ALL.into_iter().find(is_route)?;
    let given = mapping::event_id(route, event, settings);
    let logged = LoggedId::of(source.as_str(), given.as_str(), true);
    Some(Id { given, logged })
}
