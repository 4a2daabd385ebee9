//! How long an event is tried and held, and what is told of its warnings: one invocation of a deliverer.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may panic: that is how it fails"
)]

use delivery::http::{Answer, Http, NoAnswer, Request};
use delivery::{Context, Deliverer, Fate, Job, Messenger, Ports, Record};
use event::calls::{Mapped, Verdict};
use event::ports::{CallFailed, Entry, Queue, QueueName, Sent, Visibility, VisibilityChange};
use event::reasons::{HoldKind, RetryClass, Warning};
use event::settings::Settings;
use event::{Clock, Destination, EventId, Outcome, Random, Source, Timestamp};
use std::cell::RefCell;
use telemetry::{Line, Metrics, Sink, metrics};

const DAY_MS: i64 = 86_400_000;

/// SQS, time, chance and a sink in one; nobody sends anything.
struct World {
    now: Timestamp,
    parked: RefCell<Vec<String>>,
    metrics: RefCell<Vec<Metrics>>,
}

impl Queue for &World {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        assert_eq!(queue, QueueName::Parked);
        self.parked
            .borrow_mut()
            .extend(entries.iter().map(|entry| entry.body.clone()));
        Ok(Sent {
            successful: entries.iter().map(|entry| entry.id.clone()).collect(),
            failed: Vec::new(),
        })
    }
}

impl Visibility for &World {
    async fn change(&self, _: QueueName, changes: &[VisibilityChange]) -> Result<Vec<String>, CallFailed> {
        Ok(changes.iter().map(|change| change.id.clone()).collect())
    }
}

impl Http for &World {
    async fn send(&self, _: Request) -> Result<Answer, NoAnswer> {
        Err(NoAnswer::NotSent)
    }
}

impl Clock for &World {
    fn now(&self) -> Timestamp {
        self.now
    }

    async fn sleep(&self, _: u64) {}
}

impl Random for &World {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Sink for &World {
    fn line(&self, _: Line) {}

    fn metrics(&self, metrics: Metrics) {
        self.metrics.borrow_mut().push(metrics);
    }
}

/// Gives every event the same outcome.
struct Fixed(Outcome);

impl Messenger for Fixed {
    type Call = ();

    async fn deliver<H: Http, C: Clock, R: Random>(
        &mut self,
        jobs: Vec<Job<()>>,
        _: &Context<'_, H, C, R>,
    ) -> Vec<Fate> {
        jobs.iter().map(|_| self.0.into()).collect()
    }
}

/// Delivers one event that was received so long ago, and perhaps replayed later. Gives the world and whether the record is
/// done.
fn deliver(
    destination: Destination,
    outcome: Outcome,
    age_ms: i64,
    replayed_ms_ago: Option<i64>,
    warnings: &'static [Warning],
) -> (World, bool) {
    let now = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
    let world = World {
        now,
        parked: RefCell::default(),
        metrics: RefCell::default(),
    };
    let source = match destination {
        Destination::Segment => Source::Braze,
        Destination::Braze | Destination::Branch => Source::Segment,
    };
    let at = |ms_ago: i64| now.plus_millis(-ms_ago).to_string();
    let replayed = replayed_ms_ago.map_or_else(String::new, |ms| format!(r#""replayed_at":"{}","#, at(ms)));
    let body = format!(
        r#"{{"v":1,"source":"{source}","destination":"{destination}","request_id":"r","first_received_at":"{}","attempt":0,"auth":"token","key":"current",{replayed}"events":[{{"m":1}}]}}"#,
        at(age_ms)
    );
    let record = Record {
        message_id: "m".to_owned(),
        receipt_handle: "h".to_owned(),
        body,
        receive_count: 1,
        sent_at: None,
    };
    let map = move |source: Source, text: &str, _: &Settings| Mapped {
        id: EventId::derived(source, text),
        verdict: Verdict::Deliver {
            calls: vec![()],
            warnings: warnings.to_vec(),
        },
    };
    let ports = Ports {
        queue: &world,
        http: &world,
        clock: &world,
        random: &world,
        sink: &world,
    };
    let settings = Settings::default();
    let mut deliverer = Deliverer::new(destination, "deliver-x", settings, map, Fixed(outcome), ports);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let kept = runtime.block_on(deliverer.handle(&[record], "a", now.plus_millis(60_000)));
    (world, kept.is_empty())
}

/// `waits`, or the reason for which the event was parked.
fn ended(destination: Destination, outcome: Outcome, age_ms: i64, replayed_ms_ago: Option<i64>) -> String {
    let (world, is_done) = deliver(destination, outcome, age_ms, replayed_ms_ago, &[]);
    let parked = world.parked.take();
    assert_eq!(is_done, parked.len() == 1);
    match parked.first() {
        None => "waits".to_owned(),
        Some(body) => {
            let reason = body.split_once(r#""reason":""#).unwrap().1;
            reason.split('"').next().unwrap().to_owned()
        }
    }
}

const fn retry(class: RetryClass) -> Outcome {
    Outcome::Retry { after: 60, class }
}

#[test]
fn sb_572_seg_071_what_was_tried_until_the_horizon_is_parked() {
    for destination in [Destination::Braze, Destination::Segment] {
        for class in [RetryClass::Transient, RetryClass::RateLimited] {
            assert_eq!(ended(destination, retry(class), 4 * DAY_MS, None), "waits");
            assert_eq!(
                ended(destination, retry(class), 4 * DAY_MS + 1, None),
                "exhausted"
            );
            // A replay begins anew.
            assert_eq!(
                ended(destination, retry(class), 9 * DAY_MS, Some(4 * DAY_MS)),
                "waits"
            );
            assert_eq!(
                ended(destination, retry(class), 9 * DAY_MS, Some(4 * DAY_MS + 1)),
                "exhausted"
            );
        }
        let unstarted = retry(RetryClass::Unstarted);
        assert_eq!(ended(destination, unstarted, 9 * DAY_MS, None), "waits");
    }
}

#[test]
fn seg_072_rd_088_a_hold_outlives_the_horizon_and_is_parked_in_the_end() {
    for destination in [Destination::Braze, Destination::Segment] {
        for kind in [HoldKind::Credentials, HoldKind::Config] {
            assert_eq!(
                ended(destination, Outcome::Hold(kind), 10 * DAY_MS, None),
                "waits"
            );
            assert_eq!(
                ended(destination, Outcome::Hold(kind), 10 * DAY_MS + 1, None),
                "hold_expired"
            );
        }
    }
}

#[test]
fn sr_343_at_branch_the_age_alone_ends_it() {
    for outcome in [
        retry(RetryClass::Transient),
        retry(RetryClass::RateLimited),
        Outcome::Hold(HoldKind::Credentials),
    ] {
        assert_eq!(ended(Destination::Branch, outcome, 11 * DAY_MS, None), "waits");
    }
}

#[test]
fn bz_333_sb_304_every_warning_of_a_delivered_event_is_counted() {
    const WARNINGS: &[Warning] = &[Warning::TimeUnreadable, Warning::Trimmed];
    let count = |outcome, reason| {
        let (world, is_done) = deliver(Destination::Segment, outcome, 0, None, WARNINGS);
        assert!(is_done);
        let told = world.metrics.borrow();
        let values = |metric, labels: &[&'static str]| told[0].values(metric, labels).to_vec();
        assert_eq!(values(metrics::EVENTS, &["segment", "warned"]), [1.0]);
        values(metrics::EVENTS_BY_REASON, &["segment", "warned", reason])
    };
    let first = Outcome::Warned(Warning::TimeUnreadable);
    assert_eq!(count(first, "time_unreadable"), [1.0]);
    assert_eq!(count(first, "trimmed"), [1.0]);
    // What was learned while sending is told first, and hides none of the others.
    let learned = Outcome::Warned(Warning::UnmappedError);
    for reason in ["unmapped_error", "time_unreadable", "trimmed"] {
        assert_eq!(count(learned, reason), [1.0], "{reason}");
    }
}
