//! One breaker per breaker group and container: when requests stop, and how they begin again (5.5). It runs on wall-clock
//! time: monotonic timers of a frozen container are stale.

use event::reasons::HoldKind;
use event::{Random, Timestamp};
use std::collections::VecDeque;

/// Failures in a row that open it (RD-080).
const FAILURES_IN_A_ROW: usize = 5;
/// Failures among the last requests that open it (RD-080).
const FAILURES_AMONG: (usize, usize) = (10, 20);
/// How long it stays open the first time, and at most, in seconds (RD-081).
const OPEN_S: (f64, f64) = (30.0, 300.0);
/// For how many seconds after closing the rate doubles (RD-083).
const RAMP_S: i64 = 10;
/// After how many milliseconds a probe without an end no longer counts: its invocation was cut off. No request and no
/// invocation lasts longer.
const PROBE_MS: i64 = 120_000;

/// Whether a request may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// It may.
    Pass,
    /// Not before this instant; the destination works again, slowly.
    Ramp(Timestamp),
    /// Not before this instant: the requests failed.
    Open(Timestamp),
    /// Not while a person has not acted.
    Held(HoldKind),
}

#[derive(Clone, Copy)]
enum State {
    /// Requests pass; after an opening, as many as the ramp allows.
    Closed { since: Option<Timestamp> },
    /// One request passes at `until`; where a person has to act, at once with another key than `held` names.
    Open {
        until: Timestamp,
        held: Option<(HoldKind, u64)>,
        /// When the one request started.
        probing: Option<Timestamp>,
    },
}

/// The breaker of one breaker group.
pub(super) struct Breaker {
    state: State,
    /// The last requests: whether each failed.
    last: VecDeque<bool>,
    /// How often it has opened since the last success.
    openings: i32,
    /// The second of the ramp, and what was started in it.
    started: (i64, u64),
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: State::Closed { since: None },
            last: VecDeque::new(),
            openings: 0,
            started: (0, 0),
        }
    }
}

impl Breaker {
    /// Whether a request with this key may start now.
    pub(super) fn gate(&self, now: Timestamp, current_key: u64) -> Gate {
        match self.state {
            State::Closed { since: None } => Gate::Pass,
            State::Closed { since: Some(since) } => {
                let second = now.millis_since(since).max(0) / 1000;
                let started = if self.started.0 == second {
                    self.started.1
                } else {
                    0
                };
                if second >= RAMP_S || started < 1_u64 << second {
                    Gate::Pass
                } else {
                    Gate::Ramp(since.plus_millis((second + 1) * 1000))
                }
            }
            State::Open { until, held, probing } => {
                let is_probing = probing.is_some_and(|since| now.millis_since(since) < PROBE_MS);
                let has_new_key = held.is_some_and(|(_, key)| key != current_key);
                match held {
                    _ if (until <= now || has_new_key) && !is_probing => Gate::Pass,
                    Some((kind, _)) => Gate::Held(kind),
                    None => Gate::Open(until.max(now.plus_millis(1))),
                }
            }
        }
    }

    /// A request that the gate let pass starts.
    pub(super) fn start(&mut self, now: Timestamp) {
        match &mut self.state {
            State::Closed { since: None } => {}
            State::Closed { since: Some(since) } => {
                let second = now.millis_since(*since).max(0) / 1000;
                if self.started.0 != second {
                    self.started = (second, 0);
                }
                self.started.1 += 1;
            }
            State::Open { probing, .. } => *probing = Some(now),
        }
    }

    /// A request was not sent after all.
    pub(super) fn not_sent(&mut self) {
        if let State::Open { probing, .. } = &mut self.state {
            *probing = None;
        }
    }

    /// The destination has answered; a refusal is no failure.
    pub(super) fn succeeded(&mut self, now: Timestamp) {
        match self.state {
            State::Closed { .. } => self.record(false),
            State::Open { probing: Some(_), .. } => {
                *self = Self {
                    state: State::Closed { since: Some(now) },
                    // This one is the first of the ramp.
                    started: (0, 1),
                    ..Self::default()
                };
            }
            // It was in flight when the breaker opened.
            State::Open { .. } => {}
        }
    }

    /// A request failed.
    pub(super) fn failed(&mut self, now: Timestamp, random: &impl Random) {
        self.record(true);
        let in_a_row = self.last.iter().rev().take_while(|failed| **failed).count();
        let among = self.last.iter().filter(|failed| **failed).count();
        let opens = match self.state {
            State::Closed { .. } => in_a_row >= FAILURES_IN_A_ROW || among >= FAILURES_AMONG.0,
            State::Open { probing, .. } => probing.is_some(),
        };
        if opens {
            let seconds = self.own_seconds(random);
            self.open_until(now.plus_millis(i64::from(seconds) * 1000));
        }
    }

    /// How long the next opening lasts without a `Retry-After`.
    pub(super) fn own_seconds(&self, random: &impl Random) -> u32 {
        let seconds = OPEN_S.0 * 2_f64.powi(self.openings.min(10));
        (seconds.min(OPEN_S.1) * random.between(0.7, 1.0)).ceil() as u32
    }

    /// It opens: a 429 does that at once. Of two ends the later counts.
    pub(super) fn open_until(&mut self, until: Timestamp) {
        let before = match self.state {
            State::Open {
                until,
                held: None,
                probing: None,
            } => Some(until),
            State::Open { .. } | State::Closed { .. } => None,
        };
        self.openings += i32::from(before.is_none());
        self.open(before.map_or(until, |before| before.max(until)), None);
    }

    /// A person has to act: until then one request passes each time that `until` is over.
    pub(super) fn hold(&mut self, kind: HoldKind, key: u64, until: Timestamp) {
        self.open(until, Some((kind, key)));
    }

    fn open(&mut self, until: Timestamp, held: Option<(HoldKind, u64)>) {
        self.state = State::Open {
            until,
            held,
            probing: None,
        };
    }

    /// Whether it is open, also for a hold.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. })
    }

    fn record(&mut self, failed: bool) {
        if self.last.len() == FAILURES_AMONG.1 {
            self.last.pop_front();
        }
        self.last.push_back(failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use surroundings::fake::Chance;

    const LONGEST: Chance = Chance(1.0);

    const KEY: u64 = 7;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        (0..5).for_each(|_| breaker.failed(at(0), &LONGEST));
        breaker
    }

    #[test]
    fn a_probe_whose_invocation_was_cut_off_is_forgotten() {
        event::rules!["RD-081"];
        let mut held = Breaker::default();
        held.hold(HoldKind::Credentials, KEY, at(30));
        for mut breaker in [opened(), held] {
            breaker.start(at(40));
            assert_ne!(breaker.gate(at(41), KEY), Gate::Pass, "one request alone");
            assert_eq!(breaker.gate(at(40 + 120), KEY), Gate::Pass);
        }
    }

    #[test]
    fn it_opens_after_5_failures_in_a_row_or_10_of_20() {
        event::rules!["RD-080"];
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.failed(at(0), &LONGEST);
        }
        breaker.succeeded(at(0));
        assert!(!breaker.is_open());
        assert!(opened().is_open());
        let mut breaker = Breaker::default();
        for n in 0..19 {
            assert!(!breaker.is_open(), "{n}");
            if n % 2 == 0 {
                breaker.failed(at(0), &LONGEST);
            } else {
                breaker.succeeded(at(0));
            }
        }
        assert!(breaker.is_open(), "10 of 19");
    }

    #[test]
    fn each_opening_lasts_twice_as_long_up_to_300_s() {
        event::rules!["RD-081", "RD-082"];
        let mut breaker = opened();
        let mut now = at(0);
        for seconds in [30, 60, 120, 240, 300, 300] {
            let until = now.plus_millis(seconds * 1000);
            assert_eq!(breaker.gate(until.plus_millis(-1), KEY), Gate::Open(until));
            assert_eq!(breaker.gate(until, KEY), Gate::Pass);
            breaker.start(until);
            assert_ne!(breaker.gate(until, KEY), Gate::Pass, "one request alone");
            breaker.failed(until, &LONGEST);
            now = until;
        }
        let until = now.plus_millis(300_000);
        breaker.start(until);
        breaker.succeeded(until);
        assert!(!breaker.is_open());
        (0..5).for_each(|_| breaker.failed(until, &LONGEST));
        let first = Gate::Open(until.plus_millis(30_000));
        assert_eq!(breaker.gate(until, KEY), first, "a success starts again");
    }

    proptest! {
        #[test]
        fn after_closing_the_rate_doubles_each_second(gaps in prop::collection::vec(0_i64..40, 1..3000)) {
            event::rules!["RD-083"];
            let mut breaker = opened();
            breaker.start(at(30));
            breaker.succeeded(at(30));
            let (mut now, mut in_second) = (at(30), [0_u64; 10]);
            for gap in gaps {
                now = now.plus_millis(gap);
                let second = now.millis_since(at(30)) / 1000;
                match breaker.gate(now, KEY) {
                    Gate::Pass => {
                        breaker.start(now);
                        if second < RAMP_S {
                            in_second[second as usize] += 1;
                        }
                    }
                    Gate::Ramp(then) => prop_assert_eq!(then, at(30 + second + 1)),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            for (second, requests) in in_second.into_iter().enumerate() {
                prop_assert!(requests <= 1 << second, "{} in second {}", requests, second);
            }
        }
    }
}
