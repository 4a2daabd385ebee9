//! `[segment]`

use super::{Problems, Span};
use serde::{Deserialize, Serialize};

/// Which Segment region the workspace is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// The United States.
    #[default]
    Us,
    /// Europe.
    Eu,
}

/// How Segment is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Segment {
    /// Which host (SEG-001).
    pub region: Region,
    /// Replaces the host, for tests and proxies (SEG-002).
    pub endpoint_url: String,
    /// Of one request, answer included.
    pub timeout: Span,
    /// Size of one event in bytes.
    pub max_event_bytes: usize,
    /// Size of one request body in bytes.
    pub max_batch_bytes: usize,
    /// Calls of one request.
    pub max_batch_events: usize,
    /// Requests in flight at once in a container.
    pub concurrency: usize,
    /// End of retries.
    pub horizon: Span,
    /// Longest `Retry-After` obeyed.
    pub retry_after_max: Span,
}

impl Default for Segment {
    fn default() -> Self {
        Self {
            region: Region::Us,
            endpoint_url: String::new(),
            timeout: Span::seconds(10),
            max_event_bytes: 32_768,
            max_batch_bytes: 491_520,
            max_batch_events: 2500,
            concurrency: 4,
            horizon: Span::seconds(4 * 86400),
            retry_after_max: Span::seconds(3600),
        }
    }
}

impl Segment {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.range("segment.max_event_bytes", self.max_event_bytes, 500, 32_768);
        problems.range("segment.max_batch_bytes", self.max_batch_bytes, 33_000, 500_000);
        problems.range("segment.max_batch_events", self.max_batch_events, 1, 2500);
        problems.range("segment.concurrency", self.concurrency, 1, 32);
    }
}
