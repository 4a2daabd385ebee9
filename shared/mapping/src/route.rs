//! The steps that every route takes with an event: open, id, gate, calls, warnings.

use crate::Trace;
use crate::own_rules::{self, Changed};
use crate::rejected::{Reason, Rejected};
use event::calls::{Mapped, OwnRules, Verdict};
use event::json::{Index, Json};
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::{Row, Settings};
use event::{EventId, Source, Timestamp};
use std::cell::Cell;

/// What one route does in each of the steps.
pub(crate) trait Mapping {
    /// Where the events come from.
    const SOURCE: Source;
    /// The rule that parks what is no JSON object.
    const MALFORMED: &'static str;
    /// The rule that takes the id that the source gave an event.
    const GIVEN: &'static str;
    /// The rule that derives the id of an event that has none.
    const DERIVED: &'static str;
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

    /// The text of the event with the values that its JSON texts stand for, where the route's rules name them (FM-006); `None` if
    /// it has none.
    fn unfold(_: Json<'_>, _: &Settings) -> Option<String> {
        None
    }

    /// Records which texts [`Self::unfold`] reads as the values that they stand for.
    fn record_unfolded(_: Json<'_>, _: &Settings, _: &mut Trace) {}

    /// The user's own rules.
    fn rows(settings: &Settings) -> &[Row];

    /// Why the event would loop, whatever own rules make of it.
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
pub(crate) struct Arrival {
    pub id: EventId,
    /// Whether the id was derived from the event's bytes because the source gave none.
    pub is_derived: bool,
    /// The bytes of its text.
    pub length: usize,
    /// When Switchyard received it, where that is known.
    pub received_at: Option<Timestamp>,
}

/// Maps one event. `text` is the event as received: any one JSON value.
pub(crate) fn map<M: Mapping>(
    text: &str,
    received_at: Option<Timestamp>,
    settings: &Settings,
    trace: &mut Trace,
) -> Mapped<M::Call> {
    let mut indexes = Indexes::take();
    let mapped = map_with::<M>(&mut indexes, text, received_at, settings, trace);
    indexes.put_back();
    mapped
}

fn map_with<M: Mapping>(
    indexes: &mut Indexes,
    text: &str,
    received_at: Option<Timestamp>,
    settings: &Settings,
    trace: &mut Trace,
) -> Mapped<M::Call> {
    let Indexes {
        received,
        of_unfolded,
        changed,
    } = indexes;
    let sent = received.read(text).ok();
    let unfolded = sent.and_then(|sent| M::unfold(sent, settings));
    // What the received event warns of counts only if it is the one that is mapped.
    let mut of_received = trace.empty();
    let event = match &unfolded {
        Some(unfolded) => {
            record_unfolded::<M>(sent, settings, &mut of_received);
            of_unfolded.read(unfolded).ok()
        }
        None => sent,
    };
    let event = event.and_then(|json| Some((json, M::open(json, &mut of_received)?)));
    let given = event.as_ref().and_then(|(_, event)| M::id(event, settings));
    let mut own_rules = OwnRules::Unchanged;
    let event = match event {
        Some((json, event)) => {
            // Rows see the event as its source sent it.
            let seen = sent.unwrap_or(json);
            let met = own_rules::met(M::rows(settings), seen);
            if met.is_empty() {
                trace.append(of_received);
                Ok(event)
            } else if let Some(looped) = M::looped(&event, settings) {
                // Before any row does something; without one the gate tries the loop rules.
                Err(looped)
            } else {
                match own_rules::changed(met, seen, &mut changed.index, trace) {
                    Changed::Nothing => {
                        trace.append(of_received);
                        Ok(event)
                    }
                    Changed::Event => {
                        own_rules = OwnRules::Changed;
                        changed.open::<M>(settings, trace)
                    }
                    Changed::Dropped(row) => {
                        own_rules = OwnRules::DroppedBy(row.to_owned());
                        Err(Rejected::ignore("OR-035", "$", IgnoreReason::OwnRule))
                    }
                }
            }
        }
        None => Err(malformed::<M>()),
    };
    let arrival = Arrival {
        is_derived: given.is_none(),
        id: given.unwrap_or_else(|| EventId::derived(M::SOURCE, text)),
        length: text.len(),
        received_at,
    };
    if !arrival.is_derived && event.is_ok() {
        trace.record(M::GIVEN, || (M::ID.into(), "the event's id".into()));
    }
    if arrival.is_derived {
        trace.warn(M::DERIVED, Warning::IdDerived, || M::ID.into());
    }
    let calls = event
        .and_then(|event| M::gate(event, settings, trace))
        .and_then(|event| M::calls(event, &arrival, settings, trace));
    Mapped {
        verdict: verdict::<M>(calls, trace),
        id: arrival.id,
        own_rules,
    }
}

/// Records which texts were read as the values that they stand for, if somebody wants to know.
fn record_unfolded<M: Mapping>(sent: Option<Json<'_>>, settings: &Settings, trace: &mut Trace) {
    if let Some(sent) = sent.filter(|_| trace.explains()) {
        M::record_unfolded(sent, settings, trace);
    }
}

const fn malformed<M: Mapping>() -> Rejected {
    Rejected::park(M::MALFORMED, "$", ParkReason::MalformedEvent)
}

fn verdict<M: Mapping>(calls: Result<Vec<M::Call>, Rejected>, trace: &mut Trace) -> Verdict<M::Call> {
    match calls {
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
    }
}

/// The most bytes that [`Indexes`] keep from event to event.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

thread_local! {
    /// Those of the last event of this thread: most events need no more room than the one before.
    static KEPT: Cell<Option<Box<Indexes>>> = const { Cell::new(None) };
}

/// Where the texts of an event are read.
#[derive(Default)]
struct Indexes {
    /// As it was received.
    received: Index,
    /// With the values that its JSON texts stand for, if it has any.
    of_unfolded: Index,
    /// As own rules have changed it.
    changed: ChangedEvent,
}

#[derive(Default)]
struct ChangedEvent {
    index: Index,
    /// With the values that its JSON texts stand for, if it has any.
    unfolded: String,
    of_unfolded: Index,
}

impl Indexes {
    /// Those of the last event, unless its mapping panicked or it was uncommonly large.
    fn take() -> Box<Self> {
        KEPT.take().unwrap_or_default()
    }

    fn put_back(self: Box<Self>) {
        let sizes = [
            &self.received,
            &self.of_unfolded,
            &self.changed.index,
            &self.changed.of_unfolded,
        ];
        if sizes.into_iter().map(Index::capacity).sum::<usize>() <= MAX_KEPT_BYTES {
            KEPT.set(Some(self));
        }
    }
}

impl ChangedEvent {
    fn open<'a, M: Mapping>(
        &'a mut self,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<M::Received<'a>, Rejected> {
        let changed = self.index.written();
        trace.keep_changed(changed.raw());
        let event = match M::unfold(changed, settings) {
            None => Some(changed),
            Some(unfolded) => {
                record_unfolded::<M>(Some(changed), settings, trace);
                self.unfolded = unfolded;
                self.of_unfolded.read(&self.unfolded).ok()
            }
        };
        event
            .and_then(|event| M::open(event, trace))
            .ok_or_else(malformed::<M>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Route;

    /// The bytes that a thread keeps of one event's indexes: of the received text, and of all that rows need.
    fn kept(route: Route, event: &str, settings: &str) -> (usize, usize) {
        let settings = Settings::load(settings).unwrap();
        let mapped = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                crate::printed::print(route, event, &settings, false);
                KEPT.take().unwrap()
            });
            thread.join().unwrap()
        });
        let of_rows = [&mapped.changed.index, &mapped.changed.of_unfolded];
        let of_rows = of_rows.into_iter().map(Index::capacity).sum::<usize>();
        (
            mapped.received.capacity(),
            of_rows + mapped.changed.unfolded.capacity(),
        )
    }

    #[test]
    fn without_rows_nothing_is_read_or_written_for_them() {
        event::rules!["OR-006", "OR-095"];
        for (route, event) in [
            (
                Route::SegmentToBraze,
                r#"{"type":"track","messageId":"m","userId":"u","timestamp":"2026-02-03T10:00:00Z","event":"E","properties":{"a":1}}"#,
            ),
            (
                Route::SegmentToBranch,
                r#"{"type":"track","messageId":"m","userId":"u","event":"Order Completed","properties":{"products":"[{\"price\":5}]"}}"#,
            ),
            (
                Route::BranchToSegment,
                r#"{"name":"PURCHASE","id":"b","user_data":{"developer_identity":"u"},"custom_data":"{\"a\":1}"}"#,
            ),
            (
                Route::BrazeToSegment,
                r#"{"id":"z","event_type":"users.messages.email.Open","time":1760003605,"user":{"external_user_id":"u"}}"#,
            ),
        ] {
            let (received, of_rows) = kept(route, event, "");
            assert!(received > 0, "{event}");
            assert_eq!(of_rows, 0, "{event}");
            let other = Route::ALL.into_iter().find(|other| *other != route).unwrap();
            let rows = |route: Route| format!("[[{route}.rules]]\nset = {{ added = 1 }}\n");
            assert_eq!(kept(route, event, &rows(other)).1, 0, "rows of {other}: {event}");
            assert!(kept(route, event, &rows(route)).1 > 0, "{event}");
        }
    }
}
