//! From fates to deeds: parks, new messages, visibility, and the answer to Lambda.

use super::telling::{Told, ToldEvent};
use super::{Deliverer, Handled, Tracked, deed};
use crate::deed::Deed;
use crate::http::Http;
use crate::job::{Counts, Fate, Messenger};
use crate::record::Opened;
use crate::retry::{HASTY_HOLD, PARK_FAILED_SECONDS, PATIENT_HOLD, Table};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::calls::Mapped;
use event::envelope::{Content, Parked};
use event::ports::{Entry, Queue, QueueName, Visibility, VisibilityChange};
use event::reasons::{ParkReason, RetryClass};
use event::settings::{Settings, Span};
use event::{Clock, Destination, Outcome, Random, Source, Timestamp};
use std::collections::{BTreeMap, HashSet};
use telemetry::Sink;

/// How often a park is tried (RD-023).
const PARK_ATTEMPTS: usize = 3;
/// Entries of one call to SQS.
const CALL_ENTRIES: usize = 10;
/// Bytes of the bodies of one call to SQS.
const CALL_BYTES: usize = 1_048_576;

/// How long a destination's events are tried and held; `None` where its own page ends them otherwise.
fn horizons(destination: Destination, settings: &Settings) -> (Option<Span>, Option<Span>) {
    let hold = Some(settings.delivery.hold_horizon);
    match destination {
        Destination::Braze => (Some(settings.braze.horizon), hold),
        Destination::Segment => (Some(settings.segment.horizon), hold),
        Destination::Branch => (None, None),
    }
}

const fn hold_table(destination: Destination) -> &'static Table {
    match destination {
        Destination::Braze | Destination::Segment => &PATIENT_HOLD,
        Destination::Branch => &HASTY_HOLD,
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
    /// Does what the fates ask for, tells of it, and gives the ids of the records that are not done.
    pub(super) async fn settle(
        &self,
        handled: &[Handled<'_>],
        mut tracked: Vec<Tracked>,
        counts: Counts,
        began: Timestamp,
        aws_request_id: &str,
    ) -> Vec<String> {
        for event in &mut tracked {
            self.end_of_patience(handled, event);
        }
        let mut sealed: BTreeMap<usize, Outcome> = handled
            .iter()
            .enumerate()
            .filter_map(|(record, handled)| match handled.opened {
                Opened::Sealed(outcome) => Some((record, outcome)),
                Opened::Deliver(_) | Opened::Settled(..) => None,
            })
            .collect();
        self.park(handled, &mut tracked, &mut sealed).await;

        let now = self.ports.clock.now();
        let mut fates: Vec<Vec<Fate>> = handled.iter().map(|_| Vec::new()).collect();
        let mut told = Told::new(
            self.destination,
            began,
            aws_request_id,
            counts,
            !self.warm.replace(true),
        );
        for Tracked {
            record,
            source,
            id,
            warnings,
            fate,
            ..
        } in tracked
        {
            let fate = fate.unwrap_or_else(|| Outcome::Park(ParkReason::InternalPanic).into());
            let Fate {
                outcome,
                status,
                maybe_duplicate,
                ..
            } = fate;
            told.events.push(ToldEvent {
                record,
                source,
                id,
                outcome,
                warnings,
                status,
                maybe_duplicate,
            });
            if let Some(of_record) = fates.get_mut(record) {
                of_record.push(fate);
            }
        }
        let hold = hold_table(self.destination);
        let of_record =
            |(record, (handled, fates)): (usize, (&Handled<'_>, &Vec<Fate>))| match sealed.get(&record) {
                Some(outcome) => crate::deed::of_sealed(*outcome),
                None => deed(handled, fates, hold, &self.ports.random, now),
            };
        let mut deeds: Vec<Deed> = handled.iter().zip(&fates).enumerate().map(of_record).collect();
        self.replace(&mut deeds, &mut told).await;
        self.return_records(handled, &deeds, &mut told).await;
        told.sealed = sealed.into_iter().collect();
        told.tell(
            handled,
            &deeds,
            &self.settings,
            self.function,
            self.ports.clock.now(),
            &self.ports.sink,
        );
        handled
            .iter()
            .zip(&deeds)
            .filter(|(_, deed)| **deed != Deed::Delete)
            .map(|(handled, _)| handled.record.message_id.clone())
            .collect()
    }

    /// Parks what has failed or was held for too long (SB-572, SEG-071, RD-088).
    fn end_of_patience(&self, handled: &[Handled<'_>], event: &mut Tracked) {
        let Some(fate) = &mut event.fate else { return };
        let from = handled
            .get(event.record)
            .and_then(Handled::envelope)
            .map(|envelope| envelope.head.counts_from());
        let Some(age_ms) = from.map(|from| self.ports.clock.now().millis_since(from)) else {
            return;
        };
        let over = |span: Option<Span>| {
            span.is_some_and(|span| age_ms > i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
        };
        let (horizon, hold_horizon) = horizons(self.destination, &self.settings);
        match fate.outcome {
            Outcome::Retry {
                class: RetryClass::Transient | RetryClass::RateLimited | RetryClass::BreakerOpen,
                ..
            } if over(horizon) => {
                fate.outcome = Outcome::Park(ParkReason::Exhausted);
            }
            Outcome::Hold(_) if over(hold_horizon) => fate.outcome = Outcome::Park(ParkReason::HoldExpired),
            Outcome::Retry { .. } | Outcome::Hold(_) => {}
            Outcome::Delivered | Outcome::Warned(_) | Outcome::Ignored(_) | Outcome::Park(_) => {}
        }
    }

    /// Sends what is parked; what is not acknowledged waits instead: nothing is deleted on the strength of a park that did
    /// not happen.
    async fn park(
        &self,
        handled: &[Handled<'_>],
        tracked: &mut [Tracked],
        sealed: &mut BTreeMap<usize, Outcome>,
    ) {
        let mut entries = Vec::new();
        for (at, event) in tracked.iter().enumerate() {
            if let Some(body) = self.parked_event(handled, event) {
                entries.push(Entry {
                    id: format!("e{at}"),
                    body,
                    delay_s: 0,
                    group: None,
                });
            }
        }
        for (record, outcome) in sealed.iter() {
            if let (Outcome::Park(reason), Some(handled)) = (outcome, handled.get(*record)) {
                let body = self.parked_body(handled, *reason);
                entries.push(Entry {
                    id: format!("r{record}"),
                    body,
                    delay_s: 0,
                    group: None,
                });
            }
        }
        for _ in 0..PARK_ATTEMPTS {
            if entries.is_empty() {
                return;
            }
            entries = self.send(QueueName::Parked, entries).await;
        }
        let failed: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        let again = Outcome::Retry {
            after: PARK_FAILED_SECONDS,
            class: RetryClass::ParkFailed,
        };
        for (at, event) in tracked.iter_mut().enumerate() {
            if let Some(fate) = event
                .fate
                .as_mut()
                .filter(|_| failed.contains(format!("e{at}").as_str()))
            {
                fate.outcome = again;
            }
        }
        for (record, outcome) in sealed.iter_mut() {
            if failed.contains(format!("r{record}").as_str()) {
                *outcome = again;
            }
        }
    }

    fn parked_event(&self, handled: &[Handled<'_>], event: &Tracked) -> Option<String> {
        let fate = event.fate.as_ref()?;
        let reason = match fate.outcome {
            Outcome::Park(reason) => reason,
            Outcome::Delivered | Outcome::Warned(_) | Outcome::Ignored(_) => return None,
            Outcome::Retry { .. } | Outcome::Hold(_) => return None,
        };
        let handled = handled.get(event.record)?;
        let envelope = handled.envelope()?;
        let head = &envelope.head;
        let parked = Parked {
            reason,
            detail: fate.detail.as_deref().map(Into::into),
            by: self.function,
            at: self.ports.clock.now(),
            source: Some(head.source),
            destination: Some(self.destination),
            request_id: Some(head.request_id.clone()),
            first_received_at: Some(head.first_received_at),
            attempt: head.attempt.saturating_add(handled.record.receive_count),
            auth: Some(head.auth),
            key: Some(head.key),
            done: fate
                .done
                .clone()
                .or_else(|| envelope.done.get(event.place).cloned().flatten()),
            content: Content::Event(envelope.events.get(event.place).copied()?),
        };
        Some(parked.to_body())
    }

    fn parked_body(&self, handled: &Handled<'_>, reason: ParkReason) -> String {
        let parked = Parked {
            reason,
            detail: None,
            by: self.function,
            at: self.ports.clock.now(),
            source: None,
            destination: Some(self.destination),
            request_id: None,
            first_received_at: None,
            attempt: handled.record.receive_count,
            auth: None,
            key: None,
            done: None,
            content: Content::BodyBase64(STANDARD.encode(&handled.record.body)),
        };
        parked.to_body()
    }

    /// Sends the new messages; a record whose new message is not acknowledged comes back by itself (RD-042).
    async fn replace(&self, deeds: &mut [Deed], told: &mut Told<'_>) {
        let entries: Vec<Entry> = deeds
            .iter()
            .enumerate()
            .filter_map(|(record, deed)| match deed {
                Deed::Replace {
                    body,
                    delay_s,
                    source,
                    ..
                } => {
                    let (id, body) = (format!("r{record}"), body.clone());
                    Some(Entry {
                        id,
                        body,
                        delay_s: *delay_s,
                        group: Some(*source),
                    })
                }
                Deed::Delete | Deed::Return { .. } => None,
            })
            .collect();
        let failed = self.send(QueueName::Destination(self.destination), entries).await;
        let failed: HashSet<String> = failed.into_iter().map(|entry| entry.id).collect();
        for (record, deed) in deeds.iter_mut().enumerate() {
            if let Deed::Replace { longest, .. } = deed {
                if failed.contains(&format!("r{record}")) {
                    *deed = Deed::Return {
                        seconds: PARK_FAILED_SECONDS,
                    };
                } else {
                    told.replaced.insert(record, *longest);
                    *deed = Deed::Delete;
                }
            }
        }
    }

    /// Says when records come back. A failure changes no outcome: they return at the queue's default (RD-026).
    async fn return_records(&self, handled: &[Handled<'_>], deeds: &[Deed], told: &mut Told<'_>) {
        let changes: Vec<VisibilityChange> = handled
            .iter()
            .zip(deeds)
            .enumerate()
            .filter_map(|(record, (handled, deed))| match deed {
                Deed::Return { seconds } => Some(VisibilityChange {
                    id: format!("r{record}"),
                    receipt_handle: handled.record.receipt_handle.clone(),
                    seconds: *seconds,
                }),
                Deed::Delete | Deed::Replace { .. } => None,
            })
            .collect();
        for chunk in changes.chunks(CALL_ENTRIES) {
            let queue = QueueName::Destination(self.destination);
            let changed = self
                .ports
                .queue
                .change(queue, chunk)
                .await
                .map_or(0, |changed| changed.len());
            told.visibility_failed += chunk.len().saturating_sub(changed) as u64;
        }
    }

    /// Sends entries once, in calls within SQS's limits; gives back those that were not acknowledged.
    async fn send(&self, queue: QueueName, entries: Vec<Entry>) -> Vec<Entry> {
        let mut failed = Vec::new();
        let (mut call, mut bytes) = (Vec::new(), 0);
        let mut entries = entries.into_iter().peekable();
        while let Some(entry) = entries.next() {
            bytes += entry.body.len();
            call.push(entry);
            let full = call.len() == CALL_ENTRIES;
            if full
                || entries
                    .peek()
                    .is_none_or(|next| bytes + next.body.len() > CALL_BYTES)
            {
                let sent = self.ports.queue.send(queue, &call).await.unwrap_or_default();
                let acknowledged: HashSet<&str> = sent.successful.iter().map(String::as_str).collect();
                failed.extend(
                    call.drain(..)
                        .filter(|entry| !acknowledged.contains(entry.id.as_str())),
                );
                bytes = 0;
            }
        }
        failed
    }
}
