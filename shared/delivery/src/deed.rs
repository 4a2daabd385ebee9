//! What SQS is told of a record: the only code that chooses between deletion, a new message and visibility (5.2).

use crate::job::Fate;
use crate::retry::{MOST_SECONDS, Table, delay};
use event::envelope::{Done, Envelope, Head};
use event::{Outcome, Random, Source, Timestamp};

/// What is done with a record.
#[derive(PartialEq, Eq)]
pub enum Deed {
    /// It is left out of the failures: Lambda deletes it.
    Delete,
    /// It comes back by itself.
    Return {
        /// After so many seconds, at most 900.
        seconds: u32,
    },
    /// What waits goes into a new message, and the record is deleted once that is acknowledged.
    Replace {
        /// The new message.
        body: String,
        /// Its delay, at most 900 seconds.
        delay_s: u32,
        /// How long it waits in all.
        longest: u32,
        /// Whose events it holds.
        source: Source,
        /// How many events it holds.
        events: usize,
    },
}

/// How long a fate makes its event wait; `None` if it is finished.
pub fn wait(fate: &Fate, receives: u32, hold: &Table, random: &impl Random) -> Option<u32> {
    match fate.outcome {
        Outcome::Retry { after, .. } => Some(after),
        Outcome::Hold(_) => Some(delay(hold, receives, random)),
        Outcome::Delivered | Outcome::Warned(_) | Outcome::Ignored(_) | Outcome::Park(_) => None,
    }
}

/// The deed of a record that could not be opened: it is one thing, so it waits as itself or is finished.
pub fn of_sealed(outcome: Outcome) -> Deed {
    match outcome {
        Outcome::Retry { after, .. } => Deed::Return {
            seconds: after.min(MOST_SECONDS),
        },
        Outcome::Hold(_) => Deed::Return {
            seconds: MOST_SECONDS,
        },
        Outcome::Delivered | Outcome::Warned(_) | Outcome::Ignored(_) | Outcome::Park(_) => Deed::Delete,
    }
}

/// The deed of an opened record. `fates` and `waits` are those of its events, in their order.
pub fn of_opened(
    envelope: &Envelope<'_>,
    receive_count: u32,
    fates: &[Fate],
    waits: &[Option<u32>],
    now: Timestamp,
) -> Deed {
    let Some(longest) = waits.iter().copied().flatten().max() else {
        return Deed::Delete;
    };
    let before = |place: usize| envelope.done.get(place).and_then(Option::as_ref);
    let all_wait = waits.iter().all(Option::is_some);
    let nothing_new = fates.iter().enumerate().all(|(place, fate)| match &fate.done {
        None => true,
        Some(done) => before(place) == Some(done),
    });
    if all_wait && nothing_new && longest <= MOST_SECONDS {
        return Deed::Return { seconds: longest };
    }
    let waiting = || {
        waits
            .iter()
            .enumerate()
            .filter(|(_, wait)| wait.is_some())
            .map(|(place, _)| place)
    };
    let events: Vec<_> = waiting()
        .filter_map(|place| envelope.events.get(place).copied())
        .collect();
    let done: Vec<Option<Done>> = waiting()
        .map(|place| {
            fates
                .get(place)
                .and_then(|fate| fate.done.clone())
                .or_else(|| before(place).cloned())
        })
        .collect();
    // A time that still lies ahead stays as it is: nothing was tried meanwhile.
    let ahead = envelope.head.not_before.filter(|at| *at > now);
    let later = (longest > MOST_SECONDS).then(|| now.plus_millis(i64::from(longest) * 1000));
    let head = Head {
        attempt: envelope.head.attempt.saturating_add(receive_count),
        not_before: ahead.or(later),
        ..envelope.head.clone()
    };
    let count = events.len();
    let mut remainder = Envelope::new(head, events);
    if done.iter().any(Option::is_some) {
        remainder.done = done;
    }
    Deed::Replace {
        body: remainder.to_body(),
        delay_s: longest.min(MOST_SECONDS),
        longest,
        source: envelope.head.source,
        events: count,
    }
}

#[cfg(test)]
mod tests;
