//! What Braze's headers say of its rate limits (SB-555 to SB-557).

use super::limits::RESET_IS_MILLIS_FROM;
use crate::backoff::{parse_retry_after, parse_seconds};
use crate::exchange::RetryAfter;
use crate::http::Response;
use event::Timestamp;
use event::settings::Braze;

/// What a failed response asks for: the largest of its headers, within bounds (SB-555). The reset time counts on a 429
/// alone, as every response carries it.
pub(super) fn retry_after(response: &Response, now: Timestamp, settings: &Braze) -> Option<RetryAfter> {
    let wanted = [
        response
            .header("retry-after")
            .and_then(|value| parse_retry_after(value, now)),
        response.header("x-ratelimit-retry-after").and_then(parse_seconds),
        reset(response, now).filter(|_| response.status == 429),
    ];
    wanted
        .into_iter()
        .flatten()
        .filter(|retry_after| *retry_after >= 0.0)
        .reduce(f64::max)
        .map(|retry_after| RetryAfter {
            seconds: bounded(retry_after, settings),
            pauses_group: false,
        })
}

/// The end of the pause that a spent limit asks for (SB-557).
pub(super) fn spent_until(response: &Response, now: Timestamp, settings: &Braze) -> Option<Timestamp> {
    let remaining = parse_seconds(response.header("x-ratelimit-remaining")?)?;
    let reset = reset(response, now).filter(|left| *left > 0.0 && remaining == 0.0)?;
    Some(now.plus_millis((bounded(reset, settings) * 1000.0) as i64))
}

/// Seconds until `X-RateLimit-Reset`.
fn reset(response: &Response, now: Timestamp) -> Option<f64> {
    let at = parse_seconds(response.header("x-ratelimit-reset")?)?;
    let at_s = if at > RESET_IS_MILLIS_FROM {
        at / 1000.0
    } else {
        at
    };
    Some(at_s - now.millis() as f64 / 1000.0)
}

fn bounded(retry_after: f64, settings: &Braze) -> f64 {
    retry_after.clamp(1.0, settings.retry_after_max.as_secs().max(1) as f64)
}
