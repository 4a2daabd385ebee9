//! `[branch]`

use super::{Problems, Region, Span};
use serde::{Deserialize, Serialize};

/// Where an event's age counts from (SR-316).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgeFrom {
    /// From the receipt.
    #[default]
    Receipt,
    /// From the event's own time.
    Event,
}

/// What happens after a request of which nobody knows whether it was accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnAmbiguous {
    /// It is sent again and may count twice.
    #[default]
    Retry,
    /// It is parked and may be missing.
    Park,
}

/// How Branch is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Branch {
    /// Which host (SR-300).
    pub region: Region,
    /// Replaces the host, for tests and proxies (SR-301).
    pub endpoint_url: String,
    /// Of one request, answer included.
    pub timeout: Span,
    /// Requests in flight at once in a container.
    pub concurrency: usize,
    /// Starts a second in a container.
    pub max_requests_per_second: u32,
    /// Older events are parked.
    pub max_age: Span,
    /// Where the age counts from.
    pub age_from: AgeFrom,
    /// After a request without an answer.
    pub on_ambiguous: OnAmbiguous,
    /// Whether `X-IP-Override` is sent.
    pub ip_override_header: bool,
}

impl Default for Branch {
    fn default() -> Self {
        Self {
            region: Region::Us,
            endpoint_url: String::new(),
            timeout: Span::seconds(10),
            concurrency: 10,
            max_requests_per_second: 50,
            max_age: Span::seconds(3600),
            age_from: AgeFrom::Receipt,
            on_ambiguous: OnAmbiguous::Retry,
            ip_override_header: false,
        }
    }
}

impl Branch {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.range("branch.concurrency", self.concurrency, 1, 64);
        problems.range(
            "branch.max_requests_per_second",
            self.max_requests_per_second,
            1,
            1000,
        );
    }
}
