//! What a function says of the secret that it used.

use crate::FetchFailure;
use event::ports::CallFailed;
use telemetry::metrics as m;
use telemetry::{Line, LoggedId, Metrics, Sink};

/// What is to be said of a secret since the last report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretReport {
    /// Seconds since the value was fetched that was used; `None` if none was: a value that nobody uses is not stale.
    pub age_s: Option<i64>,
    /// Why fetches have failed.
    pub failures: Vec<FetchFailure>,
}

impl SecretReport {
    /// Writes an `error` line for each fetch that failed (RS-003). `invocation_id` is the id of the request or invocation.
    pub fn write_lines(&self, invocation_id: &str, sink: &impl Sink) {
        for failure in &self.failures {
            let (code, place) = match failure {
                FetchFailure::Call(failed) => ("aws_call", failed.to_string()),
                FetchFailure::TimedOut => ("aws_call", CallFailed::timeout("GetSecretValue").to_string()),
                FetchFailure::Malformed(secret) => (
                    "secret_malformed",
                    secret.member.unwrap_or("no_object").to_owned(),
                ),
            };
            let request_id = Some(LoggedId::technical(invocation_id));
            sink.line(Line::error(code, place, request_id));
        }
    }

    /// Adds its metrics to those of an invocation.
    pub fn count(&self, metrics: &mut Metrics) {
        if let Some(age_s) = self.age_s {
            metrics.add(m::SECRET_AGE, &[], age_s as f64);
        }
        let is_malformed = |failure: &&FetchFailure| matches!(failure, FetchFailure::Malformed(_));
        let malformed = self.failures.iter().filter(is_malformed).count();
        metrics.count(m::SECRET_FETCH_FAILED, &[], self.failures.len() as u64);
        metrics.count(m::SECRET_MALFORMED, &[], malformed as u64);
    }

    /// This report and an earlier one, of which nothing was counted yet.
    #[must_use]
    pub fn after(self, earlier: Self) -> Self {
        Self {
            age_s: self.age_s.or(earlier.age_s),
            failures: [earlier.failures, self.failures].concat(),
        }
    }
}
