//! Secrets Manager, and the keys that senders and destinations know.

use crate::container::{Function, Outside};
use crate::faults::Fault;
use crate::world::{World, place_of, place_of_source};
use event::ports::CallFailed;
use event::{Destination, Source};
use secrets::Secrets;
use std::cell::RefCell;
use telemetry::Secret;

/// When a receiver's new key is added second, when its sender switches, and when it is put first (RS-020).
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    pub source: Source,
    pub added: i64,
    pub switched: i64,
    pub first: i64,
}

#[derive(Default)]
pub struct SecretsManager {
    pub rotations: RefCell<Vec<Rotation>>,
}

impl World {
    /// The keys of a receiver, by the time: the first is current.
    fn receiver_keys(&self, source: Source) -> Vec<String> {
        let rotations = self.secrets.rotations.borrow();
        let now = self.time.now();
        let (old, new) = (format!("key-of-{source}-a"), format!("key-of-{source}-b"));
        match rotations.iter().find(|rotation| rotation.source == source) {
            Some(rotation) if now >= rotation.first => vec![new, old],
            Some(rotation) if now >= rotation.added => vec![old, new],
            _ => vec![old],
        }
    }

    /// The key that a sender uses.
    pub fn sender_key(&self, source: Source) -> String {
        let rotations = self.secrets.rotations.borrow();
        let mut rotations = rotations.iter().filter(|rotation| rotation.source == source);
        let has_switched = rotations.any(|rotation| self.time.now() >= rotation.switched);
        format!("key-of-{source}-{}", if has_switched { "b" } else { "a" })
    }

    /// The key that a destination takes: another one from the moment in which the old one is revoked.
    pub fn valid_key(&self, destination: Destination) -> String {
        self.key_since(destination, |window| window.from)
    }

    /// The key that is stored: the new one only when the window closes.
    fn stored_key(&self, destination: Destination) -> String {
        self.key_since(destination, |window| window.until)
    }

    fn key_since(&self, destination: Destination, since: impl Fn(&crate::world::Window) -> i64) -> String {
        let windows = self.windows.borrow();
        let revoked = windows
            .iter()
            .filter(|window| window.fault == Fault::F75 && window.place == place_of(destination))
            .filter(|window| since(window) <= self.time.now());
        format!("key_live_{destination}_{}", revoked.count())
    }

    fn secret(&self, function: Function) -> String {
        match function {
            Function::Receive(source) => {
                let keys = self.receiver_keys(source);
                let tokens: Vec<String> = keys.iter().map(|key| format!("token-{key}")).collect();
                serde_json::json!({"shared_secrets": keys, "tokens": tokens}).to_string()
            }
            Function::Deliver(destination) => {
                let key = self.stored_key(destination);
                serde_json::json!({"rest_api_key": key, "branch_key": key, "write_key": key}).to_string()
            }
        }
    }
}

impl Secrets for Outside {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        const OPERATION: &str = "GetSecretValue";
        let world = &self.world;
        world.travel().await;
        if self.hangs_on_dead_connection() || world.is_within_any(Fault::F16) && world.chance.one_in(2) {
            // The adapter gives up after so long (`START_MS`).
            world.time.sleep(2000).await;
            return Err(CallFailed::timeout(OPERATION));
        }
        if world.is_within_any(Fault::F16) {
            return Err(CallFailed {
                operation: OPERATION,
                code: world
                    .chance
                    .pick(&["ThrottlingException", "AccessDeniedException"])
                    .to_owned(),
            });
        }
        let place = match self.function {
            Function::Receive(source) => place_of_source(source),
            Function::Deliver(destination) => place_of(destination),
        };
        if world.is_within(Fault::F89, place) {
            return Ok(Secret::new("{not json".to_owned()));
        }
        if world.is_within(Fault::F19, place) {
            return Ok(Secret::new(
                r#"{"shared_secrets":[],"tokens":[" "],"rest_api_key":"","branch_key":"","write_key":""}"#
                    .to_owned(),
            ));
        }
        Ok(Secret::new(world.secret(self.function)))
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.is_connection_dead.set(false);
        self.fetch().await
    }
}
