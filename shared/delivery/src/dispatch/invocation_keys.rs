//! Which keys the requests of one invocation are sent with, and when others are asked for (RD-084, RD-086).

use super::Keys;
use crate::destination::Destination;
use crate::job::{Context, DelivererSurroundings};
use event::Clock;
use futures_util::lock::Mutex;
use secrets::Renewal;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Milliseconds that a forced fetch of the keys may take, both attempts together (RS-014).
const FORCED_FETCH_MS: u64 = 4000;

pub(super) struct InvocationKeys<'r, D: Destination, S: DelivererSurroundings> {
    cache: &'r Keys<D, S>,
    /// `None` if the secret cannot be read.
    current: RefCell<Option<Rc<D::Keys>>>,
    has_asked: Cell<bool>,
    /// One asks for all: the fetches that are allowed are few (RS-014).
    asking: Mutex<()>,
}

impl<'r, D: Destination, S: DelivererSurroundings> InvocationKeys<'r, D, S> {
    pub(super) fn new(cache: &'r Keys<D, S>, current: Option<Rc<D::Keys>>) -> Self {
        Self {
            cache,
            current: RefCell::new(current),
            has_asked: Cell::new(false),
            asking: Mutex::new(()),
        }
    }

    /// The keys in use; `None` if the secret cannot be read.
    pub(super) fn current(&self) -> Option<Rc<D::Keys>> {
        self.current.borrow().clone()
    }

    /// Asks for other keys, once in an invocation, as soon as that is allowed, if the time lasts (RD-086).
    pub(super) async fn ask_for_others(&self, context: &Context<'_, S>) {
        let _asking = self.asking.lock().await;
        let clock = context.surroundings.clock();
        let now = clock.now();
        let may_ask = self.cache.next_forced_fetch().max(now);
        if self.has_asked.get() || !context.stop.allows(may_ask, FORCED_FETCH_MS) {
            return;
        }
        clock.sleep(may_ask.millis_since(now).unsigned_abs()).await;
        self.renew().await;
    }

    /// Whether there are other keys than those that the destination has just refused, asking for them if need be (RD-084).
    /// Requests that were in flight together are refused together, and only the first of them sees the secret change.
    pub(super) async fn differ_from(&self, refused: &Rc<D::Keys>, context: &Context<'_, S>) -> bool {
        let are_others = || self.current().is_none_or(|keys| !Rc::ptr_eq(refused, &keys));
        let _asking = self.asking.lock().await;
        let now = context.surroundings.clock().now();
        if !are_others() && context.stop.allows(now, FORCED_FETCH_MS) {
            self.renew().await;
        }
        are_others()
    }

    async fn renew(&self) {
        self.has_asked.set(true);
        if let Renewal::Fetched { value, changed: true } = self.cache.renew(FORCED_FETCH_MS).await {
            self.current.replace(Some(value));
        }
    }
}
