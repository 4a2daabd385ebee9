//! The order of a delivery to Branch.

mod pace;

use super::answer::{Meaning, meaning, without_key};
use super::limits::{ANSWER_BYTES, HINT_MOST_S};
use super::pack::body;
use crate::exchange::{Exchanged, detail, exchange};
use crate::flight::fly;
use crate::hint::RunningHint;
use crate::http::{Answer, Http, NoAnswer, Request};
use crate::job::{Context, Fate, Job, Messenger};
use crate::keys::{Keys, KeysInUse};
use crate::retry::{HASTY, delay, delay_with_hint, retry_after};
use event::calls::{BranchCall, Method, UserKey};
use event::reasons::{HoldKind, IgnoreReason, ParkReason, RetryClass};
use event::settings::{AgeFrom, Branch, OnAmbiguous};
use event::{Clock, Outcome, Random, Timestamp};
use pace::Bucket;
use secrets::BranchKey;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

/// Delivers to Branch.
pub struct BranchMessenger<K> {
    settings: Branch,
    base_url: String,
    keys: K,
    /// While it runs, no other request is started (SR-342).
    hint: RunningHint,
    bucket: Bucket,
}

/// There was no time to start the request.
const UNSTARTED: Outcome = Outcome::Retry {
    after: 0,
    class: RetryClass::Unstarted,
};

/// There is no key to send with.
const KEYLESS: Outcome = Outcome::Hold(HoldKind::Credentials);

/// One event on its way.
struct Flight {
    place: usize,
    record: usize,
    call: BranchCall,
    receives: u32,
    received_at: Timestamp,
    done: Outcome,
}

impl<K: Keys<Content = BranchKey>> BranchMessenger<K> {
    /// A messenger to a checked address.
    pub fn new(settings: Branch, base_url: String, keys: K) -> Self {
        Self {
            bucket: Bucket::new(settings.max_requests_per_second),
            settings,
            base_url,
            keys,
            hint: RunningHint::default(),
        }
    }
}

/// What the requests of one invocation share.
struct Round<'r, K: Keys, H, C, R> {
    messenger: &'r BranchMessenger<K>,
    context: &'r Context<'r, H, C, R>,
    /// `None` if the secret cannot be read.
    keys: Option<KeysInUse<'r, K>>,
    held: Cell<bool>,
    fates: RefCell<Vec<Option<Fate>>>,
    /// Users one of whose calls waits, by envelope: their later calls wait with it (RD-147).
    waiting: RefCell<HashMap<(usize, UserKey), Outcome>>,
}

impl<K: Keys<Content = BranchKey>> Messenger for BranchMessenger<K> {
    type Call = BranchCall;

    async fn deliver<H: Http, C: Clock, R: Random>(
        &mut self,
        jobs: Vec<Job<BranchCall>>,
        context: &Context<'_, H, C, R>,
    ) -> Vec<Fate> {
        let keys = self.keys.current().await;
        let mut fates: Vec<Option<Fate>> = jobs.iter().map(|_| None).collect();
        let (mut seen, mut flights) = (HashSet::new(), Vec::new());
        for (place, job) in jobs.into_iter().enumerate() {
            let done = job
                .warnings
                .first()
                .map_or(Outcome::Delivered, |warning| Outcome::Warned(*warning));
            if !seen.insert(job.id) {
                let ignored = Outcome::Ignored(IgnoreReason::DuplicateInInvocation);
                fates
                    .get_mut(place)
                    .into_iter()
                    .for_each(|fate| *fate = Some(ignored.into()));
                continue;
            }
            for call in job.calls {
                let users = call.user.clone().into_iter().collect();
                let (record, receives, received_at) = (job.record, job.receives, job.received_at);
                flights.push((
                    users,
                    Flight {
                        place,
                        record,
                        call,
                        receives,
                        received_at,
                        done,
                    },
                ));
            }
        }
        let round = Round {
            messenger: self,
            context,
            keys: keys.map(|now| KeysInUse::new(&self.keys, now)),
            held: Cell::new(false),
            fates: RefCell::new(fates),
            waiting: RefCell::default(),
        };
        fly(flights, self.settings.concurrency, |flight| round.event(flight)).await;
        let fates = round.fates.into_inner();
        fates
            .into_iter()
            .map(|fate| fate.unwrap_or_else(|| UNSTARTED.into()))
            .collect()
    }
}

impl<K: Keys<Content = BranchKey>, H: Http, C: Clock, R: Random> Round<'_, K, H, C, R> {
    async fn event(&self, flight: Flight) {
        let user = flight.call.user.clone().map(|user| (flight.record, user));
        let before = user
            .as_ref()
            .and_then(|user| self.waiting.borrow().get(user).copied());
        let fate = match before {
            Some(outcome) => outcome.into(),
            None => self.fate(&flight).await,
        };
        if let Some(user) = user.filter(|_| fate.outcome.is_waiting()) {
            self.waiting.borrow_mut().insert(user, fate.outcome);
        }
        if let Some(place) = self.fates.borrow_mut().get_mut(flight.place) {
            *place = Some(fate);
        }
    }

    async fn fate(&self, flight: &Flight) -> Fate {
        match self.exchanged(flight).await {
            Err(outcome) => outcome.into(),
            Ok(Exchanged::Unstarted) => UNSTARTED.into(),
            Ok(Exchanged::Nothing(NoAnswer::NotSent)) => self.retry(flight, RetryClass::Transient, None),
            Ok(Exchanged::Nothing(NoAnswer::Unknown)) => match self.messenger.settings.on_ambiguous {
                OnAmbiguous::Park => Outcome::Park(ParkReason::Ambiguous).into(),
                OnAmbiguous::Retry => Fate {
                    maybe_duplicate: true,
                    ..self.retry(flight, RetryClass::Transient, None)
                },
            },
            Ok(Exchanged::Answer(answer)) => self.read(flight, &answer),
        }
    }

    /// Sends an event; once more if its key was refused and there are other keys now (RD-084).
    ///
    /// # Errors
    /// The outcome of an event that is not sent, or not once more.
    async fn exchanged(&self, flight: &Flight) -> Result<Exchanged, Outcome> {
        let keys = self.keys_to_send(flight).await?;
        let used = keys.now();
        let exchanged = self.send(flight, &used).await?;
        let refused = matches!(
            &exchanged,
            Exchanged::Answer(answer) if meaning(answer) == Meaning::Hold(HoldKind::Credentials)
        );
        if !(refused && keys.differ_from(&used).await) {
            return Ok(exchanged);
        }
        // Since the first time the key may have been taken away, and another answer may have asked for a rest.
        let renewed = self.keys_to_send(flight).await?.now();
        self.send(flight, &renewed).await
    }

    /// The keys to send an event with now.
    ///
    /// # Errors
    /// The outcome of an event that is not sent now. Only what is sent takes a token.
    async fn keys_to_send(&self, flight: &Flight) -> Result<&KeysInUse<'_, K>, Outcome> {
        self.may_start(flight)?;
        if !self.token().await {
            return Err(UNSTARTED);
        }
        // While it waited for the token, it may have grown too old, and another may have learned something.
        self.may_start(flight)
    }

    fn may_start(&self, flight: &Flight) -> Result<&KeysInUse<'_, K>, Outcome> {
        let now = self.context.clock.now();
        let settings = &self.messenger.settings;
        let from = match settings.age_from {
            AgeFrom::Receipt => flight.received_at,
            AgeFrom::Event => flight
                .call
                .timestamp
                .filter(|at| *at < flight.received_at)
                .unwrap_or(flight.received_at),
        };
        if now.millis_since(from) > i64::try_from(settings.max_age.as_millis()).unwrap_or(i64::MAX) {
            return Err(Outcome::Park(ParkReason::TooLate));
        }
        let has_key = |keys: &&KeysInUse<'_, K>| !self.held.get() && keys.now().branch_key.is_some();
        let Some(keys) = self.keys.as_ref().filter(has_key) else {
            return Err(KEYLESS);
        };
        self.messenger.hint.outcome(now).map_or(Ok(keys), Err)
    }

    /// Takes a token, waiting for one while the invocation has the time (SR-310).
    async fn token(&self) -> bool {
        let timeout_ms = self.messenger.settings.timeout.as_millis();
        loop {
            let now = self.context.clock.now();
            let Err(wait_ms) = self.messenger.bucket.take(now) else {
                return true;
            };
            let then = now.plus_millis(wait_ms.cast_signed());
            if !self.context.stop.allows(then, timeout_ms) {
                return false;
            }
            self.context.clock.sleep(wait_ms).await;
        }
    }

    fn read(&self, flight: &Flight, answer: &Answer) -> Fate {
        let status = Some(answer.status);
        match meaning(answer) {
            Meaning::Taken => Fate {
                status,
                ..flight.done.into()
            },
            Meaning::Park(reason) => {
                let detail = Some(detail(answer.status, &answer.body));
                Fate {
                    status,
                    detail,
                    ..Outcome::Park(reason).into()
                }
            }
            Meaning::Hold(kind) => {
                self.held.set(self.held.get() || kind == HoldKind::Credentials);
                Fate {
                    status,
                    ..Outcome::Hold(kind).into()
                }
            }
            Meaning::Retry(class) => self.retry(flight, class, Some(answer)),
        }
    }

    fn retry(&self, flight: &Flight, class: RetryClass, answer: Option<&Answer>) -> Fate {
        let now = self.context.clock.now();
        let told = answer.filter(|answer| answer.status == 429 || answer.status >= 500);
        let asked = told.and_then(|answer| retry_after(answer.header("retry-after")?, now));
        let hint = asked.map(|hint| hint.clamp(1.0, HINT_MOST_S));
        let after = match hint {
            Some(_) => delay_with_hint(&HASTY, flight.receives, hint, self.context.random),
            None => delay(&HASTY, flight.receives, self.context.random),
        };
        if class == RetryClass::RateLimited {
            let until = now.plus_millis(i64::from(after) * 1000);
            self.messenger.hint.runs_until(until);
        }
        Fate {
            status: answer.map(|answer| answer.status),
            ..Outcome::Retry { after, class }.into()
        }
    }

    /// # Errors
    /// Without a key nothing is sent.
    async fn send(&self, flight: &Flight, keys: &BranchKey) -> Result<Exchanged, Outcome> {
        let key = keys.branch_key.as_ref().ok_or(KEYLESS)?;
        let settings = &self.messenger.settings;
        let timeout_ms = settings.timeout.as_millis();
        let ip = flight.call.ip.clone().filter(|_| settings.ip_override_header);
        let make = || Request {
            method: Method::Post,
            url: format!("{}{}", self.messenger.base_url, flight.call.endpoint.path()),
            authorization: None,
            headers: ip.clone().map(|ip| ("X-IP-Override", ip)).into_iter().collect(),
            body: key.lend(|key| body(&flight.call, key)),
            timeout_ms,
            max_answer_bytes: ANSWER_BYTES,
        };
        Ok(match exchange(self.context, timeout_ms, make).await {
            Exchanged::Answer(answer) => Exchanged::Answer(key.lend(|key| without_key(answer, key))),
            nothing => nothing,
        })
    }
}

#[cfg(test)]
mod tests;
