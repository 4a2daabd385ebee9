//! The fallback bucket.

use crate::container::Outside;
use crate::events::{Mark, marks_in};
use crate::faults::Fault;
use crate::ledger::body_of;
use event::ports::{CallFailed, Store};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// Where requests lie that are still to be queued.
pub const PENDING: &str = "branch/pending/";

#[derive(Default)]
pub struct Bucket {
    pub objects: RefCell<BTreeMap<String, Vec<u8>>>,
    /// The most requests that have waited at once, and when the last one went.
    pub most_pending: Cell<usize>,
    pub emptied_at: Cell<i64>,
}

impl Bucket {
    /// The keys that are still to be queued.
    pub fn pending(&self) -> Vec<String> {
        let objects = self.objects.borrow();
        objects
            .keys()
            .filter(|key| key.starts_with(PENDING))
            .cloned()
            .collect()
    }
}

/// The marks of a pending object.
fn marks_of(object: &[u8]) -> Vec<Mark> {
    body_of(object).map_or_else(Vec::new, |body| marks_in(&body))
}

impl Store for Outside {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), CallFailed> {
        self.s3("PutObject").await?;
        self.world.trace(|| format!("S3 keeps {key}"));
        if key.starts_with(PENDING) {
            // A part of it may be queued already.
            self.world.ledger.excuse_everywhere(&marks_of(bytes), 1);
        }
        self.world
            .bucket
            .objects
            .borrow_mut()
            .insert(key.to_owned(), bytes.to_vec());
        let bucket = &self.world.bucket;
        let pending = bucket.pending().len();
        bucket.most_pending.set(pending.max(bucket.most_pending.get()));
        self.world.changed.notify();
        self.s3("PutObject").await
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, CallFailed> {
        self.s3("GetObject").await?;
        let object = self.world.bucket.objects.borrow().get(key).cloned();
        let gone = || CallFailed {
            operation: "GetObject",
            code: "NoSuchKey".to_owned(),
        };
        let object = object.ok_or_else(gone)?;
        if key.starts_with(PENDING) {
            // A run that does not come to the end repeats what it has queued.
            self.world.ledger.excuse_everywhere(&marks_of(&object), 1);
        }
        Ok(object)
    }

    async fn delete(&self, key: &str) -> Result<(), CallFailed> {
        self.s3("DeleteObject").await?;
        let object = self.world.bucket.objects.borrow_mut().remove(key);
        if let Some(object) = object.filter(|_| key.starts_with(PENDING)) {
            self.world.ledger.excuse_everywhere(&marks_of(&object), -1);
        }
        self.world.bucket.emptied_at.set(self.world.time.now());
        self.world.trace(|| format!("S3 deletes {key}"));
        Ok(())
    }

    async fn list(&self, prefix: &str, after: &str, most: usize) -> Result<Vec<String>, CallFailed> {
        self.s3("ListObjectsV2").await?;
        let objects = self.world.bucket.objects.borrow();
        let keys = objects
            .keys()
            .filter(|key| key.starts_with(prefix) && key.as_str() > after);
        Ok(keys.take(most.min(1000)).cloned().collect())
    }
}

impl Outside {
    /// One call to S3, or its failure: after a window of silence the caller has given up by itself.
    async fn s3(&self, operation: &'static str) -> Result<(), CallFailed> {
        self.world.travel().await;
        if self.world.is_within_any(Fault::F44) {
            if self.world.chance.one_in(2) {
                self.world.time.sleep(5000).await;
            }
            return Err(CallFailed::timeout(operation));
        }
        Ok(())
    }
}
