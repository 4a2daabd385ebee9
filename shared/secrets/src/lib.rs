#![doc = include_str!("../README.md")]
#![allow(async_fn_in_trait, reason = "everything runs on a current-thread runtime")]

mod cache;
mod content;

pub use cache::{Renewal, SecretCache};
pub use content::{BranchKey, BrazeKey, ReceiverSecret, SecretContent, SegmentKeys, Token, Unparsable};

use event::ports::CallFailed;
use telemetry::Secret;

/// Reads the function's own secret.
pub trait Secrets {
    /// One `GetSecretValue` call, without retries of its own.
    async fn fetch(&self) -> Result<Secret, CallFailed>;
}

impl<S: Secrets> Secrets for &S {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        (**self).fetch().await
    }
}
