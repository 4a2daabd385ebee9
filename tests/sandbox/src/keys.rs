//! The keys that the vendors take.

/// What each vendor accepts. An empty key accepts no request.
#[derive(Clone, Default)]
pub struct Keys {
    /// Braze's REST API key.
    pub braze_rest_api_key: String,
    /// Branch's key, in the body of each event.
    pub branch_key: String,
    /// The write keys of Segment's sources.
    pub segment_write_keys: Vec<String>,
}

impl Keys {
    /// Whether `key` is a key, and equal to `given`.
    pub(crate) fn fits(key: &str, given: &str) -> bool {
        !key.is_empty() && key == given
    }
}
