//! Branch's numbers. Sources: Branch docs "Events API", "Webhook retry logic"; reliability.md.

/// Bytes of a response that are read (SR-308).
pub const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// The longest `Retry-After` that is obeyed, in seconds (SR-340).
pub const MAX_RETRY_AFTER_S: f64 = 300.0;
/// What Branch says of a key that it does not know, in the body of a 400 (SR-322).
pub const AUTHENTICATION_FAILED: &str = "authentication failed";
/// The hosts of the United States and the European Union (SR-300).
pub const HOSTS: [&str; 2] = ["https://api2.branch.io", "https://api3-eu.branch.io"];
