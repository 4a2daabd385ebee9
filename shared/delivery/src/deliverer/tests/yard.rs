//! All that surrounds a deliverer: SQS with its faults, a log that is checked, and a messenger that does as an event says.

use crate::fixture::World;
use crate::http::Http;
use crate::job::{Context, Fate, Job, Messenger};
use crate::{Deliverer, Ports, Record};
use event::calls::{Mapped, Verdict};
use event::envelope::Done;
use event::ports::{CallFailed, Entry, Failed, Queue, QueueName, Sent, Visibility, VisibilityChange};
use event::reasons::{HoldKind, IgnoreReason, ParkReason, RetryClass};
use event::settings::Settings;
use event::{Clock, Destination, EventId, Outcome, Random, Source, Timestamp};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use telemetry::{Line, Metrics, Sink};

pub const T: &str = "2026-03-01T12:00:00.000Z";

/// What SQS is to do with a call.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    Pass,
    Fail,
    /// Names the entry of this place as failed.
    FailEntry(usize),
    /// Names it in neither list.
    Forget(usize),
    Never,
}

/// A message as SQS has it.
#[derive(Clone)]
pub struct Sunk {
    pub queue: QueueName,
    pub body: String,
    pub delay_s: u32,
    pub group: Option<Source>,
}

/// SQS, and what is told.
#[derive(Default)]
pub struct Yard {
    pub sent: RefCell<Vec<Sunk>>,
    /// Handles and seconds of visibility changes.
    pub changes: RefCell<Vec<(String, u32)>>,
    pub acts: RefCell<Vec<Act>>,
    pub lines: RefCell<Vec<String>>,
    pub metrics: RefCell<Vec<Metrics>>,
    pub told: RefCell<Vec<String>>,
    /// What happened, in order.
    pub steps: RefCell<Vec<String>>,
    pub calls: Cell<usize>,
}

impl Yard {
    fn act(&self) -> Act {
        self.calls.set(self.calls.get() + 1);
        let mut acts = self.acts.borrow_mut();
        if acts.is_empty() {
            Act::Pass
        } else {
            acts.remove(0)
        }
    }

    pub fn bodies(&self, queue: QueueName) -> Vec<String> {
        let sent = self.sent.borrow();
        let of_queue = sent.iter().filter(|message| message.queue == queue);
        of_queue.map(|message| message.body.clone()).collect()
    }

    pub fn lines_of(&self, kind: &str) -> Vec<String> {
        let kind = format!(r#""kind":"{kind}""#);
        let lines = self.lines.borrow();
        lines
            .iter()
            .filter(|line| line.contains(&kind))
            .cloned()
            .collect()
    }

    pub fn count(&self, metric: telemetry::metrics::Metric, dimensions: &[&'static str]) -> f64 {
        let all = self.metrics.borrow();
        all.iter()
            .flat_map(|all| all.values(metric, dimensions).to_vec())
            .sum()
    }
}

/// The yard as the ports see it.
pub struct Port(pub Rc<Yard>);

impl Queue for Port {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        if entries.is_empty() {
            panic!("SQS refuses an empty batch");
        }
        assert!(entries.len() <= 10 && entries.iter().all(|entry| entry.delay_s <= 900));
        let act = self.0.act();
        let step = if queue == QueueName::Parked {
            "park"
        } else {
            "send"
        };
        self.0.steps.borrow_mut().push(step.to_owned());
        let mut sent = Sent::default();
        for (at, entry) in entries.iter().enumerate() {
            match act {
                Act::Fail => {
                    return Err(CallFailed {
                        operation: "SendMessageBatch",
                        code: "timeout".to_owned(),
                    });
                }
                Act::Never => std::future::pending().await,
                Act::FailEntry(n) if n == at => sent.failed.push(Failed {
                    id: entry.id.clone(),
                    sender_fault: false,
                }),
                Act::Forget(n) if n == at => {}
                Act::Pass | Act::FailEntry(_) | Act::Forget(_) => {
                    sent.successful.push(entry.id.clone());
                    self.0.sent.borrow_mut().push(Sunk {
                        queue,
                        body: entry.body.clone(),
                        delay_s: entry.delay_s,
                        group: entry.group,
                    });
                }
            }
        }
        Ok(sent)
    }
}

impl Visibility for Port {
    async fn change(&self, _: QueueName, changes: &[VisibilityChange]) -> Result<Vec<String>, CallFailed> {
        assert!((1..=10).contains(&changes.len()) && changes.iter().all(|change| change.seconds <= 900));
        let act = self.0.act();
        self.0.steps.borrow_mut().push("visibility".to_owned());
        let mut changed = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            match act {
                Act::Fail => {
                    return Err(CallFailed {
                        operation: "ChangeMessageVisibilityBatch",
                        code: "timeout".to_owned(),
                    });
                }
                Act::Never => std::future::pending().await,
                Act::FailEntry(n) | Act::Forget(n) if n == at => {}
                Act::Pass | Act::FailEntry(_) | Act::Forget(_) => {
                    changed.push(change.id.clone());
                    let handle = change.receipt_handle.clone();
                    self.0.changes.borrow_mut().push((handle, change.seconds));
                }
            }
        }
        Ok(changed)
    }
}

impl Sink for Port {
    fn line(&self, line: Line) {
        let text = telemetry::line_text(T, "deliver-test", line);
        assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
        self.0.steps.borrow_mut().push("line".to_owned());
        self.0.lines.borrow_mut().push(text);
    }

    fn metrics(&self, metrics: Metrics) {
        let frame = telemetry::metrics::Frame {
            stack: "yard",
            function: "deliver-test",
            ts_millis: 0,
            ts: T,
        };
        for text in metrics.lines(&frame) {
            assert_eq!(telemetry::schema::faults(&text), Vec::<String>::new(), "{text}");
            self.0.told.borrow_mut().push(text);
        }
        let gap = metrics.values(telemetry::metrics::CONSERVATION_GAP, &["deliver-test"]);
        assert_eq!(
            gap,
            [0.0],
            "opened = delivered + warned + ignored + parked + requeued + waiting"
        );
        self.0.metrics.borrow_mut().push(metrics);
    }
}

/// Does with each event as its text says, and remembers in which order they came.
#[derive(Default)]
pub struct Script {
    pub seen: Rc<RefCell<Vec<String>>>,
    pub yard: Rc<Yard>,
}

/// One event's word, such as `retry:40` in `"retry:40#7"`.
fn word(text: &str) -> &str {
    text.trim_matches('"').split('#').next().unwrap_or_default()
}

/// Maps the events that a [`Script`] knows.
pub fn scripted(_: Source, text: &str, _: &Settings) -> Mapped<String> {
    let verdict = match word(text) {
        "ignore" => Verdict::Ignore(IgnoreReason::Loop),
        "mappark" => Verdict::Park(ParkReason::MalformedEvent),
        "mappanic" => panic!("{text}"),
        _ => Verdict::Deliver {
            calls: vec![text.to_owned()],
            warnings: Vec::new(),
        },
    };
    Mapped {
        id: EventId::given(text.trim_matches('"')),
        verdict,
    }
}

impl Messenger for Script {
    type Call = String;

    async fn deliver<H: Http, C: Clock, R: Random>(
        &mut self,
        jobs: Vec<Job<String>>,
        _: &Context<'_, H, C, R>,
    ) -> Vec<Fate> {
        let fates = jobs.into_iter().map(|job| {
            let call = job.calls[0].clone();
            self.seen.borrow_mut().push(format!("{call} {}", job.receives));
            let word = word(&call);
            let (word, number) = word.split_once(':').unwrap_or((word, "0"));
            let retry = |class| Outcome::Retry {
                after: number.parse().unwrap(),
                class,
            };
            let mut fate: Fate = match word {
                "ok" => Outcome::Delivered.into(),
                "retry" | "half" => retry(RetryClass::Transient).into(),
                "unstarted" => retry(RetryClass::Unstarted).into(),
                "rejected" => Outcome::Park(ParkReason::Rejected).into(),
                "hold" => Outcome::Hold(HoldKind::Credentials).into(),
                "panic" => panic!("{call}"),
                other => panic!("no word of the script: {other}"),
            };
            if word == "half" {
                fate.done = Some(Done {
                    of: 2,
                    items: vec![0],
                });
            }
            fate.detail = (word == "rejected").then(|| format!("400 {call}"));
            fate
        });
        let fates = fates.collect();
        self.yard.steps.borrow_mut().push("answers".to_owned());
        fates
    }
}

/// The ports of one invocation or more.
pub type PortsOf<'w> = Ports<Port, &'w World, &'w World, &'w World, Port>;

pub fn ports<'w>(yard: &Rc<Yard>, world: &'w World) -> PortsOf<'w> {
    Ports {
        queue: Port(Rc::clone(yard)),
        http: world,
        clock: world,
        random: world,
        sink: Port(Rc::clone(yard)),
    }
}

/// A record with a message id, a receive count and a body.
pub fn record(id: &str, receives: u32, body: impl Into<String>) -> Record {
    Record {
        message_id: id.to_owned(),
        receipt_handle: format!("handle-{id}"),
        body: body.into(),
        receive_count: receives,
        sent_at: Timestamp::parse(T),
    }
}

/// An envelope from Segment to Braze with these events, received now.
pub fn envelope(attempt: u32, events: &[&str]) -> String {
    format!(
        r#"{{"v":1,"source":"segment","destination":"braze","request_id":"r-1","first_received_at":"{T}","attempt":{attempt},"auth":"signature","key":"current","events":[{}]}}"#,
        events.join(",")
    )
}

pub fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

/// A world without a vendor: a script asks for none.
pub fn still() -> World {
    World::new(|_, _| panic!("no request is sent"))
}

/// The order in which events came, from one invocation of a script.
pub struct Scripted {
    pub yard: Rc<Yard>,
    pub kept: Vec<String>,
    pub seen: Vec<String>,
}

/// One invocation of `deliver-braze` with a script, an hour of time, and these settings and faults.
pub fn invoke_with(settings: &str, acts: &[Act], world: &World, records: &[Record]) -> Scripted {
    let yard = Rc::new(Yard {
        acts: RefCell::new(acts.to_vec()),
        ..Yard::default()
    });
    let seen = Rc::default();
    let script = Script {
        seen: Rc::clone(&seen),
        yard: Rc::clone(&yard),
    };
    let mut deliverer = Deliverer::new(
        Destination::Braze,
        "deliver-test",
        Settings::load(settings).unwrap(),
        scripted,
        script,
        ports(&yard, world),
    );
    let deadline = world.now.get().plus_millis(60_000);
    let kept = run(deliverer.handle(records, "aws-1", deadline));
    let seen = seen.take();
    Scripted { yard, kept, seen }
}

pub fn invoke(records: &[Record]) -> Scripted {
    invoke_with("", &[], &still(), records)
}
