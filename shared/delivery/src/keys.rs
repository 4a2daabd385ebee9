//! A destination's keys as a port: the cache of `secrets` is the real one.

use event::{Clock, Random};
use secrets::{Renewal, SecretCache, SecretContent, Secrets};
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
