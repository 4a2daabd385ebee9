//! Braze's rate limits, and the headers that state them on every answer.

use std::collections::BTreeMap;
use std::time::Duration;

/// How many requests a window of time takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many of them one window takes.
    pub requests: u64,
    /// Windows follow each other without a gap, from 1970 on.
    pub window: Duration,
}

/// Where a request is within its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateWindow {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// The end of the window, in seconds since 1970.
    pub(crate) reset_s: u64,
    pub(crate) is_over: bool,
}

impl RateWindow {
    /// The headers of an answer.
    pub(crate) fn headers(self) -> [(&'static str, String); 3] {
        [
            ("x-ratelimit-limit", self.limit.to_string()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-reset", self.reset_s.to_string()),
        ]
    }
}

/// The paths that share a limit.
fn group(path: &str) -> &'static str {
    match path {
        "/users/track" => "track",
        "/v2/subscription/status/set" => "subscription",
        "/campaigns/trigger/send" | "/canvas/trigger/send" => "messaging",
        catalog if catalog.starts_with("/catalogs/") => "catalogs",
        _ => "identity",
    }
}

/// Source: Braze docs "Rate limits".
fn documented(group: &str) -> RateLimit {
    let (requests, seconds) = match group {
        "track" => (3000, 3),
        "subscription" => (5000, 60),
        "messaging" => (250_000, 3600),
        "catalogs" => (16_000, 60),
        _ => (20_000, 60),
    };
    RateLimit {
        requests,
        window: Duration::from_secs(seconds),
    }
}

#[derive(Default)]
pub(crate) struct Rates {
    changed: BTreeMap<&'static str, RateLimit>,
    /// The window's number and the requests in it.
    used: BTreeMap<&'static str, (u64, u64)>,
}

impl Rates {
    /// Sets the limit of all paths that share one with `path`.
    pub(crate) fn set(&mut self, path: &str, limit: RateLimit) {
        self.changed.insert(group(path), limit);
        self.used.remove(group(path));
    }

    /// Counts a request to `path` at `now_ms`.
    pub(crate) fn count(&mut self, path: &str, now_ms: u64) -> RateWindow {
        let group = group(path);
        let limit = self
            .changed
            .get(group)
            .copied()
            .unwrap_or_else(|| documented(group));
        let window_ms = u64::try_from(limit.window.as_millis()).unwrap_or(u64::MAX).max(1);
        let window = now_ms / window_ms;
        let used = self.used.entry(group).or_insert((window, 0));
        if used.0 != window {
            *used = (window, 0);
        }
        let is_over = used.1 >= limit.requests;
        if !is_over {
            used.1 += 1;
        }
        RateWindow {
            limit: limit.requests,
            remaining: limit.requests.saturating_sub(used.1),
            reset_s: (window + 1).saturating_mul(window_ms).div_ceil(1000),
            is_over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_its_requests_and_the_next_one_as_many_again() {
        let mut rates = Rates::default();
        let limit = RateLimit {
            requests: 2,
            window: Duration::from_secs(10),
        };
        rates.set("/users/merge", limit);
        let after = |remaining, is_over, reset_s| RateWindow {
            limit: 2,
            remaining,
            reset_s,
            is_over,
        };
        assert_eq!(rates.count("/users/merge", 12_000), after(1, false, 20));
        assert_eq!(rates.count("/users/identify", 13_000), after(0, false, 20));
        assert_eq!(rates.count("/users/delete", 19_999), after(0, true, 20));
        assert_eq!(rates.count("/users/delete", 20_000), after(1, false, 30));
        assert_eq!(rates.count("/users/track", 12_000).limit, 3000);
    }
}
