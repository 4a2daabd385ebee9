//! When again, and which endpoints rest until then (SB-555 to SB-557).

use crate::destinations::braze::limits::{PauseGroup, RESET_IS_MILLIS_FROM};
use crate::http::Answer;
use crate::retry::{retry_after, seconds};
use event::Timestamp;
use event::settings::Braze;
use std::collections::HashMap;

/// A rest of one group of endpoints.
#[derive(Debug, Clone, Copy)]
pub struct Pause {
    /// Its end.
    pub until: Timestamp,
    /// Whether an invocation that has the time may wait for it: the limit is spent, but nothing was refused.
    pub may_be_waited_for: bool,
}

/// The rests that run; they outlive the invocation.
#[derive(Default)]
pub struct Pauses(HashMap<PauseGroup, Pause>);

impl Pauses {
    /// The rest of a group, if one runs.
    pub fn running(&self, group: PauseGroup, now: Timestamp) -> Option<Pause> {
        self.0.get(&group).copied().filter(|pause| pause.until > now)
    }

    /// Lets a group rest; a longer rest that runs stays.
    pub fn set(&mut self, group: PauseGroup, pause: Pause) {
        let longer = self
            .0
            .get(&group)
            .is_some_and(|running| running.until > pause.until);
        if !longer {
            self.0.insert(group, pause);
        }
    }
}

/// The seconds that an answer asks for: the largest of its hints, within bounds (SB-555). The reset time counts on a 429
/// alone, as every answer carries it.
pub fn hint(answer: &Answer, now: Timestamp, settings: &Braze) -> Option<f64> {
    let asked = [
        answer
            .header("retry-after")
            .and_then(|value| retry_after(value, now)),
        answer.header("x-ratelimit-retry-after").and_then(seconds),
        reset(answer, now).filter(|_| answer.status == 429),
    ];
    asked
        .into_iter()
        .flatten()
        .filter(|hint| *hint >= 0.0)
        .reduce(f64::max)
        .map(|hint| bounded(hint, settings))
}

/// The end of the rest that a spent limit asks for (SB-557).
pub fn spent_until(answer: &Answer, now: Timestamp, settings: &Braze) -> Option<Timestamp> {
    let remaining = seconds(answer.header("x-ratelimit-remaining")?)?;
    let reset = reset(answer, now).filter(|rest| *rest > 0.0 && remaining == 0.0)?;
    Some(now.plus_millis((bounded(reset, settings) * 1000.0) as i64))
}

/// Seconds until `X-RateLimit-Reset`.
fn reset(answer: &Answer, now: Timestamp) -> Option<f64> {
    let at = seconds(answer.header("x-ratelimit-reset")?)?;
    let at_s = if at > RESET_IS_MILLIS_FROM {
        at / 1000.0
    } else {
        at
    };
    Some(at_s - now.millis() as f64 / 1000.0)
}

fn bounded(hint: f64, settings: &Braze) -> f64 {
    hint.clamp(1.0, settings.retry_after_max.as_secs().max(1) as f64)
}
