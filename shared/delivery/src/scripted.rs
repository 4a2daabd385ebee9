//! A destination that does as an event says, and invocations of its deliverer.

use crate::backoff::{LONG_BACKOFF, LONG_HOLD, Table, parse_seconds};
use crate::batch::{Batch, Item};
use crate::deliverer::Deliverer;
use crate::destination::{Destination, Limits, UserOrderScope};
use crate::exchange::{Ambiguous, Exchange, Reading, RetryAfter};
use crate::fake_vendor::{BASE, FakeSurroundings, FakeVendor, respond, run, secret, surroundings};
use crate::http::{Request, Response};
use crate::job::{Job, Owner};
use crate::planner::{Plan, Planner};
use crate::record::Record;
use event::calls::{Mapped, Method, OwnRules, UserKey, Verdict};
use event::reasons::{HoldKind, IgnoreReason, ParkReason, RetryClass};
use event::settings::{Problem, Settings};
use event::{EventId, Source, Timestamp};
use secrets::BrazeKey;
use telemetry::Secret;

pub(crate) use surroundings::fake::{CallFault, FakeAws, FakeSecrets, START as T};

/// Does with each event as its text says.
pub(crate) struct ScriptedDestination(Settings);

/// One event's word, such as `retry:40` in `"retry:40#7"`.
fn word(text: &str) -> &str {
    text.trim_matches('"').split('#').next().unwrap_or_default()
}

/// Maps the events that a [`ScriptedDestination`] knows.
pub(crate) fn scripted(_: Source, text: &str, _: Option<Timestamp>, _: &Settings) -> Mapped<String> {
    let verdict = match word(text) {
        "ignore" => Verdict::Ignore(IgnoreReason::Loop),
        "mappark" => Verdict::Park(ParkReason::MalformedEvent),
        "mappanic" => panic!("{text}"),
        "own_rule" => Verdict::Ignore(IgnoreReason::OwnRule),
        "changedpark" => Verdict::Park(ParkReason::NoTime),
        _ => Verdict::Deliver {
            calls: vec![text.to_owned()],
            warnings: Vec::new(),
        },
    };
    Mapped {
        id: EventId::given(text.trim_matches('"')),
        own_rules: match word(text) {
            "own_rule" => OwnRules::DroppedBy("test-accounts".to_owned()),
            "changed" | "changedpark" => OwnRules::Changed,
            _ => OwnRules::Unchanged,
        },
        verdict,
    }
}

/// The word that decides of one item, and the receive count of its record.
pub(crate) struct ScriptedItem(String, u32);

impl Item for ScriptedItem {
    fn users(&self) -> &[UserKey] {
        &[]
    }
}

impl Destination for ScriptedDestination {
    const NAME: event::Destination = event::Destination::Braze;
    const BACKOFF: &'static Table = &LONG_BACKOFF;
    const HOLD_BACKOFF: &'static Table = &LONG_HOLD;
    const USER_ORDER: UserOrderScope = UserOrderScope::Envelope;

    type BreakerGroup = String;
    type PauseGroup = String;

    fn new(settings: &Settings) -> Result<Self, Problem> {
        Ok(Self(settings.clone()))
    }

    fn base_url(&self) -> &str {
        BASE
    }

    fn limits(&self) -> Limits {
        Limits {
            timeout_ms: 1000,
            concurrency: 1,
            requests_per_second: None,
            horizon: Some(self.0.braze.horizon),
            hold_horizon: Some(self.0.delivery.hold_horizon),
        }
    }

    fn breaker_group(&self, target: &String) -> String {
        target.clone()
    }

    fn pause_group(&self, target: &String) -> String {
        target.clone()
    }

    fn key<'k>(&self, _: &String, keys: &'k BrazeKey) -> Option<&'k Secret> {
        keys.rest_api_key.as_ref()
    }
}

impl Planner for ScriptedDestination {
    type Call = String;
    type Keys = BrazeKey;
    type Target = String;
    type Item = ScriptedItem;

    /// `half` is accepted by half.
    fn item_count(call: &String) -> usize {
        if word(call).starts_with("half") { 2 } else { 1 }
    }

    fn plan(
        &self,
        jobs: Vec<Job<String>>,
        _: Option<&BrazeKey>,
        wanted: impl Fn(Owner) -> bool,
    ) -> Plan<Batch<String, ScriptedItem>> {
        let mut batches = Vec::new();
        for (place, job) in jobs.into_iter().enumerate() {
            let [text] = &job.calls[..] else {
                panic!("one call an event")
            };
            let texts = match word(text).strip_prefix("half") {
                Some(after) => vec!["\"ok\"".to_owned(), format!("\"retry{after}\"")],
                None => vec![text.clone()],
            };
            for (position, text) in texts.into_iter().enumerate() {
                let owner = Owner { job: place, position };
                if wanted(owner) {
                    let item = ScriptedItem(text.clone(), job.receives);
                    batches.push(Batch::of_item(text, item, owner));
                }
            }
        }
        Plan {
            batches,
            not_sent: Vec::new(),
        }
    }
}

impl Exchange for ScriptedDestination {
    fn request(&self, batch: &Batch<String, ScriptedItem>, _: &str, _: Option<Timestamp>) -> Request {
        let ScriptedItem(text, receives) = &batch.calls[0].items[0].item;
        Request {
            method: Method::Post,
            url: format!("{BASE}/"),
            authorization: None,
            headers: Vec::new(),
            body: format!("[{text},{receives}]"),
            timeout_ms: 1000,
            max_response_bytes: 100,
        }
    }

    fn read(&self, _: &Batch<String, ScriptedItem>, response: &Response) -> Reading {
        use crate::exchange::Classification::{Accepted, Hold, Refused, Retry};
        let classification = match response.status {
            200 => Accepted,
            400 => Refused(ParkReason::Rejected),
            401 => Hold(HoldKind::Credentials),
            429 => Retry(RetryClass::RateLimited),
            500 => Retry(RetryClass::Transient),
            other => panic!("{other}"),
        };
        classification.reading(response)
    }

    fn retry_after(&self, response: &Response, _: Timestamp) -> Option<RetryAfter> {
        Some(RetryAfter {
            seconds: parse_seconds(response.header("retry-after")?)?,
            pauses_group: false,
        })
    }

    fn ambiguous(&self, _: &ScriptedItem) -> Ambiguous {
        Ambiguous::Repeat
    }
}

/// The vendor of a [`ScriptedDestination`]. Chance is always nothing, so that `retry:40` waits 40 seconds.
pub(crate) fn scripted_vendor(aws: &FakeAws) -> FakeVendor {
    let aws = aws.clone();
    let vendor = FakeVendor::new(move |seen, _| {
        aws.steps.borrow_mut().push("response".to_owned());
        let text = seen.body[0].as_str().unwrap();
        let (word, number) = word(text).split_once(':').unwrap_or((word(text), "0"));
        match word {
            "ok" => respond(200, &[], ""),
            "retry" => respond(429, &[("retry-after", number)], ""),
            "fails" => respond(500, &[], ""),
            "rejected" => respond(400, &[], &format!("\"{text}\"")),
            "hold" => respond(401, &[], ""),
            "panic" => respond(600, &[], ""),
            other => panic!("no word that it knows: {other}"),
        }
    });
    vendor.unit.set(0.0);
    vendor
}

/// A record with a message id, a receive count and a body.
pub(crate) fn record(id: &str, receives: u32, body: impl Into<String>) -> Record {
    Record {
        message_id: id.to_owned(),
        receipt_handle: format!("handle-{id}"),
        body: body.into(),
        receive_count: receives,
        sent_at: Timestamp::parse(T),
    }
}

/// An envelope from Segment to Braze with these events, received now.
pub(crate) fn envelope(attempt: u32, events: &[impl AsRef<str>]) -> String {
    envelope_between(Source::Segment, event::Destination::Braze, attempt, events)
}

/// The same of words for a [`ScriptedDestination`], such as `ok#1 retry:40#2`.
pub(crate) fn envelope_of(words: &str) -> String {
    let events: Vec<String> = words.split(' ').map(|word| format!("\"{word}\"")).collect();
    envelope(0, &events)
}

/// The message `m<n>`, received for the first time, with events of these words.
pub(crate) fn message(n: u32, words: &str) -> Record {
    record(&format!("m{n}"), 1, envelope_of(words))
}

/// The message `m1` with these words and more members in its head.
pub(crate) fn message_with(members: &str, words: &str) -> Record {
    let body = envelope_of(words).replace(r#""events""#, &format!(r#"{members},"events""#));
    record("m1", 1, body)
}

/// An envelope of any route.
pub(crate) fn envelope_between(
    source: Source,
    destination: event::Destination,
    attempt: u32,
    events: &[impl AsRef<str>],
) -> String {
    let auth = if source == Source::Segment {
        "signature"
    } else {
        "token"
    };
    format!(
        r#"{{"v":1,"source":"{source}","destination":"{destination}","request_id":"r-1","first_received_at":"{T}","attempt":{attempt},"auth":"{auth}","key":"current","events":[{}]}}"#,
        events.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
    )
}

/// What one invocation did.
pub(crate) struct Invoked {
    pub aws: FakeAws,
    /// The ids of the records that are not done.
    pub kept: Vec<String>,
    /// The requests, in order: text and receive count.
    pub seen: Vec<String>,
}

/// A deliverer under test.
pub(crate) fn deliverer<D: Destination>(
    settings: &str,
    map: crate::Map<D>,
    secrets: FakeSecrets,
    aws: &FakeAws,
    vendor: &FakeVendor,
) -> Deliverer<D, FakeSurroundings> {
    let surroundings = surroundings(aws, vendor);
    let (settings, unusable) = Settings::load_usable(settings);
    Deliverer::new("deliver-test", settings, unusable, map, secrets, surroundings)
}

pub(crate) fn scripted_deliverer(
    aws: &FakeAws,
    vendor: &FakeVendor,
) -> Deliverer<ScriptedDestination, FakeSurroundings> {
    deliverer("", scripted, FakeSecrets::new(&secret("k-1")), aws, vendor)
}

/// One invocation of a destination with a minute of time.
pub(crate) fn invoke_destination<D: Destination>(
    settings: &str,
    map: crate::Map<D>,
    aws: FakeAws,
    vendor: &FakeVendor,
    records: &[Record],
) -> Invoked {
    let deliverer = deliverer::<D>(settings, map, FakeSecrets::new(&secret("k-1")), &aws, vendor);
    let kept = run(deliverer.handle(records, "aws-1", vendor.now.get().plus_millis(60_000)));
    let text = |seen: &crate::fake_vendor::Seen| format!("{} {}", seen.body[0], seen.body[1]);
    let seen = vendor.seen.borrow().iter().map(text).collect();
    Invoked { aws, kept, seen }
}

/// One invocation of a [`ScriptedDestination`] with these settings and faults, so many milliseconds after the receipt.
pub(crate) fn invoke_with(
    settings: &str,
    faults: &[CallFault],
    later_ms: i64,
    records: &[Record],
) -> Invoked {
    let aws = FakeAws::with(faults);
    let vendor = scripted_vendor(&aws);
    vendor.advance(later_ms);
    invoke_destination::<ScriptedDestination>(settings, scripted, aws, &vendor, records)
}

pub(crate) fn invoke(records: &[Record]) -> Invoked {
    invoke_with("", &[], 0, records)
}
