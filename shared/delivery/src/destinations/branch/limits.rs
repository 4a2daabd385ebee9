//! Branch's numbers. Sources: Branch docs "Events API", "Webhook retry logic"; reliability.md.

/// Bytes of an answer that are read (SR-308).
pub const ANSWER_BYTES: usize = 64 * 1024;
/// The longest hint that is obeyed, in seconds (SR-340).
pub const HINT_MOST_S: f64 = 300.0;
/// What Branch says of a key that it does not know, in the body of a 400 (SR-322).
pub const AUTHENTICATION_FAILED: &str = "authentication failed";
