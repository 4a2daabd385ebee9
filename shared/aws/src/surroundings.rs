//! What surrounds a function in Lambda.

use crate::start::Now;
use crate::{SecretsManager, Sqs, SystemClock, SystemRandom};
use surroundings::Surroundings;
use telemetry::Stdout;

/// A deliverer has no store, a receiver no HTTP client: `()`.
pub(crate) struct Lambda<H, B> {
    pub(crate) sqs: Sqs,
    pub(crate) http: H,
    pub(crate) store: B,
    pub(crate) sink: Stdout<Now>,
}

impl<H, B> Surroundings for Lambda<H, B> {
    type Queue = Sqs;
    type Http = H;
    type Store = B;
    type Clock = SystemClock;
    type Random = SystemRandom;
    type Secrets = SecretsManager;
    type Sink = Stdout<Now>;

    fn queue(&self) -> &Sqs {
        &self.sqs
    }

    fn http(&self) -> &H {
        &self.http
    }

    fn store(&self) -> &B {
        &self.store
    }

    fn clock(&self) -> &SystemClock {
        &SystemClock
    }

    fn random(&self) -> &SystemRandom {
        &SystemRandom
    }

    fn sink(&self) -> &Stdout<Now> {
        &self.sink
    }
}
