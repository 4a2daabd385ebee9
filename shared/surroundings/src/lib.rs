#![doc = include_str!("../README.md")]
#![cfg_attr(
    feature = "fake",
    allow(
        async_fn_in_trait,
        clippy::panic,
        reason = "a fake fails its test, on a current-thread runtime"
    )
)]

#[cfg(feature = "fake")]
pub mod fake;

use event::ports::Queue;
use event::{Clock, Random};
use secrets::Secrets;
use telemetry::Sink;

/// All that surrounds a function. What a function does not have is `()`.
pub trait Surroundings {
    /// SQS.
    type Queue: Queue;
    /// Requests to a destination; only deliverers send them.
    type Http;
    /// The fallback bucket; only receivers write to it.
    type Store;
    /// Shared with the cache of the secret.
    type Clock: Clock + Clone;
    /// Shared with the cache of the secret.
    type Random: Random + Clone;
    /// Secrets Manager. It is handed to the cache of the secret, so there is no way to reach it here.
    type Secrets: Secrets;
    /// Where lines and metrics go.
    type Sink: Sink;

    /// SQS.
    fn queue(&self) -> &Self::Queue;
    /// Requests to a destination.
    fn http(&self) -> &Self::Http;
    /// The fallback bucket.
    fn store(&self) -> &Self::Store;
    /// The time.
    fn clock(&self) -> &Self::Clock;
    /// Chance.
    fn random(&self) -> &Self::Random;
    /// Where lines and metrics go.
    fn sink(&self) -> &Self::Sink;
}

/// Surroundings of which every part is the value itself, such as a test's that measures.
pub trait AllInOne: Queue + Clock + Random + Sink + Clone {
    /// Itself, or `()` for a function without a secret.
    type Secrets: Secrets;
}

impl<T: AllInOne> Surroundings for T {
    type Queue = Self;
    type Http = Self;
    type Store = Self;
    type Clock = Self;
    type Random = Self;
    type Secrets = <T as AllInOne>::Secrets;
    type Sink = Self;

    fn queue(&self) -> &Self {
        self
    }

    fn http(&self) -> &Self {
        self
    }

    fn store(&self) -> &Self {
        self
    }

    fn clock(&self) -> &Self {
        self
    }

    fn random(&self) -> &Self {
        self
    }

    fn sink(&self) -> &Self {
        self
    }
}
