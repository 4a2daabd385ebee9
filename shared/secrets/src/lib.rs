#![doc = include_str!("../README.md")]
#![allow(async_fn_in_trait, reason = "everything runs on a current-thread runtime")]

mod cache;
mod content;
mod report;

pub use cache::{FetchFailure, Renewal, SecretCache};
pub use content::{
    BranchKey, BrazeKey, Malformed, ReceiverSecret, SecretContent, SegmentKeys, Token, key_member,
};
pub use report::SecretReport;

use event::ports::CallFailed;
use telemetry::Secret;

/// Reads the function's own secret.
pub trait Secrets {
    /// One `GetSecretValue` call, without retries of its own.
    async fn fetch(&self) -> Result<Secret, CallFailed>;

    /// The same over a connection of its own: a pooled one may be dead without knowing it.
    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed>;
}

/// A function without a secret.
impl Secrets for () {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        Err(CallFailed {
            operation: "GetSecretValue",
            code: "NoSecret".to_owned(),
        })
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.fetch().await
    }
}

impl<S: Secrets> Secrets for &S {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        (**self).fetch().await
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        (**self).fetch_over_new_connection().await
    }
}
