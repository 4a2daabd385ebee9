//! The order of a delivery to Segment.

use super::answer::{Meaning, meaning};
use super::limits::{ANSWER_BYTES, BATCH_PATH, RATE_LIMITED_S, RESET_IS_TIME_FROM};
use super::pack::{batches, body, complete, fault};
use crate::exchange::{Exchanged, detail, exchange};
use crate::flight::fly;
use crate::http::{Answer, Http, Request};
use crate::job::{Context, Fate, Job, Messenger};
use crate::keys::Keys;
use crate::retry::{PATIENT, delay, delay_with_hint, retry_after, seconds};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::calls::{Method, Platform, SegmentCall, UserKey};
use event::reasons::{HoldKind, IgnoreReason, RetryClass};
use event::settings::Segment;
use event::{Clock, Outcome, Random, Timestamp};
use secrets::{Renewal, SegmentKeys};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use telemetry::Secret;

/// Delivers to Segment.
pub struct SegmentMessenger<K> {
    settings: Segment,
    base_url: String,
    keys: K,
    /// While a hint runs, no other request is started (SEG-084).
    pause_until: Cell<Option<Timestamp>>,
}

/// Which write key a call goes to: a platform's own, or the one for all (SEG-020).
type Lane = Option<Platform>;

/// One element on its way.
struct Element {
    /// The place of its job.
    job: usize,
    text: String,
    id: String,
    user: Option<UserKey>,
    receives: u32,
    warned: Outcome,
}

impl<K: Keys<Content = SegmentKeys>> SegmentMessenger<K> {
    /// A messenger to a checked address.
    pub const fn new(settings: Segment, base_url: String, keys: K) -> Self {
        Self {
            settings,
            base_url,
            keys,
            pause_until: Cell::new(None),
        }
    }
}

/// What the requests of one invocation share.
struct Round<'r, K, H, C, R> {
    messenger: &'r SegmentMessenger<K>,
    context: &'r Context<'r, H, C, R>,
    keys: RefCell<Rc<SegmentKeys>>,
    held: RefCell<HashSet<Lane>>,
    fates: RefCell<Vec<Option<Fate>>>,
    /// Users one of whose calls waits, by record: their later calls wait with it (RD-147).
    waiting: RefCell<BTreeMap<UserKey, Outcome>>,
}

impl<K: Keys<Content = SegmentKeys>> Messenger for SegmentMessenger<K> {
    type Call = SegmentCall;

    async fn deliver<H: Http, C: Clock, R: Random>(
        &mut self,
        jobs: Vec<Job<SegmentCall>>,
        context: &Context<'_, H, C, R>,
    ) -> Vec<Fate> {
        let mut fates: Vec<Option<Fate>> = jobs.iter().map(|_| None).collect();
        let held = || Some(Outcome::Hold(HoldKind::Credentials).into());
        let Some(keys) = self.keys.current().await else {
            return jobs.iter().filter_map(|_| held()).collect();
        };
        let mut lanes: BTreeMap<Lane, Vec<Element>> = BTreeMap::new();
        for (place, job) in jobs.into_iter().enumerate() {
            let outcome = job
                .warnings
                .first()
                .map_or(Outcome::Delivered, |warning| Outcome::Warned(*warning));
            for call in job.calls {
                let text = complete(&call, job.received_at);
                let fate = fates.get_mut(place);
                if let Some(reason) = fault(&text, self.settings.max_event_bytes) {
                    fate.into_iter()
                        .for_each(|fate| *fate = Some(Outcome::Park(reason).into()));
                    continue;
                }
                match lane(&keys, call.platform) {
                    None => fate.into_iter().for_each(|fate| *fate = held()),
                    Some(lane) => lanes.entry(lane).or_default().push(Element {
                        job: place,
                        text,
                        id: call.message_id,
                        user: call.user,
                        receives: job.receives,
                        warned: outcome,
                    }),
                }
            }
        }
        let round = Round {
            messenger: self,
            context,
            keys: RefCell::new(keys),
            held: RefCell::default(),
            fates: RefCell::new(fates),
            waiting: RefCell::default(),
        };
        let mut requests = Vec::new();
        for (lane, elements) in lanes {
            let named = elements
                .iter()
                .enumerate()
                .map(|(n, element)| (n, element.id.as_str(), element.text.as_str()));
            let packed = batches(named, &self.settings);
            let repeated: HashSet<usize> = packed.repeated.iter().copied().collect();
            let mut elements: Vec<Option<Element>> = elements.into_iter().map(Some).collect();
            for element in repeated.iter().filter_map(|n| elements.get_mut(*n)?.take()) {
                round.settle(
                    &element,
                    Outcome::Ignored(IgnoreReason::DuplicateInRequest).into(),
                );
            }
            for batch in packed.batches {
                let batch: Vec<Element> = batch
                    .into_iter()
                    .filter_map(|n| elements.get_mut(n)?.take())
                    .collect();
                let mut users: Vec<UserKey> =
                    batch.iter().filter_map(|element| element.user.clone()).collect();
                users.sort_unstable();
                users.dedup();
                requests.push((users, (lane, batch)));
            }
        }
        let most = self.settings.concurrency;
        fly(requests, most, |(lane, batch)| round.batch(lane, batch)).await;
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

fn lane(keys: &SegmentKeys, platform: Option<Platform>) -> Option<Lane> {
    let own = platform.filter(|platform| keys.write_keys.contains_key(platform.as_str()));
    own.map(Some).or_else(|| keys.write_key.as_ref().map(|_| None))
}

impl<K: Keys<Content = SegmentKeys>, H: Http, C: Clock, R: Random> Round<'_, K, H, C, R> {
    /// Sends one batch, halving it while Segment refuses it (SEG-060).
    async fn batch(&self, lane: Lane, batch: Vec<Element>) {
        let mut parts = vec![batch];
        let mut first = true;
        while let Some(mut part) = parts.pop() {
            part.retain(|element| self.may_start(element));
            if part.is_empty() {
                continue;
            }
            if !first {
                self.context
                    .counts
                    .extra_requests
                    .set(self.context.counts.extra_requests.get() + 1);
            }
            first = false;
            if self.once(lane, &part).await {
                continue;
            }
            // The first half gets the odd one and goes first.
            let second = part.split_off(part.len().div_ceil(2));
            parts.push(second);
            parts.push(part);
        }
    }

    /// Whether nothing keeps an element from being sent now; what does, is its fate.
    fn may_start(&self, element: &Element) -> bool {
        let before = element
            .user
            .as_ref()
            .and_then(|user| self.waiting.borrow().get(user).copied());
        if let Some(outcome) = before {
            self.settle(element, outcome.into());
            return false;
        }
        let now = self.context.clock.now();
        let rest = self
            .messenger
            .pause_until
            .get()
            .map(|until| until.millis_since(now))
            .filter(|rest| *rest > 0);
        if let Some(rest) = rest {
            let after = u32::try_from((rest + 999) / 1000).unwrap_or(u32::MAX);
            self.settle(
                element,
                Outcome::Retry {
                    after,
                    class: RetryClass::RateLimited,
                }
                .into(),
            );
        }
        rest.is_none()
    }

    /// Sends a part once. Says whether every element has its fate now; if not, it is to be halved.
    async fn once(&self, lane: Lane, part: &[Element]) -> bool {
        if self.held.borrow().contains(&lane) {
            self.all(part, Outcome::Hold(HoldKind::Credentials));
            return true;
        }
        let mut exchanged = self.send(lane, part).await;
        let refused = |exchanged: &Exchanged| matches!(exchanged, Exchanged::Answer(answer) if meaning(answer.status) == Meaning::Hold(HoldKind::Credentials));
        if refused(&exchanged)
            && let Renewal::Fetched { value, changed: true } = self.messenger.keys.renew().await
        {
            *self.keys.borrow_mut() = value;
            exchanged = self.send(lane, part).await;
        }
        match exchanged {
            Exchanged::Unstarted => self.all(
                part,
                Outcome::Retry {
                    after: 0,
                    class: RetryClass::Unstarted,
                },
            ),
            Exchanged::Nothing(_) => self.retry(part, RetryClass::Transient, None),
            Exchanged::Answer(answer) => return self.read(lane, part, &answer),
        }
        true
    }

    fn read(&self, lane: Lane, part: &[Element], answer: &Answer) -> bool {
        let status = Some(answer.status);
        match meaning(answer.status) {
            Meaning::Taken => part.iter().for_each(|element| {
                self.settle(
                    element,
                    Fate {
                        status,
                        ..element.warned.into()
                    },
                );
            }),
            Meaning::Refused(_) if part.len() > 1 => return false,
            Meaning::Refused(reason) => part.iter().for_each(|element| {
                let detail = Some(detail(answer.status, &answer.body));
                self.settle(
                    element,
                    Fate {
                        status,
                        detail,
                        ..Outcome::Park(reason).into()
                    },
                );
            }),
            Meaning::Hold(kind) => {
                if kind == HoldKind::Credentials {
                    self.held.borrow_mut().insert(lane);
                }
                part.iter().for_each(|element| {
                    self.settle(
                        element,
                        Fate {
                            status,
                            ..Outcome::Hold(kind).into()
                        },
                    )
                });
            }
            Meaning::Retry(class) => self.retry(part, class, Some(answer)),
        }
        true
    }

    fn retry(&self, part: &[Element], class: RetryClass, answer: Option<&Answer>) {
        let now = self.context.clock.now();
        let hint = answer.and_then(|answer| self.hint(answer, now));
        if let Some(hint) = hint {
            self.messenger
                .pause_until
                .set(Some(now.plus_millis((hint * 1000.0) as i64)));
        }
        for element in part {
            let after = match hint {
                Some(_) => delay_with_hint(&PATIENT, element.receives, hint, self.context.random),
                None => delay(&PATIENT, element.receives, self.context.random),
            };
            let status = answer.map(|answer| answer.status);
            self.settle(
                element,
                Fate {
                    status,
                    ..Outcome::Retry { after, class }.into()
                },
            );
        }
    }

    /// The seconds that an answer asks for (SEG-080, SEG-081, SEG-083).
    fn hint(&self, answer: &Answer, now: Timestamp) -> Option<f64> {
        let asked = answer
            .header("retry-after")
            .and_then(|value| retry_after(value, now));
        let hint = match answer.status {
            429 => asked
                .or_else(|| {
                    let reset = seconds(answer.header("x-ratelimit-reset")?)?;
                    let until = reset - now.millis() as f64 / 1000.0;
                    Some(if reset > RESET_IS_TIME_FROM { until } else { reset })
                })
                .or(Some(RATE_LIMITED_S)),
            500..=599 => asked,
            _ => None,
        };
        hint.map(|hint| {
            hint.clamp(
                1.0,
                self.messenger.settings.retry_after_max.as_secs().max(1) as f64,
            )
        })
    }

    async fn send(&self, lane: Lane, part: &[Element]) -> Exchanged {
        let timeout_ms = self.messenger.settings.timeout.as_millis();
        let keys = Rc::clone(&self.keys.borrow());
        let retries = part
            .iter()
            .map(|element| element.receives)
            .max()
            .unwrap_or(1)
            .saturating_sub(1);
        exchange(self.context, timeout_ms, || {
            let own = lane.and_then(|platform| keys.write_keys.get(platform.as_str()));
            let authorization = own.or(keys.write_key.as_ref()).map(|key| {
                key.lend(|key| Secret::new(format!("Basic {}", STANDARD.encode(format!("{key}:")))))
            });
            let sent_at = self.context.clock.now().to_string();
            Request {
                method: Method::Post,
                url: format!("{}{BATCH_PATH}", self.messenger.base_url),
                authorization,
                headers: if retries > 0 {
                    vec![("X-Retry-Count", retries.to_string())]
                } else {
                    Vec::new()
                },
                body: body(part.iter().map(|element| element.text.as_str()), &sent_at),
                timeout_ms,
                max_answer_bytes: ANSWER_BYTES,
            }
        })
        .await
    }

    fn all(&self, part: &[Element], outcome: Outcome) {
        part.iter()
            .for_each(|element| self.settle(element, outcome.into()));
    }

    fn settle(&self, element: &Element, fate: Fate) {
        if let Some(user) = element.user.as_ref().filter(|_| fate.outcome.is_waiting()) {
            self.waiting.borrow_mut().insert(user.clone(), fate.outcome);
        }
        if let Some(place) = self.fates.borrow_mut().get_mut(element.job) {
            *place = Some(match place.take() {
                Some(before) if before.outcome.join(fate.outcome) == before.outcome => before,
                _ => fate,
            });
        }
    }
}
