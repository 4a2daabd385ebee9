//! `[braze]`

use super::{OnAmbiguous, Problems, Span};
use serde::{Deserialize, Serialize};

/// What happens to an event of which Braze refuses an item (SB-541).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnItemError {
    /// A person decides.
    #[default]
    Park,
    /// It counts as delivered, with a warning.
    Warn,
}

/// How Braze is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Braze {
    /// Host by instance name (SB-500).
    pub instance: String,
    /// Host by URL (SB-502).
    pub endpoint_url: String,
    /// For a proxy or mock of one's own (SB-503).
    pub allow_any_host: bool,
    /// Objects of one `/users/track` request.
    pub max_objects: usize,
    /// Request body in bytes.
    pub max_body_bytes: usize,
    /// One item in bytes.
    pub max_item_bytes: usize,
    /// Of one request, answer included.
    pub timeout: Span,
    /// End of retries.
    pub horizon: Span,
    /// Longest `Retry-After` obeyed.
    pub retry_after_max: Span,
    /// Whether equal attributes go once a batch (SB-524).
    pub dedupe_attributes: bool,
    /// What an item that Braze refuses does to its event.
    pub on_item_error: OnItemError,
    /// Events and operators after a request without an answer.
    pub ambiguous_events: OnAmbiguous,
    /// Purchases after a request without an answer.
    pub ambiguous_purchases: OnAmbiguous,
    /// Campaigns and canvases after a request without an answer.
    pub ambiguous_triggers: OnAmbiguous,
}

impl Default for Braze {
    fn default() -> Self {
        Self {
            instance: String::new(),
            endpoint_url: String::new(),
            allow_any_host: false,
            max_objects: 75,
            max_body_bytes: 4_000_000,
            max_item_bytes: 102_400,
            timeout: Span::seconds(10),
            horizon: Span::seconds(4 * 86400),
            retry_after_max: Span::seconds(3600),
            dedupe_attributes: true,
            on_item_error: OnItemError::Park,
            ambiguous_events: OnAmbiguous::Retry,
            ambiguous_purchases: OnAmbiguous::Retry,
            ambiguous_triggers: OnAmbiguous::Park,
        }
    }
}

impl Braze {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.range("braze.max_objects", self.max_objects, 1, 75);
        problems.range("braze.max_body_bytes", self.max_body_bytes, 102_400, 4_000_000);
        problems.range("braze.max_item_bytes", self.max_item_bytes, 1024, 102_400);
    }
}
