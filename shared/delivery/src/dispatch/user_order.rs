//! While a call waits, later calls of its users wait with it (RD-147, SB-517).

use crate::destination::UserOrderScope;
use event::Outcome;
use event::calls::UserKey;
use std::collections::HashMap;

/// The users whose later calls wait with an earlier one (RD-147, SB-517).
pub(super) struct UserOrder {
    scope: UserOrderScope,
    waiting: HashMap<(Option<usize>, UserKey), Outcome>,
}

impl UserOrder {
    /// Nobody waits yet.
    pub(super) fn new(scope: UserOrderScope) -> Self {
        Self {
            scope,
            waiting: HashMap::new(),
        }
    }

    fn key(&self, record: usize, user: &UserKey) -> (Option<usize>, UserKey) {
        let record = (self.scope == UserOrderScope::Envelope).then_some(record);
        (record, user.clone())
    }

    /// What a call of these users waits with, if it does.
    pub(super) fn outcome<'u>(
        &self,
        record: usize,
        mut users: impl Iterator<Item = &'u UserKey>,
    ) -> Option<Outcome> {
        users.find_map(|user| self.waiting.get(&self.key(record, user)).copied())
    }

    /// A call has this outcome.
    pub(super) fn met<'u>(
        &mut self,
        record: usize,
        users: impl Iterator<Item = &'u UserKey>,
        outcome: Outcome,
    ) {
        let holds = self.scope == UserOrderScope::Envelope;
        if outcome.is_waiting() && (holds || !matches!(outcome, Outcome::Hold(_))) {
            for user in users {
                self.waiting.insert(self.key(record, user), outcome);
            }
        }
    }
}
