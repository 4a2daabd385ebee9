//! The user's own rules: rows that change an event before its route maps it. The rules are in `spec/own-rules.md`.

mod change;
mod condition;
mod form;
mod node;

use crate::Trace;
use change::Changer;
use condition::Seen;
use event::json::{Index, Json, Object};
use event::settings::{Condition, Row, Work};
use node::Node;

/// What the rows of a route make of an event.
pub enum Changed<'s> {
    /// No value differs.
    Nothing,
    /// The changed event was written.
    Event,
    /// The row of this name drops it.
    Dropped(&'s str),
}

/// The rows from the first one that an event meets; none if it meets no row, and then none changes it.
pub fn met<'s>(rows: &'s [Row], event: Json<'_>) -> &'s [Row] {
    let event = Node::received(event);
    let mut numbered = rows.iter().enumerate();
    let first = numbered.find(|(_, row)| condition::holds(&row.when, Seen::Node(&event)));
    first.and_then(|(at, _)| rows.get(at..)).unwrap_or_default()
}

/// Runs rows, of which an event meets the first, over the event: a JSON object. If they change it, the changed event is
/// written into `into`.
pub fn changed<'s>(met: &'s [Row], event: Json<'_>, into: &mut Index, trace: &mut Trace) -> Changed<'s> {
    let mut root = Node::received(event);
    let mut changer = Changer::new(trace);
    let mut is_changed = false;
    for (at, row) in met.iter().enumerate() {
        if at > 0 && !condition::holds(&row.when, Seen::Node(&root)) {
            continue;
        }
        match &row.work {
            Work::Drop => return Changed::Dropped(&row.name),
            Work::Change(changes) => {
                for change in changes {
                    is_changed |= changer.apply(&row.name, change, &mut root);
                }
            }
        }
    }
    if is_changed {
        root.write(&mut into.write());
        Changed::Event
    } else {
        Changed::Nothing
    }
}

/// Whether a condition holds for an event whose members are opened already.
pub fn holds(condition: &Condition, event: &Object<'_>) -> bool {
    condition::holds(condition, Seen::Members(event))
}

#[cfg(test)]
mod tests;
