//! What a receiver meets outside itself.

use event::ports::{Queue, Store};
use event::{Clock, Random};
use secrets::Secrets;
use telemetry::Sink;

/// All that surrounds a receiver, in the shape that a deliverer has too. `aws` has the real ones.
pub trait Surroundings {
    /// SQS.
    type Queue: Queue;
    /// Secrets Manager.
    type Secrets: Secrets;
    /// The fallback bucket.
    type Store: Store;
    /// The time.
    type Clock: Clock + Clone;
    /// Chance.
    type Random: Random + Clone;
    /// Where lines and metrics go.
    type Sink: Sink;

    /// SQS.
    fn queue(&self) -> &Self::Queue;
    /// The fallback bucket.
    fn store(&self) -> &Self::Store;
    /// The time.
    fn clock(&self) -> &Self::Clock;
    /// Chance.
    fn random(&self) -> &Self::Random;
    /// Where lines and metrics go.
    fn sink(&self) -> &Self::Sink;
}
