//! How reading ended decides what SQS does with the message (`reliability.md`, 5.2 to 5.4, with the rows of Segment).

use crate::limits::SETTLED_MS;
use crate::message::Cause;
use crate::reader::{End, Halt, ReaderSurroundings, Run};
use delivery::backoff::{
    LONG_BACKOFF, LONG_HOLD, MAX_RECEIVES, MAX_VISIBILITY_S, VISIBILITY_ATTEMPTS, delay, park_failed, tries,
};
use event::Clock;
use event::ports::{Queue, QueueName, Visibility, VisibilityChange};
use event::reasons::{HoldKind, ParkReason, RetryClass};
use receipt::send::Outgoing;

/// What became of a message.
pub(crate) struct Settled {
    /// Whether SQS may delete it.
    pub is_finished: bool,
    /// The outcome, as lines and metrics have it.
    pub outcome: &'static str,
    pub reason: Option<&'static str>,
    pub class: Option<&'static str>,
}

impl Settled {
    const fn done(outcome: &'static str, reason: Option<&'static str>) -> Self {
        Self {
            is_finished: true,
            outcome,
            reason,
            class: None,
        }
    }
}

/// How a message waits.
struct Wait {
    outcome: &'static str,
    reason: Option<&'static str>,
    class: Option<&'static str>,
    after: u32,
}

impl Wait {
    const fn retry(class: RetryClass, after: u32) -> Self {
        Self {
            outcome: "retry",
            reason: None,
            class: Some(class.as_str()),
            after,
        }
    }
}

impl<S: ReaderSurroundings> Run<'_, S> {
    /// Settles a message.
    pub(crate) async fn settle(&mut self, end: End) -> Settled {
        let receives = self.receives();
        let age_ms = self.age_ms();
        let ms = |span: event::settings::Span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        match end {
            End::Done => Settled::done("done", None),
            End::Ignored(reason) => Settled::done("ignored", Some(reason.as_str())),
            End::Parked(reason) => Settled::done("parked", Some(reason.as_str())),
            End::FollowUp => {
                self.hand_on(Cause::FollowUp, Wait::retry(RetryClass::Unstarted, 0))
                    .await
            }
            // A file that is merely read again and again would never show in the age of its queue. While it was held it has
            // not failed (RD-068).
            End::Retry if age_ms.min(self.held_ms()) > ms(self.settings.segment.horizon) => {
                self.give_up(ParkReason::Exhausted).await
            }
            End::Retry => {
                // Follow-ups were received too, and are no failures.
                let tries = tries(&LONG_BACKOFF, receives, age_ms);
                let after = delay(&LONG_BACKOFF, tries, self.surroundings.random());
                self.wait(Wait::retry(RetryClass::Transient, after)).await
            }
            End::Hold if age_ms > ms(self.settings.delivery.hold_horizon) => {
                self.give_up(ParkReason::HoldExpired).await
            }
            End::Hold => {
                let wait = Wait {
                    outcome: "hold",
                    reason: Some(HoldKind::Config.as_str()),
                    class: None,
                    after: delay(&LONG_HOLD, receives, self.surroundings.random()),
                };
                self.wait(wait).await
            }
            End::NotBefore => {
                let left_ms = self.work.not_before.map_or(0, |time| time.millis_since(self.at));
                let after = u32::try_from(left_ms.saturating_add(999) / 1000).unwrap_or(u32::MAX);
                self.wait(Wait::retry(RetryClass::NotBefore, after)).await
            }
            End::ParkFailed => self.wait(self.park_failed()).await,
            End::Newer => {
                let after = park_failed(self.record.receive_count);
                self.stay(Wait::retry(RetryClass::NewerVersion, after)).await
            }
        }
    }

    /// How often messages about the file were received, this time included.
    pub(crate) const fn receives(&self) -> u32 {
        self.work.attempt.saturating_add(self.record.receive_count)
    }

    /// Milliseconds since the first message about the file.
    pub(crate) fn age_ms(&self) -> i64 {
        self.work
            .told_at
            .map_or(0, |told| self.at.millis_since(told))
            .max(0)
    }

    /// Milliseconds since the file was last held; for ever, if it was not.
    fn held_ms(&self) -> i64 {
        self.work
            .held_at
            .map_or(i64::MAX, |held| self.at.millis_since(held))
    }

    const fn park_failed(&self) -> Wait {
        Wait::retry(RetryClass::ParkFailed, park_failed(self.record.receive_count))
    }

    /// Parks the rest of a file that has waited long enough.
    async fn give_up(&mut self, reason: ParkReason) -> Settled {
        self.next = self.position;
        match self.set_aside_rest(reason).await {
            Ok(_) => Settled::done("parked", Some(reason.as_str())),
            Err(Halt::End(_) | Halt::Answer(_)) => self.wait(self.park_failed()).await,
        }
    }

    /// Lets the message wait: itself, if all of its file is still to be read and the wait is short, else in a new message. One
    /// that names no file has no other to take its place.
    async fn wait(&mut self, wait: Wait) -> Settled {
        let is_short = wait.after <= MAX_VISIBILITY_S && self.record.receive_count < MAX_RECEIVES;
        if self.is_unreadable || (self.position == self.begun && is_short) {
            self.stay(wait).await
        } else {
            self.hand_on(Cause::Retry, wait).await
        }
    }

    /// Sends the rest as a new message. Only its acknowledgement ends the old one.
    async fn hand_on(&mut self, cause: Cause, wait: Wait) -> Settled {
        let now = self.surroundings.clock().now();
        let mut rest = self.work.clone();
        rest.offset = self.position.offset;
        rest.skip = self.position.skip;
        rest.count = self.count_left();
        rest.attempt = self.receives();
        rest.held_at = (wait.outcome == "hold").then_some(now).or(rest.held_at);
        if rest.not_before.is_none_or(|time| time <= now) {
            rest.cause = Some(cause);
            let until = now.plus_millis(i64::from(wait.after) * 1000);
            rest.not_before = (wait.after > MAX_VISIBILITY_S).then_some(until);
        }
        let message = Outgoing {
            queue: QueueName::BrazeFiles,
            body: rest.to_body(),
            delay_s: wait.after.min(MAX_VISIBILITY_S),
            group: None,
            events: 0..1,
            parks: None,
        };
        let end = self.deadline.plus_millis(-SETTLED_MS);
        if self.sent_until(vec![message], end).await.acknowledged.is_empty() {
            let after = park_failed(self.record.receive_count);
            return self.stay(Wait { after, ..wait }).await;
        }
        self.pause(&wait).await;
        let (outcome, class) = match cause {
            Cause::FollowUp => ("follow_up", None),
            _ => (wait.outcome, wait.class),
        };
        Settled {
            is_finished: true,
            outcome,
            reason: wait.reason,
            class,
        }
    }

    /// Leaves the message in its queue.
    async fn stay(&mut self, wait: Wait) -> Settled {
        let change = VisibilityChange {
            id: "m0".to_owned(),
            receipt_handle: self.record.receipt_handle.clone(),
            seconds: wait.after.min(MAX_VISIBILITY_S),
        };
        let queue = self.surroundings.queue();
        for attempt in 0..VISIBILITY_ATTEMPTS {
            // Those in the pool may have died while the container was frozen.
            if attempt > 0 {
                queue.drop_connections();
            }
            let changes = std::slice::from_ref(&change);
            match queue.change(QueueName::BrazeFiles, changes).await {
                Ok(changed) if changed.is_empty() => {
                    self.faults
                        .push("ChangeMessageVisibilityBatch failed: entry".to_owned());
                }
                Ok(_) => break,
                Err(failed) => self.faults.push(failed.to_string()),
            }
        }
        self.pause(&wait).await;
        Settled {
            is_finished: false,
            outcome: wait.outcome,
            reason: wait.reason,
            class: wait.class,
        }
    }

    /// Lambda does not slow its polling when messages wait; this does (RD-093).
    async fn pause(&self, wait: &Wait) {
        let is_idle = wait.outcome == "hold" || wait.class == Some(RetryClass::NotBefore.as_str());
        if self.has_progressed || !is_idle {
            return;
        }
        let left = self
            .deadline
            .plus_millis(-SETTLED_MS)
            .millis_since(self.surroundings.clock().now());
        let most = self.settings.delivery.pause_s.min(u64::from(wait.after)) * 1000;
        let pause = most.min(u64::try_from(left).unwrap_or(0));
        if pause > 0 {
            self.surroundings.clock().sleep(pause).await;
        }
    }
}
