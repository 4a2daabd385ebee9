//! What an answer makes of the items of a request (SB-530 to SB-539), and what a retry makes of its events.

use super::{Round, each_owner, pace};
use crate::destinations::braze::answer::{ItemError, detail, said};
use crate::destinations::braze::limits::{HINT_FACTOR, pause_group};
use crate::destinations::braze::pack::{Item, Packed, Placed};
use crate::destinations::braze::send::pace::Pause;
use crate::http::{Answer, Http};
use crate::keys::Keys;
use crate::retry::{PATIENT, delay};
use event::calls::{BrazeArray, BrazeEndpoint, subscription_entries};
use event::reasons::{ParkReason, RetryClass, Warning};
use event::{Clock, Outcome, Random};
use secrets::BrazeKey;

impl<K: Keys<Content = BrazeKey>, H: Http, C: Clock, R: Random> Round<'_, K, H, C, R> {
    /// A 2xx: every item is accepted but those that the body names.
    pub(super) fn taken(&mut self, request: &Packed, answer: &Answer) {
        let read = said(&answer.body).filter(|_| !answer.cut);
        let Some(read) = read else {
            self.accept_all(request, answer.status);
            self.warn_all(request, Warning::UnreadableAnswer);
            return;
        };
        let items: Vec<&Item> = request.items().collect();
        let mut refused: Vec<Option<&str>> = items.iter().map(|_| None).collect();
        let mut has_unmapped = false;
        let one_event = request.is_of_one_event();
        for error in &read.errors {
            let mapped = named(&request.endpoint, &items, error);
            let of_all = mapped.is_empty() && one_event;
            has_unmapped |= mapped.is_empty() && !one_event;
            for (place, words) in refused.iter_mut().enumerate() {
                if of_all || mapped.contains(&place) {
                    words.get_or_insert(&error.words);
                }
            }
        }
        for (item, words) in items.iter().zip(refused) {
            each_owner(&mut self.ledgers, item, |ledger, position| match words {
                None => ledger.accept(position, answer.status),
                Some(words) => {
                    let detail = detail(answer.status, &read.message, std::iter::once(words));
                    ledger.refuse(position, ParkReason::Rejected, answer.status, detail);
                }
            });
        }
        if has_unmapped {
            self.warn_all(request, Warning::UnmappedError);
        }
    }

    pub(super) fn accept_all(&mut self, request: &Packed, status: u16) {
        for item in request.items() {
            each_owner(&mut self.ledgers, item, |ledger, position| {
                ledger.accept(position, status)
            });
        }
    }

    pub(super) fn refuse_all(&mut self, request: &Packed, reason: ParkReason, answer: &Answer) {
        let detail = said(&answer.body).map_or_else(
            || crate::exchange::detail(answer.status, &answer.body),
            |said| {
                let words = said.errors.iter().map(|error| error.words.as_str());
                detail(answer.status, &said.message, words)
            },
        );
        for item in request.items() {
            each_owner(&mut self.ledgers, item, |ledger, position| {
                ledger.refuse(position, reason, answer.status, detail.clone());
            });
        }
    }

    fn warn_all(&mut self, request: &Packed, warning: Warning) {
        for item in request.items() {
            each_owner(&mut self.ledgers, item, |ledger, _| ledger.warn(warning));
        }
    }

    /// Every event of the request is tried again; a 429 makes the group rest (SB-555, SB-556).
    pub(super) fn retry(&mut self, request: &Packed, class: RetryClass, answer: Option<&Answer>) {
        let now = self.context.clock.now();
        let hint = answer
            .and_then(|answer| pace::hint(answer, now, &self.messenger.settings))
            .map(|hint| hint * self.context.random.between(1.0, HINT_FACTOR));
        let mut shortest = u32::MAX;
        for placed in &request.placed {
            let outcome = self.own_retry(placed, class, hint);
            if let Outcome::Retry { after, .. } = outcome {
                shortest = shortest.min(after);
            }
            self.wait(placed, outcome, answer.map(|answer| answer.status));
        }
        if class == RetryClass::RateLimited {
            let until = now.plus_millis(i64::from(shortest) * 1000);
            let pause = Pause {
                until,
                may_be_waited_for: false,
            };
            self.messenger.pauses.set(pause_group(&request.endpoint), pause);
        }
    }

    /// What a rest that runs makes of a request.
    pub(super) fn retry_paused(&mut self, request: &Packed, pause: Pause) {
        let rest_ms = pause.until.millis_since(self.context.clock.now()).max(0);
        for placed in &request.placed {
            let outcome = self.own_retry(placed, RetryClass::RateLimited, Some(rest_ms as f64 / 1000.0));
            self.wait(placed, outcome, None);
        }
    }

    /// The retry of the event that a call is of: by its schedule, and never earlier than asked.
    pub(super) fn own_retry(&self, placed: &Placed, class: RetryClass, hint: Option<f64>) -> Outcome {
        let receives = self.receives.get(placed.job).copied().unwrap_or(1);
        let own = delay(&PATIENT, receives, self.context.random);
        let after = hint.map_or(own, |hint| own.max(hint.ceil() as u32));
        Outcome::Retry { after, class }
    }
}

/// The places of the items that an element of `errors` names.
fn named(endpoint: &BrazeEndpoint, items: &[&Item], error: &ItemError) -> Vec<usize> {
    let of_array = |array: BrazeArray| {
        let places = items.iter().enumerate();
        places
            .filter(move |(_, item)| item.item.array == array)
            .map(|(place, _)| place)
    };
    if let (Some(array), Some(index)) = (error.array, error.index) {
        return match endpoint {
            BrazeEndpoint::SubscriptionStatus(_) if array == BrazeArray::SubscriptionGroups => {
                joined(items, index)
            }
            _ => of_array(array).nth(index).into_iter().collect(),
        };
    }
    let is_catalog = matches!(
        endpoint,
        BrazeEndpoint::CatalogUpsert { .. } | BrazeEndpoint::CatalogDelete { .. }
    );
    match error.id.as_deref().filter(|_| is_catalog) {
        Some(id) => of_array(BrazeArray::Items)
            .filter(|place| items.get(*place).is_some_and(|item| has_id(item, id)))
            .collect(),
        None => Vec::new(),
    }
}

/// The places of the subscription items that are joined into the entry at an index.
fn joined(items: &[&Item], index: usize) -> Vec<usize> {
    let entries = subscription_entries(items.iter().map(|item| &item.item));
    entries
        .into_iter()
        .nth(index)
        .map(|entry| entry.places)
        .unwrap_or_default()
}

/// Whether a catalog item has an id.
fn has_id(item: &Item, id: &str) -> bool {
    let object = event::json::Json::parse(&item.item.json)
        .ok()
        .and_then(event::json::Json::as_object);
    object
        .and_then(|object| object.get("id")?.as_str())
        .is_some_and(|own| own == id)
}
