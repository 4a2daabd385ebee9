//! Clients of the SDK whose idle connections are not trusted for long.

use event::{Clock, Timestamp};
use std::cell::{Cell, RefCell};

/// A pooled connection that was idle for longer, by the wall clock, may be dead without knowing it: a container that was
/// frozen has missed the other side's farewell (RD-176, RD-178).
pub(crate) const IDLE_MS: i64 = 20_000;

/// A client, built again when its connections may be dead.
pub(crate) struct Pooled<T, C> {
    build: Box<dyn Fn() -> T>,
    client: RefCell<T>,
    last_answer: Cell<Timestamp>,
    clock: C,
}

impl<T: Clone, C: Clock> Pooled<T, C> {
    pub(crate) fn new(clock: C, build: impl Fn() -> T + 'static) -> Self {
        Self {
            client: RefCell::new(build()),
            last_answer: Cell::new(clock.now()),
            build: Box::new(build),
            clock,
        }
    }

    /// The client, with its connections unless they were idle for too long.
    pub(crate) fn get(&self) -> T {
        if self.clock.now().millis_since(self.last_answer.get()) > IDLE_MS {
            self.drop_connections();
        }
        self.client.borrow().clone()
    }

    /// Builds the client again: its next call opens a connection. Those that are opened from now on are as good as answered:
    /// a second attempt beside the first must not throw its handshake away.
    pub(crate) fn drop_connections(&self) {
        self.client.replace((self.build)());
        self.answered();
    }

    /// Notes that the other side has just answered.
    pub(crate) fn answered(&self) {
        self.last_answer.set(self.clock.now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[derive(Clone)]
    struct SetClock(Rc<Cell<i64>>);

    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.get())
        }

        async fn sleep(&self, _: u64) {}
    }

    #[test]
    fn idle_connections_are_dropped_once() {
        event::rules!["RD-178", "RC-150"];
        let (now, built) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let counted = Rc::clone(&built);
        let pooled = Pooled::new(SetClock(Rc::clone(&now)), move || counted.set(counted.get() + 1));
        for (millis, clients) in [(20_000, 1), (20_001, 2), (20_300, 2), (40_001, 2), (40_002, 3)] {
            now.set(millis);
            pooled.get();
            assert_eq!(built.get(), clients, "at {millis} ms, nothing having answered");
        }
    }
}
