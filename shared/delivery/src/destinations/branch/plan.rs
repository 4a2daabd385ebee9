//! Calls become requests: one event each (SR-303).

use super::{Batch, Branch, BranchItem};
use crate::job::{Job, Owner};
use crate::planner::{Plan, Planner, dedupe_events};
use event::calls::{BranchCall, BranchEndpoint};
use secrets::BranchKey;

impl Planner for Branch {
    type Call = BranchCall;
    type Keys = BranchKey;
    type Target = BranchEndpoint;
    type Item = BranchItem;

    fn plan(
        &self,
        jobs: Vec<Job<BranchCall>>,
        _: Option<&BranchKey>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<Batch> {
        let (first, not_sent) = dedupe_events::<Self>(jobs);
        let mut batches = Vec::new();
        for (place, job) in first {
            let received_at = job.received_at;
            for (position, call) in job.calls.into_iter().enumerate() {
                let owner = Owner { job: place, position };
                if wanted(owner) {
                    let target = call.endpoint;
                    let item = BranchItem { call, received_at };
                    batches.push(Batch::of_item(target, item, owner));
                }
            }
        }
        Plan { batches, not_sent }
    }
}
