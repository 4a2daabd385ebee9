//! The order of a delivery to Braze: one request in flight at a time (SB-516), in the order of packing.

mod fates;
mod pace;
mod read;

use super::answer::{Meaning, is_unknown_item, meaning, said};
use super::limits::{ANSWER_BYTES, OBJECTS_OF_OLD_ACCOUNTS, TOO_MANY_OBJECTS, pause_group};
use super::pack::{Asked, Item, Packed, Placed, Room, again, asked, pack};
use crate::exchange::{Exchanged, exchange};
use crate::flight::guarded;
use crate::http::{Answer, Http, NoAnswer, Request};
use crate::job::{Context, Fate, Job, Messenger};
use crate::keys::Keys;
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, UserKey};
use event::reasons::{HoldKind, IgnoreReason, ParkReason, RetryClass};
use event::settings::{Braze, OnAmbiguous};
use event::{Clock, Outcome, Random};
use fates::Ledger;
use pace::{Pause, Pauses};
use secrets::{BrazeKey, Renewal};
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use telemetry::Secret;

/// What was not sent is sent as soon as there is time.
const UNSTARTED: Outcome = Outcome::Retry {
    after: 0,
    class: RetryClass::Unstarted,
};

/// Delivers to Braze.
pub struct BrazeMessenger<K> {
    settings: Braze,
    base_url: String,
    keys: K,
    /// Objects of a `/users/track` request: the setting, or less if Braze has said so (SB-545).
    max_objects: usize,
    pauses: Pauses,
}

impl<K: Keys<Content = BrazeKey>> BrazeMessenger<K> {
    /// A messenger to a checked address.
    pub fn new(settings: Braze, base_url: String, keys: K) -> Self {
        Self {
            max_objects: settings.max_objects,
            settings,
            base_url,
            keys,
            pauses: Pauses::default(),
        }
    }
}

impl<K: Keys<Content = BrazeKey>> Messenger for BrazeMessenger<K> {
    type Call = BrazeCall;

    async fn deliver<H: Http, C: Clock, R: Random>(
        &mut self,
        jobs: Vec<Job<BrazeCall>>,
        context: &Context<'_, H, C, R>,
    ) -> Vec<Fate> {
        let keys = self
            .keys
            .current()
            .await
            .filter(|keys| keys.rest_api_key.is_some());
        let Some(keys) = keys else {
            let held = Outcome::Hold(HoldKind::Credentials);
            return jobs.iter().map(|_| held.into()).collect();
        };
        let (mut seen, mut ledgers, mut all) = (HashSet::new(), Vec::new(), Vec::new());
        let receives = jobs.iter().map(|job| job.receives).collect();
        for (place, job) in jobs.into_iter().enumerate() {
            let ledger = Ledger::new(&job);
            if !seen.insert(job.id) {
                ledgers.push(Err(Outcome::Ignored(IgnoreReason::DuplicateInInvocation)));
                continue;
            }
            all.extend(asked(place, job.calls, |position| !ledger.is_accepted(position)));
            ledgers.push(Ok(ledger));
        }
        let on_item_error = self.settings.on_item_error;
        let mut round = Round {
            messenger: self,
            context,
            keys,
            ledgers,
            receives,
            held: HashMap::new(),
            waiting: HashMap::new(),
        };
        round.run(all).await;
        let ended = |ledger: Result<Ledger, Outcome>| match ledger {
            Ok(ledger) => ledger.fate(on_item_error),
            Err(outcome) => outcome.into(),
        };
        round.ledgers.into_iter().map(ended).collect()
    }
}

/// What the requests of one invocation share.
struct Round<'r, K, H, C, R> {
    messenger: &'r mut BrazeMessenger<K>,
    context: &'r Context<'r, H, C, R>,
    keys: Rc<BrazeKey>,
    /// By job: what has become of its items, or the outcome that it has without any.
    ledgers: Vec<Result<Ledger, Outcome>>,
    /// By job: the receive count of its record.
    receives: Vec<u32>,
    /// Paths that wait for a person (SB-560).
    held: HashMap<String, HoldKind>,
    /// Users of calls that are tried again: their later calls wait with them (SB-517).
    waiting: HashMap<UserKey, Outcome>,
}

impl<K: Keys<Content = BrazeKey>, H: Http, C: Clock, R: Random> Round<'_, K, H, C, R> {
    const fn room(&self) -> Room {
        Room {
            max_objects: self.messenger.max_objects,
            max_body_bytes: self.messenger.settings.max_body_bytes,
        }
    }

    async fn run(&mut self, all: Vec<Asked>) {
        let dedupe_attributes = self.messenger.settings.dedupe_attributes;
        let mut requests: VecDeque<Packed> = pack(all, dedupe_attributes, self.room()).into();
        while let Some(request) = requests.pop_front() {
            let Some(request) = self.may_start(request).await else {
                continue;
            };
            if self.is_too_full(&request) {
                let parts = again(request, self.room());
                parts.into_iter().rev().for_each(|part| requests.push_front(part));
                continue;
            }
            let users: Vec<UserKey> = request
                .items()
                .flat_map(|item| item.item.users.iter().cloned())
                .collect();
            match guarded(self.request(request)).await {
                Some(halves) => halves
                    .into_iter()
                    .rev()
                    .for_each(|half| requests.push_front(half)),
                // Its events are left without a fate; what follows for its users waits with them.
                None => self
                    .waiting
                    .extend(users.into_iter().map(|user| (user, UNSTARTED))),
            }
        }
    }

    /// Whether a request was packed before Braze said that it takes less.
    fn is_too_full(&self, request: &Packed) -> bool {
        request.endpoint == BrazeEndpoint::Track && request.items().count() > self.messenger.max_objects
    }

    /// The part of a request that nothing keeps from being sent now.
    async fn may_start(&mut self, mut request: Packed) -> Option<Packed> {
        let (free, waiting): (Vec<Placed>, Vec<Placed>) = std::mem::take(&mut request.placed)
            .into_iter()
            .partition(|placed| self.waits_with(placed).is_none());
        for placed in waiting {
            if let Some(outcome) = self.waits_with(&placed) {
                self.wait(&placed, outcome, None);
            }
        }
        request.placed = free;
        if request.placed.is_empty() {
            return None;
        }
        if let Some(kind) = self.held.get(&request.endpoint.target().1).copied() {
            self.hold(&request, kind, None);
            return None;
        }
        let group = pause_group(&request.endpoint);
        let Some(pause) = self.messenger.pauses.running(group, self.context.clock.now()) else {
            return Some(request);
        };
        let timeout_ms = self.messenger.settings.timeout.as_millis();
        if pause.may_be_waited_for && self.context.stop.allows(pause.until, timeout_ms) {
            let rest_ms = pause.until.millis_since(self.context.clock.now()).max(0);
            self.context.clock.sleep(rest_ms.unsigned_abs()).await;
            return Some(request);
        }
        self.retry_paused(&request, pause);
        None
    }

    fn waits_with(&self, placed: &Placed) -> Option<Outcome> {
        let mut users = placed.items.iter().flat_map(|item| &item.item.users);
        users.find_map(|user| self.waiting.get(user).copied())
    }

    /// Sends a request and settles its items. What is given back is to be sent next.
    async fn request(&mut self, request: Packed) -> Vec<Packed> {
        let mut exchanged = self.send(&request).await;
        let refused = Meaning::Hold(HoldKind::Credentials);
        if matches!(&exchanged, Some(Exchanged::Answer(answer)) if meaning(answer.status, &request.endpoint) == refused)
            && let Renewal::Fetched { value, changed: true } = self.messenger.keys.renew().await
        {
            self.keys = value;
            exchanged = self.send(&request).await;
        }
        let Some(exchanged) = exchanged else {
            self.hold(&request, HoldKind::Credentials, None);
            return Vec::new();
        };
        match exchanged {
            Exchanged::Unstarted => request
                .placed
                .iter()
                .for_each(|placed| self.wait(placed, UNSTARTED, None)),
            Exchanged::Nothing(NoAnswer::NotSent) => self.retry(&request, RetryClass::Transient, None),
            Exchanged::Nothing(NoAnswer::Unknown) => self.unknown_fate(&request),
            Exchanged::Answer(answer) => return self.answered(request, &answer),
        }
        Vec::new()
    }

    fn answered(&mut self, request: Packed, answer: &Answer) -> Vec<Packed> {
        match meaning(answer.status, &request.endpoint) {
            Meaning::Taken => {
                self.taken(&request, answer);
                let now = self.context.clock.now();
                if let Some(until) = pace::spent_until(answer, now, &self.messenger.settings) {
                    let pause = Pause {
                        until,
                        may_be_waited_for: true,
                    };
                    self.messenger.pauses.set(pause_group(&request.endpoint), pause);
                }
            }
            Meaning::Refused(reason) => return self.refused(request, reason, answer),
            Meaning::Hold(kind) => {
                self.held.insert(request.endpoint.target().1, kind);
                self.hold(&request, kind, Some(answer.status));
            }
            Meaning::Retry(class) => self.retry(&request, class, Some(answer)),
            Meaning::NotInCatalog => return self.not_in_catalog(request, answer),
        }
        Vec::new()
    }

    /// A refused request of several events is halved; one of a single event has all its items refused (SB-538).
    fn refused(&mut self, request: Packed, reason: ParkReason, answer: &Answer) -> Vec<Packed> {
        let is_track = request.endpoint == BrazeEndpoint::Track;
        let message = said(&answer.body).map(|said| said.message).unwrap_or_default();
        if is_track && message.contains(TOO_MANY_OBJECTS) && request.items().count() > OBJECTS_OF_OLD_ACCOUNTS
        {
            self.messenger.max_objects = OBJECTS_OF_OLD_ACCOUNTS;
            return vec![request];
        }
        if request.placed.len() > 1 && !request.is_of_one_event() {
            return self.halves(request);
        }
        self.refuse_all(&request, reason, answer);
        Vec::new()
    }

    fn not_in_catalog(&mut self, request: Packed, answer: &Answer) -> Vec<Packed> {
        let is_delete = matches!(request.endpoint, BrazeEndpoint::CatalogDelete { .. });
        if !(is_delete && is_unknown_item(&answer.body)) {
            self.refuse_all(&request, ParkReason::CatalogNotFound, answer);
            return Vec::new();
        }
        // Braze does not say which of several items it does not know.
        if request.placed.len() > 1 {
            return self.halves(request);
        }
        self.accept_all(&request, answer.status);
        Vec::new()
    }

    fn halves(&self, mut request: Packed) -> Vec<Packed> {
        let extra = &self.context.counts.extra_requests;
        extra.set(extra.get() + 2);
        let middle = request.middle();
        let second = Packed {
            endpoint: request.endpoint.clone(),
            placed: request.placed.split_off(middle),
        };
        vec![request, second]
    }

    /// The request was sent, and nobody knows whether it was accepted (SB-550, SB-551).
    fn unknown_fate(&mut self, request: &Packed) {
        let settings = &self.messenger.settings;
        let policies = [
            settings.ambiguous_events,
            settings.ambiguous_purchases,
            settings.ambiguous_triggers,
        ];
        let [events, purchases, triggers] = policies;
        for placed in &request.placed {
            let outcome = self.own_retry(placed, RetryClass::Transient, None);
            let mut parks = true;
            for item in &placed.items {
                let policy = match item.item.array {
                    BrazeArray::Attributes if item.item.operators => Some(events),
                    BrazeArray::Events => Some(events),
                    BrazeArray::Purchases => Some(purchases),
                    BrazeArray::Recipients => Some(triggers),
                    _ => None,
                };
                let park = policy == Some(OnAmbiguous::Park);
                parks &= park;
                each_owner(&mut self.ledgers, item, |ledger, position| {
                    if park {
                        ledger.ambiguous(position);
                    } else {
                        ledger.waits(position, outcome, None);
                        ledger.maybe_duplicate |= policy.is_some();
                    }
                });
            }
            if !parks {
                self.keep_users(placed, outcome);
            }
        }
    }

    fn hold(&mut self, request: &Packed, kind: HoldKind, status: Option<u16>) {
        for item in request.items() {
            each_owner(&mut self.ledgers, item, |ledger, position| {
                ledger.waits(position, Outcome::Hold(kind), status);
            });
        }
    }

    /// The items of a call wait, and with them its users' later calls.
    fn wait(&mut self, placed: &Placed, outcome: Outcome, status: Option<u16>) {
        for item in &placed.items {
            each_owner(&mut self.ledgers, item, |ledger, position| {
                ledger.waits(position, outcome, status);
            });
        }
        self.keep_users(placed, outcome);
    }

    fn keep_users(&mut self, placed: &Placed, outcome: Outcome) {
        for user in placed.items.iter().flat_map(|item| &item.item.users) {
            self.waiting.insert(user.clone(), outcome);
        }
    }

    /// `None` if there is no key to send with: the secret may have been emptied since the invocation began.
    async fn send(&self, request: &Packed) -> Option<Exchanged> {
        let key = self.keys.rest_api_key.as_ref()?;
        let timeout_ms = self.messenger.settings.timeout.as_millis();
        let (method, path) = request.endpoint.target();
        let body = request.body();
        let make = || Request {
            method,
            url: format!("{}{path}", self.messenger.base_url),
            authorization: Some(key.lend(|key| Secret::new(format!("Bearer {key}")))),
            headers: Vec::new(),
            body: body.clone(),
            timeout_ms,
            max_answer_bytes: ANSWER_BYTES,
        };
        Some(exchange(self.context, timeout_ms, make).await)
    }
}

/// Notes something of an item for every event that it stands for.
fn each_owner(
    ledgers: &mut [Result<Ledger, Outcome>],
    item: &Item,
    mut note: impl FnMut(&mut Ledger, usize),
) {
    for owner in &item.owners {
        if let Some(Ok(ledger)) = ledgers.get_mut(owner.job) {
            note(ledger, owner.position);
        }
    }
}

#[cfg(test)]
mod tests;
