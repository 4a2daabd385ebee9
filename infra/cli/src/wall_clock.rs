//! The wall clock: a signature is checked against it, and sample events happen now.

use std::time::{SystemTime, UNIX_EPOCH};

use event::Timestamp;

#[allow(clippy::disallowed_methods, reason = "the command line's one real clock")]
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Now, as events state it.
pub(crate) fn now() -> Timestamp {
    let since = system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
