//! One invocation from its records to its answer, in the order of RD-024.

mod settle;
mod telling;

use crate::deed::{Deed, of_opened, of_sealed, wait};
use crate::http::Http;
use crate::job::{Context, Counts, Fate, Job, Messenger, StopLine};
use crate::record::{Opened, Record, open};
use event::calls::{Mapped, Verdict};
use event::envelope::Envelope;
use event::ports::{Queue, Visibility};
use event::reasons::{ParkReason, RetryClass, Warning};
use event::settings::Settings;
use event::{Clock, Destination, EventId, Outcome, Random, Source, Timestamp};
use futures_util::FutureExt;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use telemetry::Sink;

/// Requests stop this long before the invocation's deadline, in milliseconds (RD-100).
const STOP_BEFORE_DEADLINE_MS: i64 = 2000;

/// The ports of a deliverer.
pub struct Ports<Q, H, C, R, K> {
    /// SQS.
    pub queue: Q,
    /// HTTP out.
    pub http: H,
    /// The time.
    pub clock: C,
    /// Chance.
    pub random: R,
    /// Where lines and metrics go.
    pub sink: K,
}

/// Delivers to one destination.
pub struct Deliverer<M, F, Q, H, C, R, K> {
    destination: Destination,
    function: &'static str,
    settings: Settings,
    map: F,
    messenger: M,
    ports: Ports<Q, H, C, R, K>,
    warm: Cell<bool>,
}

/// One event of an invocation, as it is followed to its fate.
struct Tracked {
    record: usize,
    place: usize,
    source: Source,
    id: EventId,
    /// What the mapping repaired, each once.
    warnings: Vec<Warning>,
    fate: Option<Fate>,
}

/// A record of an invocation, as it is followed to its deed.
struct Handled<'r> {
    record: &'r Record,
    opened: Opened<'r>,
}

impl<'r> Handled<'r> {
    /// Its envelope, if it could be opened.
    fn envelope(&self) -> Option<&Envelope<'r>> {
        match &self.opened {
            Opened::Deliver(envelope) | Opened::Settled(envelope, _) => Some(envelope),
            Opened::Sealed(_) => None,
        }
    }
}

impl<M, F, Q, H, C, R, K> Deliverer<M, F, Q, H, C, R, K>
where
    M: Messenger,
    F: Fn(Source, &str, &Settings) -> Mapped<M::Call>,
    Q: Queue + Visibility,
    H: Http,
    C: Clock,
    R: Random,
    K: Sink,
{
    /// A deliverer; `function` is its name in lines, `map` makes calls of one event of a source.
    pub fn new(
        destination: Destination,
        function: &'static str,
        settings: Settings,
        map: F,
        messenger: M,
        ports: Ports<Q, H, C, R, K>,
    ) -> Self {
        Self {
            destination,
            function,
            settings,
            map,
            messenger,
            ports,
            warm: Cell::new(false),
        }
    }

    /// Delivers the records of one invocation. Gives the ids of those that are not done: Lambda keeps them.
    pub async fn handle(
        &mut self,
        records: &[Record],
        aws_request_id: &str,
        deadline: Timestamp,
    ) -> Vec<String> {
        let began = self.ports.clock.now();
        let mut handled: Vec<Handled<'_>> = records
            .iter()
            .map(|record| Handled {
                record,
                opened: open(record, self.destination, &self.settings, began),
            })
            .collect();
        handled.sort_by_key(|handled| match &handled.opened {
            Opened::Deliver(envelope) | Opened::Settled(envelope, _) => envelope.head.first_received_at,
            Opened::Sealed(_) => Timestamp::from_millis(i64::MIN),
        });
        let counts = Counts::default();
        let (mut tracked, jobs, owners) = self.mapped(&handled, &counts);
        let fates = self.delivered(jobs, deadline, &counts).await;
        for (owner, fate) in owners.into_iter().zip(fates) {
            if let Some(event) = tracked.get_mut(owner) {
                event.fate = Some(fate);
            }
        }
        self.settle(&handled, tracked, counts, began, aws_request_id)
            .await
    }

    /// Follows every event, and makes jobs of those that are to be delivered.
    fn mapped(
        &self,
        handled: &[Handled<'_>],
        counts: &Counts,
    ) -> (Vec<Tracked>, Vec<Job<M::Call>>, Vec<usize>) {
        let (mut tracked, mut jobs, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for (record, Handled { record: raw, opened }) in handled.iter().enumerate() {
            let (envelope, settled) = match opened {
                Opened::Deliver(envelope) => (envelope, None),
                Opened::Settled(envelope, outcome) => (envelope, Some(*outcome)),
                Opened::Sealed(_) => continue,
            };
            let source = envelope.head.source;
            for (place, event) in envelope.events.iter().enumerate() {
                // What is only waiting or misplaced is not opened: its id is the one that its bytes give.
                let mapped = match settled {
                    Some(_) => None,
                    None => self.mapped_event(source, event.get()),
                };
                let mut follow = Tracked {
                    record,
                    place,
                    source,
                    id: EventId::derived(source, event.get()),
                    warnings: Vec::new(),
                    fate: None,
                };
                match (settled, mapped) {
                    (Some(outcome), _) => follow.fate = Some(outcome.into()),
                    (None, None) => {
                        counts.panics.set(counts.panics.get() + 1);
                        follow.fate = Some(Outcome::Park(ParkReason::InternalPanic).into());
                    }
                    (None, Some(Mapped { id, verdict })) => {
                        follow.id = id.clone();
                        match verdict {
                            Verdict::Ignore(reason) => follow.fate = Some(Outcome::Ignored(reason).into()),
                            Verdict::Park(reason) => follow.fate = Some(Outcome::Park(reason).into()),
                            Verdict::Deliver { calls, warnings } => {
                                owners.push(tracked.len());
                                follow.warnings.clone_from(&warnings);
                                jobs.push(job(raw, record, place, envelope, id, calls, warnings));
                            }
                        }
                    }
                }
                tracked.push(follow);
            }
        }
        (tracked, jobs, owners)
    }

    /// Maps one event; a panic is that event's alone (RD-008).
    fn mapped_event(&self, source: Source, text: &str) -> Option<Mapped<M::Call>> {
        catch_unwind(AssertUnwindSafe(|| (self.map)(source, text, &self.settings))).ok()
    }

    async fn delivered(
        &mut self,
        jobs: Vec<Job<M::Call>>,
        deadline: Timestamp,
        counts: &Counts,
    ) -> Vec<Fate> {
        if jobs.is_empty() {
            return Vec::new();
        }
        let receives: Vec<u32> = jobs.iter().map(|job| job.receives).collect();
        let context = Context {
            http: &self.ports.http,
            clock: &self.ports.clock,
            random: &self.ports.random,
            stop: StopLine(deadline.plus_millis(-STOP_BEFORE_DEADLINE_MS)),
            counts,
        };
        let delivered = AssertUnwindSafe(self.messenger.deliver(jobs, &context))
            .catch_unwind()
            .await;
        let of_requests = crate::flight::take_panics();
        let panics = of_requests + u64::from(delivered.is_err());
        counts.panics.set(counts.panics.get() + panics);
        let (table, random) = (retry_table(self.destination), &self.ports.random);
        let again = |receives: u32| Outcome::Retry {
            after: crate::retry::delay(table, receives, random),
            class: RetryClass::Transient,
        };
        match delivered {
            Ok(mut fates) => {
                // A request that panicked has left its events without a fate, as if it had not been started.
                let unstarted = |fate: &Fate| {
                    matches!(
                        fate.outcome,
                        Outcome::Retry {
                            class: RetryClass::Unstarted,
                            ..
                        }
                    )
                };
                for (fate, receives) in fates.iter_mut().zip(receives) {
                    if of_requests > 0 && unstarted(fate) {
                        *fate = again(receives).into();
                    }
                }
                fates
            }
            Err(_) => receives
                .into_iter()
                .map(|receives| again(receives).into())
                .collect(),
        }
    }
}

/// The waits between attempts at a destination.
const fn retry_table(destination: Destination) -> &'static crate::retry::Table {
    match destination {
        Destination::Braze | Destination::Segment => &crate::retry::PATIENT,
        Destination::Branch => &crate::retry::HASTY,
    }
}

fn job<C>(
    raw: &Record,
    record: usize,
    place: usize,
    envelope: &Envelope<'_>,
    id: EventId,
    calls: Vec<C>,
    warnings: Vec<Warning>,
) -> Job<C> {
    Job {
        id,
        calls,
        warnings,
        done: envelope.done.get(place).cloned().flatten(),
        record,
        receives: envelope.head.attempt.saturating_add(raw.receive_count),
        received_at: envelope.head.first_received_at,
        counts_from: envelope.head.counts_from(),
    }
}

/// The deed of a record, from the fates of its events.
fn deed(
    handled: &Handled<'_>,
    fates: &[Fate],
    hold: &crate::retry::Table,
    random: &impl Random,
    now: Timestamp,
) -> Deed {
    match &handled.opened {
        Opened::Sealed(outcome) => of_sealed(*outcome),
        Opened::Deliver(envelope) | Opened::Settled(envelope, _) => {
            let receives = envelope.head.attempt.saturating_add(handled.record.receive_count);
            // One draw a record, so that its events come back together (RD-062).
            let held = crate::retry::delay(hold, receives, random);
            let waits: Vec<_> = fates
                .iter()
                .map(|fate| {
                    wait(fate, receives, hold, random).map(|own| {
                        if matches!(fate.outcome, Outcome::Hold(_)) {
                            held
                        } else {
                            own
                        }
                    })
                })
                .collect();
            of_opened(envelope, handled.record.receive_count, fates, &waits, now)
        }
    }
}

#[cfg(test)]
mod tests;
