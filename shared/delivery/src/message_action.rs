//! What SQS does with a record: the only code that chooses between deletion, a new message and visibility (5.2).

use crate::backoff::{MAX_RECEIVES, MAX_VISIBILITY_S, VISIBILITY_ATTEMPTS, ahead, delay, park_failed};
use crate::deliverer::TrackedEvent;
use crate::destination::Destination;
use crate::job::{DelivererSurroundings, DeliveryResult};
use crate::parking::{send, tried};
use crate::record::{OpenedRecord, Opening};
use event::envelope::{Done, Envelope, Head};
use event::ports::{Entry, QueueName, Visibility, VisibilityChange};
use event::settings::Routes;
use event::{Outcome, Random, Timestamp};
use std::collections::BTreeMap;

/// What is done with a record.
#[derive(PartialEq, Eq)]
pub(crate) enum MessageAction {
    /// It is left out of the failures: Lambda deletes it.
    Delete,
    /// It comes back by itself.
    ChangeVisibility {
        /// After so many seconds, at most 900.
        seconds: u32,
    },
    /// What waits goes into a new message, and the record is deleted once that is acknowledged.
    Replace {
        /// The new message.
        body: String,
        /// Its delay, at most 900 seconds.
        delay_s: u32,
        /// How long it waits in all, in seconds.
        longest: u32,
        /// How many events it holds.
        events: u64,
    },
}

/// What SQS has acknowledged of parks and actions.
#[derive(Default)]
pub(crate) struct Applied {
    /// Events and unreadable bodies in the parked queue.
    pub parked: u64,
    /// Records whose rest went on in a new message: for how many seconds, and with how many events.
    pub replaced: BTreeMap<usize, (u32, u64)>,
    /// Visibility changes that SQS did not take.
    pub visibility_failed: u64,
}

/// The actions of the records that it is asked for.
pub(crate) fn decide<D: Destination>(
    records: &[OpenedRecord<'_>],
    events: &[TrackedEvent],
    random: &impl Random,
    now: Timestamp,
    of: impl Fn(usize) -> bool,
) -> Vec<(usize, MessageAction)> {
    let mut results: Vec<Vec<&DeliveryResult>> = records.iter().map(|_| Vec::new()).collect();
    for event in events {
        if let Some(of_record) = results.get_mut(event.record) {
            of_record.push(&event.result);
        }
    }
    let of_record = |(opened, results): (&OpenedRecord<'_>, Vec<&DeliveryResult>)| match &opened.opening {
        Opening::Unreadable(outcome) => of_unreadable(*outcome),
        Opening::Deliver(envelope) | Opening::AlreadyDecided(envelope, _) => {
            // One draw a record, so that its events come back together (RD-062).
            let hold_s = delay(D::HOLD_BACKOFF, opened.receives(), random);
            of_envelope(envelope, opened.record.receive_count, &results, hold_s, now)
        }
    };
    let pairs = records.iter().zip(results).enumerate();
    let asked_for = pairs.filter(|(record, _)| of(*record));
    let decided = asked_for.map(|(record, pair)| (record, of_record(pair)));
    decided.collect()
}

/// A record that could not be opened is one thing: it waits as itself or is finished.
fn of_unreadable(outcome: Outcome) -> MessageAction {
    match wait(outcome, MAX_VISIBILITY_S) {
        Some(after) => MessageAction::ChangeVisibility {
            seconds: after.min(MAX_VISIBILITY_S),
        },
        None => MessageAction::Delete,
    }
}

/// How long an outcome makes its event wait; `None` if it is finished.
const fn wait(outcome: Outcome, hold_s: u32) -> Option<u32> {
    match outcome {
        Outcome::Retry { after, .. } => Some(after),
        Outcome::Hold(_) => Some(hold_s),
        Outcome::Delivered | Outcome::Warned(_) | Outcome::Ignored(_) | Outcome::Park(_) => None,
    }
}

/// The action of an envelope from the results of its events, in their order; what is held waits `hold_s`.
fn of_envelope(
    envelope: &Envelope<'_>,
    receive_count: u32,
    results: &[&DeliveryResult],
    hold_s: u32,
    now: Timestamp,
) -> MessageAction {
    let waits: Vec<Option<u32>> = results
        .iter()
        .map(|result| wait(result.outcome, hold_s))
        .collect();
    let Some(longest) = waits.iter().copied().flatten().max() else {
        return MessageAction::Delete;
    };
    let before = |place: usize| envelope.done.get(place).and_then(Option::as_ref);
    let all_wait = waits.iter().all(Option::is_some);
    let nothing_new = results
        .iter()
        .enumerate()
        .all(|(place, result)| result.done.is_none() || before(place) == result.done.as_ref());
    if all_wait && nothing_new && longest <= MAX_VISIBILITY_S && receive_count < MAX_RECEIVES {
        return MessageAction::ChangeVisibility { seconds: longest };
    }
    let (mut events, mut done): (Vec<_>, Vec<Option<Done>>) = (Vec::new(), Vec::new());
    for (place, (event, result)) in envelope.events.iter().zip(results).enumerate() {
        if waits.get(place).copied().flatten().is_some() {
            events.push(*event);
            done.push(result.done.clone().or_else(|| before(place).cloned()));
        }
    }
    // A time that still lies ahead stays as it is: nothing was tried meanwhile.
    let ahead = ahead(envelope.head.not_before, now);
    let later = (longest > MAX_VISIBILITY_S).then(|| now.plus_millis(i64::from(longest) * 1000));
    let is_held = results
        .iter()
        .any(|result| matches!(result.outcome, Outcome::Hold(_)));
    let head = Head {
        attempt: envelope.head.attempt.saturating_add(receive_count),
        not_before: ahead.or(later),
        held_at: is_held.then_some(now).or(envelope.head.held_at),
        ..envelope.head.clone()
    };
    let count = events.len() as u64;
    let mut remainder = Envelope::new(head, events);
    if done.iter().any(Option::is_some) {
        remainder.done = done;
    }
    MessageAction::Replace {
        body: remainder.to_body(),
        delay_s: longest.min(MAX_VISIBILITY_S),
        longest,
        events: count,
    }
}

/// Sends new messages and changes visibility; no call starts after `last_start`. A record whose new message is acknowledged is
/// deleted; one whose new message is not comes back by itself (RD-042).
pub(crate) async fn apply<D: Destination, S: DelivererSurroundings>(
    surroundings: &S,
    routes: &Routes,
    records: &[OpenedRecord<'_>],
    actions: &mut [(usize, MessageAction)],
    applied: &mut Applied,
    last_start: Timestamp,
) {
    let queue = QueueName::Destination(D::NAME);
    let mut entries = Vec::new();
    for (record, action) in &*actions {
        if let MessageAction::Replace { body, delay_s, .. } = action {
            let envelope = records.get(*record).and_then(OpenedRecord::envelope);
            entries.push(Entry {
                id: format!("r{record}"),
                body: body.clone(),
                delay_s: *delay_s,
                group: envelope.and_then(|envelope| routes.group(envelope.head.source, D::NAME)),
            });
        }
    }
    let failed = send(surroundings, queue, entries, last_start).await;
    let mut changes = Vec::new();
    for (record, action) in actions {
        if let MessageAction::Replace { longest, events, .. } = action {
            if failed.contains(&format!("r{record}")) {
                let opened = records.get(*record);
                let seconds = park_failed(opened.map_or(0, |opened| opened.record.receive_count));
                *action = MessageAction::ChangeVisibility { seconds };
            } else {
                applied.replaced.insert(*record, (*longest, *events));
                *action = MessageAction::Delete;
            }
        }
        if let (MessageAction::ChangeVisibility { seconds }, Some(opened)) = (&*action, records.get(*record))
        {
            changes.push(VisibilityChange {
                id: format!("r{record}"),
                receipt_handle: opened.record.receipt_handle.clone(),
                seconds: *seconds,
            });
        }
    }
    // A failure changes no outcome: the record returns at the queue's default (RD-026).
    let call = async |call: Vec<VisibilityChange>| {
        let changed = surroundings
            .queue()
            .change(queue, &call)
            .await
            .unwrap_or_default();
        let is_open = |change: &VisibilityChange| !changed.contains(&change.id);
        call.into_iter().filter(is_open).collect()
    };
    let attempts = VISIBILITY_ATTEMPTS;
    let failed = tried(surroundings, attempts, changes, |_| 0, last_start, call).await;
    applied.visibility_failed += failed.len() as u64;
}

#[cfg(test)]
mod tests;
