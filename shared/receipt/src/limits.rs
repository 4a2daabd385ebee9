//! Numbers of SQS and of how long the vendors wait. Sources: AWS docs "SQS quotas", "SendMessageBatch"; reliability.md, section 4.

use event::Source;

/// Bytes of an envelope to which events join: SQS's unit of price (RC-094).
pub(crate) const ENVELOPE_BYTES: usize = 65_536;
/// Bytes of the largest event that an envelope takes (RC-096).
pub const EVENT_BYTES: usize = 1_040_000;
/// Calls in flight at once (RC-115).
pub(crate) const CALLS_AT_ONCE: usize = 8;
/// Candidates for a token that are looked at (RC-023).
pub(crate) const CANDIDATES: usize = 8;
/// How much more than the cap may be allocated while decoding (RC-055).
pub(crate) const DECODE_SLACK: usize = 64 * 1024;
/// Upper ends of the waits before the second, third, fourth and every later attempt, in milliseconds (RC-114).
pub(crate) const WAITS_MS: [f64; 4] = [50.0, 100.0, 200.0, 400.0];
/// How long a fetch of the secret beside the work is waited for (RS-011).
pub(crate) const REFRESH_WAIT_MS: u64 = 300;

/// Milliseconds after which a fetch of the secret is given up (RC-118).
pub(crate) const fn secret_ms(answer_within_ms: u64) -> u64 {
    answer_within_ms / 4
}

/// Milliseconds after which sending ends (RC-118).
pub(crate) const fn sending_ms(source: Source, answer_within_ms: u64) -> u64 {
    match source {
        Source::Branch => answer_within_ms * 2 / 3,
        Source::Segment | Source::Braze => answer_within_ms * 7 / 8,
    }
}

/// Milliseconds after which a request of Branch is no longer kept in the fallback bucket (RC-118).
pub(crate) const fn fallback_ms(answer_within_ms: u64) -> u64 {
    answer_within_ms * 29 / 30
}

/// Deferred objects that a container writes in a second: strangers cannot fill the bucket (RC-155).
pub(crate) const DEFERRED_A_SECOND: u32 = 20;
/// Keys of a page of a re-ingest run: all that one `ListObjectsV2` gives (RC-153).
pub(crate) const PENDING_KEYS: usize = 1000;
/// Milliseconds that a re-ingest run works (RC-153).
pub(crate) const REINGEST_MS: i64 = 50_000;
/// Milliseconds that the events of one object may be sent.
pub(crate) const REINGEST_SENDING_MS: i64 = 3000;
/// Milliseconds that a re-ingest run waits for the secret.
pub(crate) const REINGEST_SECRET_MS: u64 = 2000;
/// Objects in a group, one after the other, and groups at once (RC-153).
pub(crate) const REINGEST_GROUP: usize = 10;
/// Groups at once (RC-153).
pub(crate) const REINGEST_GROUPS: usize = 8;

/// Milliseconds that the longest call to SQS may last (RC-115).
pub const LONGEST_ATTEMPT_MS: u64 = 1000;
/// Milliseconds that the first call of a request of Branch may last: a second one, on another connection, has the rest.
const FIRST_BRANCH_ATTEMPT_MS: u64 = 700;

/// Milliseconds that a call to SQS may last, by the number of calls that failed before it (RC-115).
pub(crate) const fn attempt_ms(source: Source, failed_before: usize) -> u64 {
    match (source, failed_before) {
        (Source::Branch, 0) => FIRST_BRANCH_ATTEMPT_MS,
        _ => LONGEST_ATTEMPT_MS,
    }
}
