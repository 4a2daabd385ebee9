//! How long an answer asks to be left alone (SEG-080, SEG-081, SEG-083).

use crate::destinations::segment::limits::{RATE_LIMITED_S, RESET_IS_TIME_FROM};
use crate::http::Answer;
use crate::retry::{retry_after, seconds};
use event::Timestamp;
use event::settings::Segment;

/// The seconds that an answer asks for, within bounds; `None` if it asks for nothing.
pub fn hint(answer: &Answer, now: Timestamp, settings: &Segment) -> Option<f64> {
    let asked = answer
        .header("retry-after")
        .and_then(|value| retry_after(value, now));
    let hint = match answer.status {
        429 => asked.or_else(|| reset(answer, now)).unwrap_or(RATE_LIMITED_S),
        500..=599 => asked?,
        _ => return None,
    };
    Some(hint.clamp(1.0, settings.retry_after_max.as_secs().max(1) as f64))
}

/// Seconds until `X-RateLimit-Reset`.
fn reset(answer: &Answer, now: Timestamp) -> Option<f64> {
    let reset = seconds(answer.header("x-ratelimit-reset")?)?;
    if reset > RESET_IS_TIME_FROM {
        Some(reset - now.millis() as f64 / 1000.0)
    } else {
        Some(reset)
    }
}
