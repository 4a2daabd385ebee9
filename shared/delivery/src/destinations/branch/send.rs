//! The order of a delivery to Branch.

use super::answer::{Meaning, meaning};
use super::limits::{ANSWER_BYTES, HINT_MOST_S};
use super::pack::body;
use crate::exchange::{Exchanged, detail, exchange};
use crate::flight::fly;
use crate::http::{Answer, Http, NoAnswer, Request};
use crate::job::{Context, Fate, Job, Messenger};
use crate::keys::Keys;
use crate::retry::{HASTY, delay, delay_with_hint, retry_after};
use event::calls::{BranchCall, Method, UserKey};
use event::reasons::{HoldKind, IgnoreReason, ParkReason, RetryClass};
use event::settings::{AgeFrom, Branch, OnAmbiguous};
use event::{Clock, Outcome, Random, Timestamp};
use secrets::{BranchKey, Renewal};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use telemetry::Secret;

/// Delivers to Branch.
pub struct BranchMessenger<K> {
    settings: Branch,
    base_url: String,
    keys: K,
    /// While a hint runs, no other request is started (SR-342).
    pause_until: Cell<Option<Timestamp>>,
    /// Starts that are saved up, in thousandths, and when they were counted (SR-310).
    tokens: Cell<(i64, Timestamp)>,
}

/// A token, in thousandths.
const TOKEN: i64 = 1000;

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
        let full = i64::from(settings.max_requests_per_second) * TOKEN;
        let tokens = Cell::new((full, Timestamp::from_millis(0)));
        Self {
            settings,
            base_url,
            keys,
            pause_until: Cell::new(None),
            tokens,
        }
    }
}

/// What the requests of one invocation share.
struct Round<'r, K, H, C, R> {
    messenger: &'r BranchMessenger<K>,
    context: &'r Context<'r, H, C, R>,
    keys: RefCell<Rc<BranchKey>>,
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
        let held: Outcome = Outcome::Hold(HoldKind::Credentials);
        let Some(keys) = self.keys.current().await else {
            return jobs.iter().map(|_| held.into()).collect();
        };
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
            keys: RefCell::new(keys),
            held: Cell::new(false),
            fates: RefCell::new(fates),
            waiting: RefCell::default(),
        };
        fly(flights, self.settings.concurrency, |flight| round.event(flight)).await;
        let fates = round.fates.into_inner();
        let unstarted = Outcome::Retry {
            after: 0,
            class: RetryClass::Unstarted,
        };
        fates
            .into_iter()
            .map(|fate| fate.unwrap_or_else(|| unstarted.into()))
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
        if let Some(fate) = self.before_sending(flight).await {
            return fate;
        }
        let mut exchanged = self.send(flight).await;
        let refused = |exchanged: &Exchanged| match exchanged {
            Exchanged::Answer(answer) => {
                meaning(answer.status, &answer.body) == Meaning::Hold(HoldKind::Credentials)
            }
            Exchanged::Nothing(_) | Exchanged::Unstarted => false,
        };
        if refused(&exchanged)
            && let Renewal::Fetched { value, changed: true } = self.messenger.keys.renew().await
        {
            *self.keys.borrow_mut() = value;
            exchanged = self.send(flight).await;
        }
        match exchanged {
            Exchanged::Unstarted => Outcome::Retry {
                after: 0,
                class: RetryClass::Unstarted,
            }
            .into(),
            Exchanged::Nothing(NoAnswer::NotSent) => self.retry(flight, RetryClass::Transient, None),
            Exchanged::Nothing(NoAnswer::Unknown) => match self.messenger.settings.on_ambiguous {
                OnAmbiguous::Park => Outcome::Park(ParkReason::Ambiguous).into(),
                OnAmbiguous::Retry => Fate {
                    maybe_duplicate: true,
                    ..self.retry(flight, RetryClass::Transient, None)
                },
            },
            Exchanged::Answer(answer) => self.read(flight, &answer),
        }
    }

    /// What keeps an event from being sent now.
    async fn before_sending(&self, flight: &Flight) -> Option<Fate> {
        if !self.token().await {
            return Some(
                Outcome::Retry {
                    after: 0,
                    class: RetryClass::Unstarted,
                }
                .into(),
            );
        }
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
            return Some(Outcome::Park(ParkReason::TooLate).into());
        }
        let no_key = self.keys.borrow().branch_key.is_none();
        if self.held.get() || no_key {
            return Some(Outcome::Hold(HoldKind::Credentials).into());
        }
        let rest = self
            .messenger
            .pause_until
            .get()
            .map(|until| until.millis_since(now))
            .filter(|rest| *rest > 0)?;
        let after = u32::try_from((rest + 999) / 1000).unwrap_or(u32::MAX);
        Some(
            Outcome::Retry {
                after,
                class: RetryClass::RateLimited,
            }
            .into(),
        )
    }

    /// Takes a token, waiting for one while the invocation has the time (SR-310).
    async fn token(&self) -> bool {
        let rate = i64::from(self.messenger.settings.max_requests_per_second);
        let timeout_ms = self.messenger.settings.timeout.as_millis();
        loop {
            let now = self.context.clock.now();
            let (saved, at) = self.messenger.tokens.get();
            let saved = (saved + now.millis_since(at).max(0).saturating_mul(rate)).min(rate * TOKEN);
            if saved >= TOKEN {
                self.messenger.tokens.set((saved - TOKEN, now));
                return true;
            }
            self.messenger.tokens.set((saved, now));
            let wait = u64::try_from((TOKEN - saved).div_euclid(rate) + 1).unwrap_or(1);
            if !self
                .context
                .stop
                .allows(now.plus_millis(wait.cast_signed()), timeout_ms)
            {
                return false;
            }
            self.context.clock.sleep(wait).await;
        }
    }

    fn read(&self, flight: &Flight, answer: &Answer) -> Fate {
        let status = Some(answer.status);
        match meaning(answer.status, &answer.body) {
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
            self.messenger
                .pause_until
                .set(Some(now.plus_millis(i64::from(after) * 1000)));
        }
        Fate {
            status: answer.map(|answer| answer.status),
            ..Outcome::Retry { after, class }.into()
        }
    }

    async fn send(&self, flight: &Flight) -> Exchanged {
        let settings = &self.messenger.settings;
        let keys = Rc::clone(&self.keys.borrow());
        let timeout_ms = settings.timeout.as_millis();
        let ip = flight.call.ip.clone().filter(|_| settings.ip_override_header);
        exchange(self.context, timeout_ms, || Request {
            method: Method::Post,
            url: format!("{}{}", self.messenger.base_url, flight.call.endpoint.path()),
            authorization: None,
            headers: ip.clone().map(|ip| ("X-IP-Override", ip)).into_iter().collect(),
            body: keys.branch_key.as_ref().map_or_else(String::new, |key: &Secret| {
                key.lend(|key| body(&flight.call, key))
            }),
            timeout_ms,
            max_answer_bytes: ANSWER_BYTES,
        })
        .await
    }
}
