//! What SQS is told of a record: the only code that chooses between deletion, a new message and visibility (5.2).

use crate::job::Fate;
use crate::retry::{MOST_SECONDS, Table, delay};
use event::envelope::{Done, Envelope, Head};
use event::{Outcome, Random, Source, Timestamp};

/// What is done with a record.
#[derive(Debug, PartialEq, Eq)]
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
    let as_it_was = matches!(envelope.head.not_before, Some(at) if at > now);
    if all_wait && nothing_new && (longest <= MOST_SECONDS || as_it_was) {
        return Deed::Return {
            seconds: longest.min(MOST_SECONDS),
        };
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
    let not_before = (longest > MOST_SECONDS).then(|| now.plus_millis(i64::from(longest) * 1000));
    let head = Head {
        attempt: envelope.head.attempt.saturating_add(receive_count),
        not_before: not_before.or(envelope.head.not_before.filter(|at| *at > now)),
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
mod tests {
    use super::*;
    use event::reasons::{ParkReason, RetryClass};

    const BODY: &str = r#"{"v":1,"source":"segment","destination":"braze","request_id":"r-1","first_received_at":"2026-03-01T12:00:00.000Z","attempt":1,"auth":"signature","key":"current","events":[{"m":1},{"m":2.50},{"m":3}]}"#;

    fn now() -> Timestamp {
        Timestamp::parse("2026-03-01T12:00:00Z").unwrap()
    }

    fn retry(after: u32) -> Fate {
        Outcome::Retry {
            after,
            class: RetryClass::Transient,
        }
        .into()
    }

    #[test]
    fn ex_08_what_waits_goes_on_alone_under_its_old_name() {
        let envelope = Envelope::open(BODY).unwrap();
        let fates = [
            Outcome::Delivered.into(),
            retry(40),
            Outcome::Park(ParkReason::Rejected).into(),
        ];
        let deed = of_opened(&envelope, 2, &fates, &[None, Some(40), None], now());
        let wanted = BODY
            .replace(r#""attempt":1"#, r#""attempt":3"#)
            .replace(r#"{"m":1},"#, "")
            .replace(r#",{"m":3}"#, "");
        assert_eq!(
            deed,
            Deed::Replace {
                body: wanted,
                delay_s: 40,
                longest: 40,
                source: Source::Segment,
                events: 1
            }
        );
    }

    #[test]
    fn rd_021_all_finished_all_waiting_and_long_waits() {
        let envelope = Envelope::open(BODY).unwrap();
        let delivered = [
            Outcome::Delivered.into(),
            Outcome::Delivered.into(),
            Outcome::Delivered.into(),
        ];
        assert_eq!(
            of_opened(&envelope, 1, &delivered, &[None; 3], now()),
            Deed::Delete
        );
        let all = [retry(5), retry(30), retry(900)];
        assert_eq!(
            of_opened(&envelope, 1, &all, &[Some(5), Some(30), Some(900)], now()),
            Deed::Return { seconds: 900 }
        );
        let Deed::Replace {
            body,
            delay_s,
            longest,
            events,
            ..
        } = of_opened(&envelope, 1, &all, &[Some(5), Some(30), Some(1800)], now())
        else {
            panic!("RD-066: no visibility over 900 s")
        };
        assert_eq!((delay_s, longest, events), (900, 1800, 3));
        assert!(
            body.contains(r#""not_before":"2026-03-01T12:30:00.000Z""#),
            "RD-045"
        );
    }

    #[test]
    fn rd_043_what_was_accepted_goes_with_its_event() {
        let envelope = Envelope::open(BODY).unwrap();
        let mut half = retry(5);
        half.done = Some(Done {
            of: 2,
            items: vec![0],
        });
        let fates = [retry(5), half, retry(5)];
        let Deed::Replace { body, .. } = of_opened(&envelope, 1, &fates, &[Some(5); 3], now()) else {
            panic!("a new mark needs a new message")
        };
        let again = Envelope::open(&body).unwrap();
        assert_eq!(
            again.done,
            [
                None,
                Some(Done {
                    of: 2,
                    items: vec![0]
                }),
                None
            ]
        );
        let mut same = retry(5);
        same.done = Some(Done {
            of: 2,
            items: vec![0],
        });
        let fates = [retry(5), same, retry(5)];
        assert_eq!(
            of_opened(&again, 1, &fates, &[Some(5); 3], now()),
            Deed::Return { seconds: 5 }
        );
    }

    #[test]
    fn rd_006_an_envelope_that_lies_ahead_waits_unchanged() {
        let ahead = BODY.replace(
            r#","events""#,
            r#","not_before":"2026-03-01T13:00:00.000Z","events""#,
        );
        let envelope = Envelope::open(&ahead).unwrap();
        let fates = [retry(3600), retry(3600), retry(3600)];
        assert_eq!(
            of_opened(&envelope, 1, &fates, &[Some(3600); 3], now()),
            Deed::Return { seconds: 900 }
        );
    }
}
