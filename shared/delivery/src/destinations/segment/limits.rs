//! Segment's numbers. Sources: Segment docs "HTTP Tracking API Source", "Batch"; reliability.md.

/// Bytes of a response that are read (SEG-007).
pub const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// What a 429 without a `Retry-After` asks for, in seconds (SEG-080).
pub const RATE_LIMITED_S: f64 = 60.0;
/// From here on `X-RateLimit-Reset` is a Unix time in seconds (SEG-080).
pub const RESET_IS_TIME_FROM: f64 = 1_000_000_000.0;
/// Where a batch is posted to (SEG-003).
pub const BATCH_PATH: &str = "/v1/batch";
/// The hosts of the United States and the European Union (SEG-001).
pub const HOSTS: [&str; 2] = ["https://api.segment.io", "https://events.eu1.segmentapis.com"];
