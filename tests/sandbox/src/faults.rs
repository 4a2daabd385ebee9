//! Scripted faults: what goes wrong with the next requests, in the order in which it was asked for.

use std::collections::VecDeque;
use std::time::Duration;

/// One thing that goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This answer instead of the vendor's; nothing is accepted.
    Status {
        /// The HTTP status.
        status: u16,
        /// Headers added to the vendor's own, such as `Retry-After`.
        headers: Vec<(String, String)>,
        /// The body, as it is sent.
        body: String,
    },
    /// The vendor's own answer, this much later. What it accepts it has accepted at once, whether the sender waits or not.
    Delay(Duration),
    /// The connection ends without an answer; nothing is accepted.
    DropBefore,
    /// The request is accepted, and the connection ends before the answer: the sender cannot know.
    DropAfter,
    /// The item at this index of this array is refused with these words, the others are judged as always. Segment cannot
    /// refuse one event and discards it; Branch takes one event a request, and refuses that whatever the array.
    Item {
        /// The array's key in the body, such as `purchases`.
        array: String,
        /// The position in that array, from 0.
        index: usize,
        /// The vendor's message, such as `'currency' is wrong`.
        reason: String,
    },
}

impl Fault {
    /// A bare status without a body.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// A bare status with one header, such as `Retry-After`.
    pub fn status_with(status: u16, name: &str, value: &str) -> Self {
        Self::Status {
            status,
            headers: vec![(name.to_owned(), value.to_owned())],
            body: String::new(),
        }
    }
}

/// A fault, the path that it waits for, and how often it is still played.
#[derive(Clone, Debug)]
struct Planned {
    path: Option<String>,
    times: u32,
    fault: Fault,
}

/// The faults that one vendor still has to play.
#[derive(Clone, Debug, Default)]
pub struct ScriptedFaults {
    planned: VecDeque<Planned>,
}

impl ScriptedFaults {
    /// Plays `fault` for the next `times` requests to `path`, or to any path, after all that was planned for it before.
    pub fn plan(&mut self, path: Option<&str>, times: u32, fault: Fault) {
        if times > 0 {
            self.planned.push_back(Planned {
                path: path.map(str::to_owned),
                times,
                fault,
            });
        }
    }

    /// The fault for a request to `path`, taken off the script; `None` when the vendor behaves.
    pub fn next(&mut self, path: &str) -> Option<Fault> {
        let fits = |planned: &Planned| planned.path.as_deref().is_none_or(|wanted| wanted == path);
        let position = self.planned.iter().position(fits)?;
        let planned = self.planned.get_mut(position)?;
        planned.times -= 1;
        if planned.times > 0 {
            return Some(planned.fault.clone());
        }
        self.planned.remove(position).map(|spent| spent.fault)
    }

    /// Forgets every fault that has not been played.
    pub fn clear(&mut self) {
        self.planned.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_played_as_often_as_planned_and_then_the_next() {
        let mut faults = ScriptedFaults::default();
        faults.plan(None, 2, Fault::DropBefore);
        faults.plan(None, 1, Fault::DropAfter);
        let played: Vec<_> = (0..4).map(|_| faults.next("/users/track")).collect();
        assert_eq!(
            played,
            [
                Some(Fault::DropBefore),
                Some(Fault::DropBefore),
                Some(Fault::DropAfter),
                None
            ]
        );
    }

    #[test]
    fn a_fault_for_one_path_waits_for_it_and_holds_no_other_up() {
        let mut faults = ScriptedFaults::default();
        faults.plan(Some("/users/merge"), 1, Fault::DropBefore);
        faults.plan(None, 1, Fault::DropAfter);
        assert_eq!(faults.next("/users/track"), Some(Fault::DropAfter));
        assert_eq!(faults.next("/users/track"), None);
        assert_eq!(faults.next("/users/merge"), Some(Fault::DropBefore));
    }

    #[test]
    fn nothing_is_played_for_no_times_or_after_a_clear() {
        let mut faults = ScriptedFaults::default();
        faults.plan(None, 0, Fault::DropBefore);
        assert_eq!(faults.next("/v1/batch"), None);
        faults.plan(None, 3, Fault::DropBefore);
        faults.clear();
        assert_eq!(faults.next("/v1/batch"), None);
    }
}
