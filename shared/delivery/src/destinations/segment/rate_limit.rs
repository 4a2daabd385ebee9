//! What Segment's headers say of its rate limit (SEG-080, SEG-081, SEG-083).

use super::limits::{RATE_LIMITED_S, RESET_IS_TIME_FROM};
use crate::backoff::{parse_retry_after, parse_seconds};
use crate::http::Response;
use event::Timestamp;
use event::settings::Segment;

/// The seconds that a failed response asks for, within bounds; `None` if it asks for nothing.
pub(super) fn retry_after(response: &Response, now: Timestamp, settings: &Segment) -> Option<f64> {
    let wanted = response
        .header("retry-after")
        .and_then(|value| parse_retry_after(value, now));
    let retry_after = match response.status {
        429 => wanted.or_else(|| reset(response, now)).unwrap_or(RATE_LIMITED_S),
        500..=599 => wanted?,
        _ => return None,
    };
    Some(retry_after.clamp(1.0, settings.retry_after_max.as_secs().max(1) as f64))
}

/// Seconds until `X-RateLimit-Reset`.
fn reset(response: &Response, now: Timestamp) -> Option<f64> {
    let reset = parse_seconds(response.header("x-ratelimit-reset")?)?;
    if reset > RESET_IS_TIME_FROM {
        Some(reset - now.millis() as f64 / 1000.0)
    } else {
        Some(reset)
    }
}
