//! Numbers of SQS and of the vendors' patience. Sources: AWS docs "SQS quotas", "SendMessageBatch"; reliability.md, section 4.

use event::Source;

/// Bytes of one message's body (SQS).
pub const MESSAGE_BYTES: usize = 1_048_576;
/// Bytes of the bodies of one `SendMessageBatch` call (SQS).
pub const BATCH_BYTES: usize = 1_048_576;
/// Entries of one `SendMessageBatch` call (SQS).
pub const BATCH_ENTRIES: usize = 10;
/// Bytes of an envelope to which events join: SQS's unit of price (RC-094).
pub const ENVELOPE_BYTES: usize = 65_536;
/// Bytes of the largest event that an envelope takes (RC-096).
pub const EVENT_BYTES: usize = 1_040_000;
/// Calls under way at once (RC-115).
pub const CALLS_AT_ONCE: usize = 8;
/// Candidates for a token that are looked at (RC-023).
pub const CANDIDATES: usize = 8;
/// How much more than the cap may be allocated while decoding (RC-055).
pub const DECODE_SLACK: usize = 64 * 1024;
/// Upper ends of the waits before the second, third, fourth and every later attempt, in milliseconds (RC-114).
pub const WAITS_MS: [f64; 4] = [50.0, 100.0, 200.0, 400.0];
/// How long a fetch of the secret beside the work is waited for (RS-011).
pub const REFRESH_WAIT_MS: u64 = 300;

/// Milliseconds after which a fetch of the secret is given up (RC-118).
pub const fn secret_ms(answer_within_ms: u64) -> u64 {
    answer_within_ms / 4
}

/// Milliseconds after which sending ends (RC-118).
pub const fn sending_ms(source: Source, answer_within_ms: u64) -> u64 {
    match source {
        Source::Branch => answer_within_ms * 2 / 3,
        Source::Segment | Source::Braze => answer_within_ms * 7 / 8,
    }
}

/// Milliseconds that one call to SQS may last (RC-115).
pub const fn attempt_ms(source: Source) -> u64 {
    match source {
        Source::Branch => 400,
        Source::Segment | Source::Braze => 1000,
    }
}
