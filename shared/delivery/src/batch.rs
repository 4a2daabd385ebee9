//! What a destination plans: the calls of events as batches, one HTTP request each.

use crate::job::Owner;
use event::calls::UserKey;

/// What is sent of an event.
pub trait Item {
    /// The users that it names: their calls keep their order.
    fn users(&self) -> &[UserKey];
}

pub struct PlannedItem<I> {
    /// What is sent.
    pub item: I,
    /// The events that it stands for; the first put it there.
    pub owners: Vec<Owner>,
}

/// The items of one event that go to one target together.
pub struct PlannedCall<T, I> {
    /// The place of the job that put them there.
    pub job: usize,
    /// Where they go.
    pub target: T,
    /// What they are.
    pub items: Vec<PlannedItem<I>>,
}

impl<T, I: Item> PlannedCall<T, I> {
    /// The users that its items name.
    pub fn users(&self) -> impl Iterator<Item = &UserKey> {
        self.items.iter().flat_map(|item| item.item.users())
    }
}

/// One request: the calls of one or more events to one target.
pub struct Batch<T, I> {
    /// Where it goes.
    pub target: T,
    /// By event, in their order.
    pub calls: Vec<PlannedCall<T, I>>,
}

impl<T: Clone, I> Batch<T, I> {
    /// A request of one item.
    pub fn of_item(target: T, item: I, owner: Owner) -> Self {
        let owners = vec![owner];
        let call = PlannedCall {
            job: owner.job,
            target: target.clone(),
            items: vec![PlannedItem { item, owners }],
        };
        Self {
            target,
            calls: vec![call],
        }
    }

    /// All items, in order.
    pub fn items(&self) -> impl Iterator<Item = &PlannedItem<I>> + Clone {
        self.calls.iter().flat_map(|call| &call.items)
    }

    /// Whether all of it is one event's alone; an event may have several calls in one request, and share an item.
    pub fn is_of_one_event(&self) -> bool {
        let mut owners = self.items().flat_map(|item| &item.owners);
        let first = owners.next().map(|owner| owner.job);
        owners.all(|owner| Some(owner.job) == first)
    }

    /// Its halves, the first with the odd event: parted between two events if there are several, else between two calls of the
    /// one.
    pub fn halves(mut self) -> [Self; 2] {
        let job = |at: usize| self.calls.get(at).map(|call| call.job);
        let starts: Vec<usize> = (1..self.calls.len())
            .filter(|at| job(*at) != job(*at - 1))
            .collect();
        let middle = starts.get(starts.len() / 2).copied();
        let second = Self {
            target: self.target.clone(),
            calls: self
                .calls
                .split_off(middle.unwrap_or_else(|| self.calls.len().div_ceil(2))),
        };
        [self, second]
    }
}
