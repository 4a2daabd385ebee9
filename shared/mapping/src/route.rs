//! The steps that every route takes with an event: open, id, gate, calls, warnings.

use crate::Trace;
use crate::own_rules::{self, Changed};
use crate::rejected::{Reason, Rejected};
use event::calls::{Mapped, OwnRules, Verdict};
use event::json::{Index, Json};
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::{Row, Settings};
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

    /// The user's own rules.
    fn rows(settings: &Settings) -> &[Row];

    /// Why the event would go round in a circle, whatever own rules make of it.
    fn looped(event: &Self::Received<'_>, settings: &Settings) -> Option<Rejected>;

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
    let mut changed = ChangedEvent::default();
    let event = index.read(&unfolded).ok();
    let opened = event.and_then(|event| open::<M>(text, event, &mut changed, settings, trace));
    let Opened {
        given,
        event,
        own_rules,
    } = opened.unwrap_or_else(|| Opened {
        given: None,
        event: Err(malformed::<M>()),
        own_rules: OwnRules::Unchanged,
    });
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
        .and_then(|event| M::gate(event, settings, trace))
        .and_then(|event| M::calls(event, &arrival, settings, trace));
    let verdict = match calls {
        Ok(calls) => Verdict::Deliver {
            calls,
            warnings: [M::WARNINGS, &[Warning::NotConverted]]
                .iter()
                .flat_map(|order| trace.warnings(order))
                .collect(),
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
        own_rules,
    }
}

const fn malformed<M: Mapping>() -> Rejected {
    Rejected::park(M::MALFORMED, "$", ParkReason::MalformedEvent)
}

/// An event as it goes to the gate.
struct Opened<R> {
    /// The id that the source gave it, whatever own rules write.
    given: Option<EventId>,
    event: Result<R, Rejected>,
    own_rules: OwnRules,
}

/// Where the event is kept that own rules made of the received one.
#[derive(Default)]
struct ChangedEvent {
    text: String,
    unfolded: String,
    index: Index,
}

/// Opens an event, and changes it by the user's own rules if there are any. `None` if it is no JSON object.
fn open<'a, M: Mapping>(
    text: &str,
    event: Json<'a>,
    kept: &'a mut ChangedEvent,
    settings: &Settings,
    trace: &mut Trace,
) -> Option<Opened<M::Received<'a>>> {
    let rows = M::rows(settings);
    if rows.is_empty() {
        let event = M::open(event, trace)?;
        return Some(Opened {
            given: M::id(&event, settings),
            event: Ok(event),
            own_rules: OwnRules::Unchanged,
        });
    }
    // What the received event warns of counts only if it is the one that is mapped.
    let mut of_received = trace.empty();
    let received = M::open(event, &mut of_received)?;
    let given = M::id(&received, settings);
    // Rows see the event as its source sent it.
    let mut index = Index::default();
    let sent = index.read(text).ok()?;
    let (event, own_rules) = match M::looped(&received, settings) {
        Some(looped) => (Err(looped), OwnRules::Unchanged),
        None => match own_rules::changed(rows, sent, trace) {
            Changed::Nothing => {
                trace.append(of_received);
                (Ok(received), OwnRules::Unchanged)
            }
            Changed::Dropped(row) => {
                let dropped = Rejected::ignore("OR-035", "$", IgnoreReason::OwnRule);
                (Err(dropped), OwnRules::DroppedBy(row.to_owned()))
            }
            Changed::Event(text) => {
                trace.keep_changed(&text);
                kept.text = text;
                let changed = match M::unfold(&kept.text, settings) {
                    Cow::Borrowed(text) => kept.index.read(text).ok(),
                    Cow::Owned(unfolded) => {
                        kept.unfolded = unfolded;
                        kept.index.read(&kept.unfolded).ok()
                    }
                };
                let opened = changed.and_then(|changed| M::open(changed, trace));
                (opened.ok_or_else(malformed::<M>), OwnRules::Changed)
            }
        },
    };
    Some(Opened {
        given,
        event,
        own_rules,
    })
}
