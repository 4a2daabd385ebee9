//! The ports to SQS, for receipt and delivery. `aws` implements them; tests replace them.
//!
//! Futures are not `Send`: a function handles one request at a time on one thread.
#![allow(async_fn_in_trait, reason = "everything runs on a current-thread runtime")]

use crate::{Destination, Source};

/// The queues by what waits in them; the names at AWS come from the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueName {
    /// The queue of a destination.
    Destination(Destination),
    /// The parked queue.
    Parked,
    /// The queue of Currents files that are to be read.
    BrazeFiles,
}

/// One message of a batch that is to be sent.
///
/// It holds a payload, so it cannot be printed:
/// ```compile_fail,E0277
/// fn print(entry: event::ports::Entry) -> String {
///     format!("{entry:?}")
/// }
/// ```
pub struct Entry {
    /// Its id within the batch: unique, 1 to 80 of letters, digits, `-`, `_`.
    pub id: String,
    /// The text that SQS stores, such as an envelope.
    pub body: String,
    /// Seconds until it may be received, at most 900.
    pub delay_s: u32,
    /// The tenant for SQS's fair queues (RC-093).
    pub group: Option<Source>,
}

/// Bytes of one message's body, and of all bodies of one call. Source: AWS docs "SQS quotas", "SendMessageBatch".
pub const CALL_BYTES: usize = 1_048_576;
/// Entries of one call. Source: the same.
pub const CALL_ENTRIES: usize = 10;

/// Puts entries into calls within SQS's limits, in their order. `bytes` is the length of an entry's body.
pub fn calls<T>(entries: impl IntoIterator<Item = T>, bytes: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut calls, mut sum) = (Vec::<Vec<T>>::new(), 0);
    for entry in entries {
        let own = bytes(&entry);
        match calls.last_mut() {
            Some(call) if call.len() < CALL_ENTRIES && sum + own <= CALL_BYTES => {
                sum += own;
                call.push(entry);
            }
            _ => {
                sum = own;
                calls.push(vec![entry]);
            }
        }
    }
    calls
}

/// What SQS said of each entry. An id in neither list has failed.
#[derive(Debug, Default)]
pub struct Sent {
    /// Ids of acknowledged entries.
    pub successful: Vec<String>,
    /// Entries that were refused.
    pub failed: Vec<Failed>,
}

/// An entry that SQS refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The id of the entry.
    pub id: String,
    /// Whether SQS blames the message itself, so that sending it again is of no use.
    pub sender_fault: bool,
}

/// A call to AWS failed as a whole: nothing is known to have happened. Who must act: nobody yet; the caller tries again
/// while its time lasts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {code}")]
pub struct CallFailed {
    /// Such as `SendMessageBatch`.
    pub operation: &'static str,
    /// The service's error code, or `timeout`, `connect`.
    pub code: String,
}

impl CallFailed {
    /// The code of an operation whose time was up.
    pub const TIMEOUT: &str = "timeout";
    /// The code of an answer that broke off or could not be read.
    pub const UNREADABLE_ANSWER: &str = "unreadable answer";

    /// An operation that was given up because its time was up.
    pub fn timeout(operation: &'static str) -> Self {
        Self {
            operation,
            code: Self::TIMEOUT.to_owned(),
        }
    }

    /// Whether AWS may have done what was asked although no answer says so.
    pub fn may_have_happened(&self) -> bool {
        [Self::TIMEOUT, Self::UNREADABLE_ANSWER].contains(&self.code.as_str())
    }
}

/// Sends messages.
pub trait Queue {
    /// One `SendMessageBatch` call, without retries of its own: at most 10 entries and 1048576 bytes of bodies.
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed>;

    /// Closes pooled connections, so that the next call opens one: a pooled one may be dead without knowing it.
    fn drop_connections(&self) {}
}

/// Objects in the fallback bucket.
pub trait Store {
    /// One `PutObject` call, without retries of its own.
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), CallFailed>;

    /// One `GetObject` call.
    async fn get(&self, key: &str) -> Result<Vec<u8>, CallFailed>;

    /// One `DeleteObject` call. A key that does not exist is deleted.
    async fn delete(&self, key: &str) -> Result<(), CallFailed>;

    /// One `ListObjectsV2` call: the first keys with this prefix behind the key `after` (empty: from the first one) in byte
    /// order, at most `most`, which is at most 1000.
    async fn list(&self, prefix: &str, after: &str, most: usize) -> Result<Vec<String>, CallFailed>;
}

/// One message whose visibility is to change.
pub struct VisibilityChange {
    /// Its id within the batch: unique, 1 to 80 of letters, digits, `-`, `_`.
    pub id: String,
    /// What SQS wants back to delete this receive or to change its visibility.
    pub receipt_handle: String,
    /// Seconds from now until it may be received again, at most 900.
    pub seconds: u32,
}

/// Says when received messages come back.
pub trait Visibility {
    /// One `ChangeMessageVisibilityBatch` call, without retries of its own: at most 10 entries. Gives the ids of the
    /// changes that SQS acknowledged.
    async fn change(&self, queue: QueueName, changes: &[VisibilityChange])
    -> Result<Vec<String>, CallFailed>;
}

impl<V: Visibility> Visibility for &V {
    async fn change(
        &self,
        queue: QueueName,
        changes: &[VisibilityChange],
    ) -> Result<Vec<String>, CallFailed> {
        (**self).change(queue, changes).await
    }
}

impl<Q: Queue> Queue for &Q {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        (**self).send(queue, entries).await
    }

    fn drop_connections(&self) {
        (**self).drop_connections();
    }
}
