//! A destination's keys as a port: the cache of `secrets` is the real one.

use event::{Clock, Random};
use secrets::{Renewal, SecretCache, SecretContent, Secrets};
use std::cell::RefCell;
use std::rc::Rc;

/// Where a destination's keys come from.
pub trait Keys {
    /// What the secret holds.
    type Content;

    /// The keys to use now; `None` if the secret cannot be read.
    async fn current(&self) -> Option<Rc<Self::Content>>;

    /// Fetches the keys anew after the destination refused them (RD-084).
    async fn renew(&self) -> Renewal<Self::Content>;
}

impl<S: Secrets, C: Clock, R: Random, T: SecretContent> Keys for SecretCache<S, C, R, T> {
    type Content = T;

    async fn current(&self) -> Option<Rc<T>> {
        SecretCache::current(self).await
    }

    async fn renew(&self) -> Renewal<T> {
        SecretCache::renew(self).await
    }
}

impl<K: Keys> Keys for &K {
    type Content = K::Content;

    async fn current(&self) -> Option<Rc<K::Content>> {
        (**self).current().await
    }

    async fn renew(&self) -> Renewal<K::Content> {
        (**self).renew().await
    }
}

impl<K: Keys> Keys for Rc<K> {
    type Content = K::Content;

    async fn current(&self) -> Option<Rc<K::Content>> {
        (**self).current().await
    }

    async fn renew(&self) -> Renewal<K::Content> {
        (**self).renew().await
    }
}

/// The keys of one invocation whose requests are under way together.
pub struct KeysInUse<'k, K: Keys> {
    keys: &'k K,
    now: RefCell<Rc<K::Content>>,
}

impl<'k, K: Keys> KeysInUse<'k, K> {
    /// The keys that an invocation begins with.
    pub const fn new(keys: &'k K, now: Rc<K::Content>) -> Self {
        Self {
            keys,
            now: RefCell::new(now),
        }
    }

    /// The keys to use now.
    pub fn now(&self) -> Rc<K::Content> {
        Rc::clone(&self.now.borrow())
    }

    /// Whether there are others than those that the destination has just refused, asking for them if need be. Requests that
    /// were under way together are refused together, and only the first of them sees the secret change.
    pub async fn differ_from(&self, refused: &Rc<K::Content>) -> bool {
        let are_others = || !Rc::ptr_eq(refused, &self.now.borrow());
        if are_others() {
            return true;
        }
        if let Renewal::Fetched { value, changed: true } = self.keys.renew().await {
            self.now.replace(value);
        }
        are_others()
    }
}
