//! Refusals before the proof, counted: a flood of wrong requests writes a line of each reason now and then (RP-014).

use event::Timestamp;
use event::reasons::RefuseReason;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The refusals of a container that no line has counted yet.
#[derive(Default)]
pub(crate) struct Refusals {
    by_reason: RefCell<BTreeMap<RefuseReason, Counted>>,
}

/// Refusals for one reason since its last line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) count: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// Of the slowest.
    pub(crate) ms: u64,
    /// Of the last: its id and the status of its answer.
    pub(crate) request_id: String,
    pub(crate) status: u16,
    pub(crate) written_at: Option<Timestamp>,
}

impl Refusals {
    /// Counts one more.
    pub(crate) fn add(&self, reason: RefuseReason, one: Counted) {
        let mut by_reason = self.by_reason.borrow_mut();
        let counted = by_reason.entry(reason).or_default();
        *counted = Counted {
            count: counted.count + one.count,
            events: counted.events + one.events,
            bytes: counted.bytes + one.bytes,
            ms: counted.ms.max(one.ms),
            written_at: counted.written_at,
            ..one
        };
    }

    /// What is to be written now: each reason for the first time, then once in `every_ms`.
    pub(crate) fn take_due(&self, now: Timestamp, every_ms: i64) -> Vec<(RefuseReason, Counted)> {
        let mut due = Vec::new();
        for (reason, counted) in self.by_reason.borrow_mut().iter_mut() {
            let is_due = counted
                .written_at
                .is_none_or(|at| now.millis_since(at) >= every_ms);
            if counted.count > 0 && is_due {
                let written = Counted {
                    written_at: Some(now),
                    ..Counted::default()
                };
                due.push((*reason, std::mem::replace(counted, written)));
            }
        }
        due
    }
}
