//! The order of a delivery to Segment.

mod pace;

use super::answer::{Meaning, meaning};
use super::limits::{ANSWER_BYTES, BATCH_PATH};
use super::pack::{Unpacked, batches, body, complete, fault};
use crate::exchange::{Exchanged, detail, exchange};
use crate::flight::fly;
use crate::hint::RunningHint;
use crate::http::{Answer, Http, Request};
use crate::job::{Context, Fate, Job, Messenger};
use crate::keys::{Keys, KeysInUse};
use crate::retry::{PATIENT, delay, delay_with_hint};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::calls::{Method, Platform, SegmentCall, UserKey};
use event::reasons::{HoldKind, IgnoreReason, RetryClass};
use event::settings::Segment;
use event::{Clock, Outcome, Random};
use secrets::SegmentKeys;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use telemetry::Secret;

/// Delivers to Segment.
pub struct SegmentMessenger<K> {
    settings: Segment,
    base_url: String,
    keys: K,
    /// While it runs, no other request is started (SEG-084).
    hint: RunningHint,
}

/// Which write key a call goes to: a platform's own, or the one for all (SEG-020).
type Lane = Option<Platform>;

/// One element on its way.
struct Element {
    /// The place of its job.
    job: usize,
    /// The place of its record.
    record: usize,
    lane: Lane,
    text: String,
    id: String,
    user: Option<UserKey>,
    receives: u32,
    warned: Outcome,
}

impl Element {
    fn user_in_envelope(&self) -> Option<(usize, UserKey)> {
        self.user.clone().map(|user| (self.record, user))
    }
}

impl<K: Keys<Content = SegmentKeys>> SegmentMessenger<K> {
    /// A messenger to a checked address.
    pub fn new(settings: Segment, base_url: String, keys: K) -> Self {
        Self {
            settings,
            base_url,
            keys,
            hint: RunningHint::default(),
        }
    }
}

/// What the requests of one invocation share.
struct Round<'r, K: Keys, H, C, R> {
    messenger: &'r SegmentMessenger<K>,
    context: &'r Context<'r, H, C, R>,
    keys: KeysInUse<'r, K>,
    held: RefCell<HashSet<Lane>>,
    fates: RefCell<Vec<Option<Fate>>>,
    /// Users one of whose calls waits, by envelope: their later calls wait with it (RD-147).
    waiting: RefCell<HashMap<(usize, UserKey), Outcome>>,
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
        let mut elements = Vec::new();
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
                    Some(lane) => elements.push(Element {
                        job: place,
                        record: job.record,
                        lane,
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
            keys: KeysInUse::new(&self.keys, keys),
            held: RefCell::default(),
            fates: RefCell::new(fates),
            waiting: RefCell::default(),
        };
        let unpacked = elements.iter().enumerate().map(|(place, element)| Unpacked {
            place,
            lane: element.lane,
            user: element.user_in_envelope(),
            id: element.id.as_str(),
            text: element.text.as_str(),
        });
        let packed = batches(unpacked, &self.settings);
        let mut elements: Vec<Option<Element>> = elements.into_iter().map(Some).collect();
        for element in packed
            .repeated
            .iter()
            .filter_map(|n| elements.get_mut(*n)?.take())
        {
            round.settle(
                &element,
                Outcome::Ignored(IgnoreReason::DuplicateInRequest).into(),
            );
        }
        let mut requests = Vec::new();
        for (lane, batch) in packed.batches {
            let batch: Vec<Element> = batch
                .into_iter()
                .filter_map(|n| elements.get_mut(n)?.take())
                .collect();
            let mut users: Vec<UserKey> = batch.iter().filter_map(|element| element.user.clone()).collect();
            users.sort_unstable();
            users.dedup();
            requests.push((users, (lane, batch)));
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
            .user_in_envelope()
            .and_then(|user| self.waiting.borrow().get(&user).copied());
        if let Some(outcome) = before {
            self.settle(element, outcome.into());
            return false;
        }
        let hinted = self.messenger.hint.outcome(self.context.clock.now());
        if let Some(outcome) = hinted {
            self.settle(element, outcome.into());
        }
        hinted.is_none()
    }

    /// Sends a part once. Says whether every element has its fate now; if not, it is to be halved.
    async fn once(&self, lane: Lane, part: &[Element]) -> bool {
        match self.exchanged(lane, part).await {
            Err(outcome) => self.all(part, outcome),
            Ok(Exchanged::Unstarted) => self.all(
                part,
                Outcome::Retry {
                    after: 0,
                    class: RetryClass::Unstarted,
                },
            ),
            Ok(Exchanged::Nothing(_)) => self.retry(part, RetryClass::Transient, None),
            Ok(Exchanged::Answer(answer)) => return self.read(lane, part, &answer),
        }
        true
    }

    /// Sends a part; once more if its key was refused and there are other keys now (RD-084).
    ///
    /// # Errors
    /// The outcome of a part that is not sent, or not once more.
    async fn exchanged(&self, lane: Lane, part: &[Element]) -> Result<Exchanged, Outcome> {
        let keys = self.keys.now();
        let exchanged = self.send(lane, part, &keys).await?;
        let refused = matches!(
            &exchanged,
            Exchanged::Answer(answer) if meaning(answer.status) == Meaning::Hold(HoldKind::Credentials)
        );
        if refused && self.keys.differ_from(&keys).await {
            // Meanwhile another answer may have asked for a rest.
            let hinted = self.messenger.hint.outcome(self.context.clock.now());
            hinted.map_or(Ok(()), Err)?;
            return self.send(lane, part, &self.keys.now()).await;
        }
        Ok(exchanged)
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
        let hint = answer.and_then(|answer| pace::hint(answer, now, &self.messenger.settings));
        if let Some(hint) = hint {
            let until = now.plus_millis((hint * 1000.0) as i64);
            self.messenger.hint.runs_until(until);
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

    /// # Errors
    /// Without a key, or with one that is refused, nothing is sent.
    async fn send(&self, lane: Lane, part: &[Element], keys: &SegmentKeys) -> Result<Exchanged, Outcome> {
        let own = lane.and_then(|platform| keys.write_keys.get(platform.as_str()));
        let key = own.or(keys.write_key.as_ref());
        let key = key.filter(|_| !self.held.borrow().contains(&lane));
        let key = key.ok_or(Outcome::Hold(HoldKind::Credentials))?;
        let timeout_ms = self.messenger.settings.timeout.as_millis();
        let retries = part
            .iter()
            .map(|element| element.receives)
            .max()
            .unwrap_or(1)
            .saturating_sub(1);
        let make = || {
            let authorization =
                key.lend(|key| Secret::new(format!("Basic {}", STANDARD.encode(format!("{key}:")))));
            let sent_at = self.context.clock.now().to_string();
            Request {
                method: Method::Post,
                url: format!("{}{BATCH_PATH}", self.messenger.base_url),
                authorization: Some(authorization),
                headers: if retries > 0 {
                    vec![("X-Retry-Count", retries.to_string())]
                } else {
                    Vec::new()
                },
                body: body(part.iter().map(|element| element.text.as_str()), &sent_at),
                timeout_ms,
                max_answer_bytes: ANSWER_BYTES,
            }
        };
        Ok(exchange(self.context, timeout_ms, make).await)
    }

    fn all(&self, part: &[Element], outcome: Outcome) {
        part.iter()
            .for_each(|element| self.settle(element, outcome.into()));
    }

    fn settle(&self, element: &Element, fate: Fate) {
        if let Some(user) = element.user_in_envelope().filter(|_| fate.outcome.is_waiting()) {
            self.waiting.borrow_mut().insert(user, fate.outcome);
        }
        if let Some(place) = self.fates.borrow_mut().get_mut(element.job) {
            *place = Some(match place.take() {
                Some(before) if before.outcome.join(fate.outcome) == before.outcome => before,
                _ => fate,
            });
        }
    }
}

#[cfg(test)]
mod tests;
