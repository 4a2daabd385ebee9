//! The steps that every route takes with an event: open, id, gate, calls, warnings.

use crate::Trace;
use crate::rejected::{Reason, Rejected};
use event::calls::{Mapped, Verdict};
use event::json::{Index, Json};
use event::reasons::{ParkReason, Warning};
use event::settings::Settings;
use event::{EventId, Source, Timestamp};
use std::borrow::Cow;

/// What one route does in each of the steps.
pub trait Mapping {
    /// Where the events come from.
    const SOURCE: Source;
    /// The rule that parks what is no JSON object.
    const MALFORMED: &'static str;
    /// The key of an event's id.
    const ID: &'static str;
    /// The warnings in the order of the page's list of reasons.
    const WARNINGS: &'static [Warning];
    /// An event, opened as far as the rules look.
    type Received<'a>;
    /// An event that passed the gate, with what the gate found out.
    type Accepted<'a>;
    /// What the destination is sent.
    type Call;

    /// The event with the values that its JSON texts stand for, where the route's rules name them (FM-006).
    fn unfold<'e>(text: &'e str, _: &Settings) -> Cow<'e, str> {
        Cow::Borrowed(text)
    }

    /// Opens an event; `None` if it is no JSON object.
    fn open<'a>(event: Json<'a>, trace: &mut Trace) -> Option<Self::Received<'a>>;

    /// The id that the source gave the event, if it is usable.
    fn id(event: &Self::Received<'_>, settings: &Settings) -> Option<EventId>;

    /// Decides whether the event is sent at all.
    ///
    /// # Errors
    /// Why it is not.
    fn gate<'a>(
        event: Self::Received<'a>,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Self::Accepted<'a>, Rejected>;

    /// The calls that the event becomes.
    ///
    /// # Errors
    /// Why it cannot be sent.
    fn calls(
        event: Self::Accepted<'_>,
        arrival: &Arrival,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Vec<Self::Call>, Rejected>;
}

/// What is known of an event apart from its fields.
pub struct Arrival {
    /// Its id.
    pub id: EventId,
    /// Whether the id was derived from the event's bytes because the source gave none.
    pub is_derived: bool,
    /// The bytes of its text.
    pub length: usize,
    /// When Switchyard received it, where that is known.
    pub received_at: Option<Timestamp>,
}

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map<M: Mapping>(
    text: &str,
    received_at: Option<Timestamp>,
    settings: &Settings,
    trace: &mut Trace,
) -> Mapped<M::Call> {
    let mut index = Index::default();
    let unfolded = M::unfold(text, settings);
    let event = index.read(&unfolded).ok().and_then(|event| M::open(event, trace));
    let given = event.as_ref().and_then(|event| M::id(event, settings));
    let arrival = Arrival {
        is_derived: given.is_none(),
        id: given.unwrap_or_else(|| EventId::derived(M::SOURCE, text)),
        length: text.len(),
        received_at,
    };
    if arrival.is_derived {
        trace.warn(Warning::IdDerived, || M::ID.into());
    }
    let calls = event
        .ok_or(Rejected::park(M::MALFORMED, "$", ParkReason::MalformedEvent))
        .and_then(|event| M::gate(event, settings, trace))
        .and_then(|event| M::calls(event, &arrival, settings, trace));
    let verdict = match calls {
        Ok(calls) => Verdict::Deliver {
            calls,
            warnings: trace.warnings(M::WARNINGS),
        },
        Err(Rejected { rule, path, reason }) => {
            trace.record(rule, || (path.into_owned(), reason.to_string()));
            match reason {
                Reason::Ignore(reason) => Verdict::Ignore(reason),
                Reason::Park(reason) => Verdict::Park(reason),
            }
        }
    };
    Mapped {
        id: arrival.id,
        verdict,
    }
}
