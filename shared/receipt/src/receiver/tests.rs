use super::*;
use event::ports::{CallFailed, Entry, Failed, QueueName, Sent};
use std::cell::RefCell;
use std::rc::Rc;
use telemetry::{Line, Metrics};

const V1: &str = r#"{"type":"track","messageId":"m-101","userId":"u-1","event":"Kettle Boiled","properties":{"litres":1.5}}"#;
const V1_BY_A: &str = "0a22aed7f281988867e586e84a9884a72e742247";
const V1_BY_B: &str = "a0f2b2eb01cbb31f312e65520ca2c5335fdfd696";
const M2: &str = r#"{"type":"identify","messageId":"m-102","userId":"u-1","traits":{"plan":"dusk"}}"#;

/// What SQS is to do with a call.
#[derive(Clone, Copy)]
enum Act {
    Fail,
    FailEntry(usize),
    Blame(usize),
    Forget(usize),
    Silence,
}

/// All that surrounds a receiver, under a virtual clock.
#[derive(Default)]
struct World {
    now: Cell<i64>,
    sent: RefCell<Vec<(QueueName, String)>>,
    calls: Cell<usize>,
    acts: RefCell<Vec<Act>>,
    secret: RefCell<Option<String>>,
    fetches: Cell<usize>,
    lines: RefCell<Vec<String>>,
    metrics: RefCell<Vec<Metrics>>,
}

impl World {
    fn next_act(&self) -> Option<Act> {
        let mut acts = self.acts.borrow_mut();
        if acts.is_empty() {
            None
        } else {
            Some(acts.remove(0))
        }
    }
}

#[derive(Clone)]
struct Port(Rc<World>);

impl Clock for Port {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Timestamp::parse("2026-03-01T12:00:00Z").unwrap().millis() + self.0.now.get())
    }

    /// Time goes on only when everything else waits.
    async fn sleep(&self, millis: u64) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.0.now.set(self.0.now.get() + i64::try_from(millis).unwrap());
    }
}

impl Random for Port {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Queue for Port {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        let world = &self.0;
        world.calls.set(world.calls.get() + 1);
        assert!(
            entries.len() <= 10 && entries.iter().map(|entry| entry.body.len()).sum::<usize>() <= 1_048_576
        );
        let mut ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), entries.len(), "RC-097: entry ids are unique");
        let act = world.next_act();
        let mut sent = Sent::default();
        for (at, entry) in entries.iter().enumerate() {
            match act {
                Some(Act::Fail) => {
                    return Err(CallFailed {
                        operation: "SendMessageBatch",
                        code: "timeout".to_owned(),
                    });
                }
                Some(Act::Silence) => std::future::pending().await,
                Some(Act::FailEntry(n)) if n == at => {
                    sent.failed.push(Failed {
                        id: entry.id.clone(),
                        sender_fault: false,
                    });
                }
                Some(Act::Blame(n)) if n == at => {
                    sent.failed.push(Failed {
                        id: entry.id.clone(),
                        sender_fault: true,
                    });
                }
                Some(Act::Forget(n)) if n == at => {}
                _ => {
                    world.sent.borrow_mut().push((queue, entry.body.clone()));
                    sent.successful.push(entry.id.clone());
                }
            }
        }
        Ok(sent)
    }
}

impl Secrets for Port {
    async fn fetch(&self) -> Result<telemetry::Secret, CallFailed> {
        self.0.fetches.set(self.0.fetches.get() + 1);
        let failed = || CallFailed {
            operation: "GetSecretValue",
            code: "timeout".to_owned(),
        };
        self.0
            .secret
            .borrow()
            .clone()
            .map(telemetry::Secret::new)
            .ok_or_else(failed)
    }
}

impl Sink for Port {
    fn line(&self, line: Line) {
        self.0
            .lines
            .borrow_mut()
            .push(serde_json::to_string(&line).unwrap());
    }

    fn metrics(&self, metrics: Metrics) {
        self.0.metrics.borrow_mut().push(metrics);
    }
}

struct Yard {
    world: Rc<World>,
    receiver: Receiver<Port, Port, Port, Port, Port>,
}

impl Yard {
    fn new(source: Source, secret: Option<&str>, settings: &str) -> Self {
        let world = Rc::new(World {
            secret: RefCell::new(secret.map(str::to_owned)),
            ..World::default()
        });
        let port = || Port(Rc::clone(&world));
        let settings = Settings::load(settings).unwrap();
        let function = match source {
            Source::Segment => "receive-segment",
            Source::Braze => "receive-braze",
            Source::Branch => "receive-branch",
        };
        let receiver = Receiver::new(source, function, settings, port(), port(), port(), port(), port());
        Self { world, receiver }
    }

    fn segment(settings: &str) -> Self {
        let secret = r#"{"shared_secrets":["quay-lantern-01","quay-lantern-02"],"tokens":["tail-7Q"]}"#;
        Self::new(Source::Segment, Some(secret), settings)
    }

    fn braze() -> Self {
        Self::new(Source::Braze, Some(r#"{"tokens":["0p3n-lamp"]}"#), "")
    }

    fn post(&self, query: &str, headers: &[(&str, &str)], body: impl Into<String>) -> (u16, String) {
        self.request(Request {
            method: "POST".into(),
            path: "/".into(),
            raw_query: query.into(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            source_ip: "192.0.2.7".parse().ok(),
            request_id: "r-1".into(),
            body: body.into(),
            is_base64: false,
        })
    }

    fn request(&self, request: Request) -> (u16, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(self.receiver.handle(request));
        let metrics = self.world.metrics.borrow();
        if let Some(metrics) = metrics.last() {
            assert_eq!(
                metrics.values(telemetry::metrics::CONSERVATION_GAP, &[self.receiver.function]),
                [0.0]
            );
        }
        (answer.status, answer.body)
    }

    fn sent(&self) -> Vec<(QueueName, String)> {
        self.world.sent.borrow().clone()
    }

    fn count(&self, metric: telemetry::metrics::Metric, dimensions: &[&'static str]) -> f64 {
        self.world
            .metrics
            .borrow()
            .iter()
            .flat_map(|all| all.values(metric, dimensions).to_vec())
            .sum()
    }
}

const OK: &str = r#"{"status":"ok"}"#;
const T: &str = "2026-03-01T12:00:00.000Z";

fn envelope(destination: &str, auth: &str, key: &str, events: &str) -> String {
    format!(
        r#"{{"v":1,"source":"segment","destination":"{destination}","request_id":"r-1","first_received_at":"{T}","attempt":0,"auth":"{auth}","key":"{key}","events":[{events}]}}"#
    )
}

fn refused(word: &str) -> String {
    format!(r#"{{"status":"{word}"}}"#)
}

#[test]
fn ex_01_ex_02_a_signed_event_goes_to_both_queues() {
    for (signature, key, older) in [(V1_BY_A, "current", 0.0), (V1_BY_B, "older", 1.0)] {
        let yard = Yard::segment("");
        assert_eq!(yard.post("", &[("X-Signature", signature)], V1), (200, OK.into()));
        let bodies: Vec<_> = yard.sent().into_iter().map(|(_, body)| body).collect();
        assert_eq!(
            bodies,
            [
                envelope("braze", "signature", key, V1),
                envelope("branch", "signature", key, V1)
            ]
        );
        assert_eq!(
            yard.count(telemetry::metrics::KEY_OLDER_USED, &["segment"]),
            older
        );
    }
}

#[test]
fn ex_03_a_batch_needs_its_token() {
    let body = format!("[{V1},{M2}]");
    let signature = ("X-Signature", V1_BY_A);
    let yard = Yard::segment("");
    assert_eq!(
        yard.post(
            "",
            &[signature, ("Authorization", "Bearer tail-7Q")],
            body.clone()
        ),
        (200, OK.into())
    );
    assert_eq!(
        yard.sent()[0].1,
        envelope("braze", "signature+token", "current", &format!("{V1},{M2}"))
    );

    let yard = Yard::segment("");
    assert_eq!(
        yard.post("", &[signature], body.clone()),
        (401, refused("tail_unproven"))
    );
    assert!(yard.sent().is_empty());

    let accept = "[receipt.segment]\nunsigned_batch_tail = \"accept\"";
    let yard = Yard::segment(accept);
    assert_eq!(yard.post("", &[signature], body.clone()), (200, OK.into()));
    assert_eq!(
        yard.count(telemetry::metrics::UNSIGNED_TAIL_EVENTS, &["segment"]),
        1.0
    );

    let yard = Yard::segment(&accept.replace("accept", "reject"));
    assert_eq!(
        yard.post(
            "",
            &[signature, ("Authorization", "Bearer tail-7Q")],
            body.clone()
        ),
        (401, refused("tail_rejected"))
    );

    let yard = Yard::new(
        Source::Segment,
        Some(r#"{"shared_secrets":["quay-lantern-01"]}"#),
        "",
    );
    assert_eq!(yard.post("", &[signature], body), (503, refused("unconfigured")));
}

#[test]
fn rc_026_whoever_signs_the_whole_batch_is_refused_as_segment_signs_only_its_first_event() {
    let yard = Yard::segment("");
    let headers = [
        ("X-Signature", "0c33c07eb0da213d5df0a1a6f089ab5b8507d690"),
        ("Authorization", "Bearer tail-7Q"),
    ];
    assert_eq!(
        yard.post("", &headers, format!("[{V1},{M2}]")),
        (401, refused("wrong_credential"))
    );
    let yard = Yard::segment("");
    let of_one = [("X-Signature", "3742823213205b7261c80f871bafafbcf18c2bdd")];
    assert_eq!(yard.post("", &of_one, format!("[{M2}]")).0, 200);
    assert_eq!(yard.post("", &of_one, format!("[ {M2} ]")).0, 200);
    let empty = [("X-Signature", "eb7d82fdb3fd24a0e931b2d3df5f1257c80102d9")];
    assert_eq!(yard.post("", &empty, "[]"), (200, OK.into()));
}

#[test]
fn ex_04_an_empty_probe_asks_for_the_credential_alone() {
    let yard = Yard::braze();
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer stale")], ""),
        (401, refused("wrong_credential"))
    );
    assert_eq!(
        yard.world.fetches.get(),
        2,
        "one fetch at first, one before the refusal (RC-035)"
    );
    assert_eq!(
        yard.post("", &[("Authorization", "bearer 0p3n-lamp")], ""),
        (200, OK.into())
    );
    assert_eq!(yard.post("", &[], ""), (401, refused("missing_credential")));
    assert!(yard.sent().is_empty());
}

#[test]
fn ex_05_odd_elements_are_queued_and_an_unreadable_body_is_kept() {
    let yard = Yard::braze();
    let token = [("Authorization", "Bearer 0p3n-lamp")];
    let body = r#"{"events":[{"event_type":"users.messages.email.Open","id":"e-1","time":1767254400,"user":{},"properties":{}},7]}"#;
    assert_eq!(yard.post("", &token, body), (200, OK.into()));
    assert!(yard.sent()[0].1.ends_with(r#""properties":{}},7]}"#));
    assert_eq!(yard.post("", &token, r#"{"events":"x"}"#), (202, OK.into()));
    let (queue, body) = yard.sent()[1].clone();
    assert_eq!(queue, QueueName::Parked);
    assert_eq!(
        body,
        format!(
            r#"{{"v":1,"reason":"unreadable_body","by":"receive-braze","at":"{T}","source":"braze","destination":null,"request_id":"r-1","first_received_at":"{T}","attempt":0,"auth":"token","key":"current","body_base64":"eyJldmVudHMiOiJ4In0="}}"#
        )
    );
}

#[test]
fn rc_111_rc_112_2xx_only_after_every_acknowledgement_and_what_failed_is_sent_again_alone() {
    for act in [Act::Fail, Act::FailEntry(0), Act::Forget(0)] {
        let yard = Yard::segment("");
        yard.world.acts.borrow_mut().push(act);
        assert_eq!(yard.post("", &[("X-Signature", V1_BY_A)], V1).0, 200);
        assert_eq!(yard.sent().len(), 2);
        assert_eq!(yard.world.calls.get(), 3);
    }
    let yard = Yard::segment("");
    yard.world.acts.borrow_mut().extend([Act::Fail; 1000]);
    assert_eq!(
        yard.post("", &[("X-Signature", V1_BY_A)], V1),
        (503, refused("queue_unavailable"))
    );
    assert!(yard.world.now.get() <= 4000, "RC-118: answered within its time");
}

#[test]
fn rc_118_a_silent_queue_is_answered_in_time_and_branch_is_told_lost() {
    let yard = Yard::new(Source::Branch, Some(r#"{"tokens":["t"]}"#), "");
    yard.world.acts.borrow_mut().push(Act::Silence);
    assert_eq!(
        yard.post("token=t", &[], r#"{"name":"OPEN"}"#),
        (503, refused("queue_unavailable"))
    );
    assert!(yard.world.now.get() <= 1500);
    let lines = yard.world.lines.borrow();
    assert!(
        lines.iter().any(|line| line.contains(r#""lost_at_sender":true"#)),
        "{lines:?}"
    );
}

#[test]
fn rc_113_what_sqs_blames_is_kept_event_by_event() {
    let yard = Yard::braze();
    yard.world.acts.borrow_mut().push(Act::Blame(0));
    let token = [("Authorization", "Bearer 0p3n-lamp")];
    assert_eq!(yard.post("", &token, r#"{"events":[1,2]}"#), (202, OK.into()));
    let sent = yard.sent();
    assert_eq!(sent.len(), 2);
    assert!(
        sent.iter()
            .all(|(queue, body)| *queue == QueueName::Parked && body.contains("queue_refused"))
    );
}

#[test]
fn rc_057_a_deep_event_is_parked_and_its_neighbours_go_on() {
    let yard = Yard::braze();
    let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    let body = format!(r#"{{"events":[1,{deep},2]}}"#);
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], body),
        (202, OK.into())
    );
    let sent = yard.sent();
    assert!(
        sent.iter()
            .any(|(queue, body)| *queue == QueueName::Parked && body.contains("too_deep"))
    );
    let events: Vec<_> = sent
        .iter()
        .filter(|(queue, _)| *queue != QueueName::Parked)
        .flat_map(|(_, body)| {
            let envelope = event::envelope::Envelope::open(body).unwrap();
            envelope
                .events
                .iter()
                .map(|event| event.get().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(events, ["1", "2"]);
}

#[test]
fn rc_020_rc_021_fail_closed_but_never_401_for_a_fault_of_ours() {
    let empty = Yard::new(Source::Braze, Some(r#"{"tokens":[" "]}"#), "");
    assert_eq!(
        empty.post("", &[("Authorization", "Bearer ")], "{}"),
        (503, refused("unconfigured"))
    );
    let away = Yard::new(Source::Braze, None, "");
    assert_eq!(
        away.post("", &[("Authorization", "Bearer x")], "{}"),
        (503, refused("secret_unavailable"))
    );
    let yard = Yard::braze();
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
    *yard.world.secret.borrow_mut() = None;
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer x")], "{}"),
        (503, refused("secret_unavailable")),
        "RC-036"
    );
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200,
        "the older value serves"
    );
}

#[test]
fn rc_035_a_sender_that_uses_the_new_key_before_the_cache_knows_is_not_refused() {
    let yard = Yard::braze();
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
    *yard.world.secret.borrow_mut() = Some(r#"{"tokens":["new","0p3n-lamp"]}"#.into());
    assert_eq!(yard.post("", &[("Authorization", "Bearer new")], "{}").0, 200);
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer 0p3n-lamp")], "{}").0,
        200
    );
}

#[test]
fn rc_004_rc_005_rc_038_health_methods_and_addresses() {
    let yard = Yard::new(
        Source::Braze,
        Some(r#"{"tokens":["t"]}"#),
        "[receipt.braze]\nip_allow_list = [\"192.0.2.0/28\"]",
    );
    let request = |method: &str, path: &str, ip: &str| Request {
        method: method.into(),
        path: path.into(),
        raw_query: String::new(),
        headers: vec![("authorization".into(), "Bearer t".into())],
        source_ip: ip.parse().ok(),
        request_id: "r".into(),
        body: "{}".into(),
        is_base64: false,
    };
    assert_eq!(
        yard.request(request("GET", "/health", "203.0.113.1")),
        (200, OK.into())
    );
    assert_eq!(yard.world.fetches.get(), 0);
    assert_eq!(
        yard.request(request("POST", "/", "203.0.113.1")),
        (403, refused("address_not_allowed"))
    );
    assert_eq!(
        yard.request(request("GET", "/", "192.0.2.7")),
        (405, refused("method_not_allowed"))
    );
    assert_eq!(yard.request(request("POST", "/any/path", "192.0.2.7")).0, 200);
}

#[test]
fn rc_056_one_request_in_every_encoding_has_one_answer() {
    use base64::Engine;
    use std::io::Write;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    for body in [base64(V1.as_bytes()), base64(&gzip(V1.as_bytes()))] {
        let yard = Yard::segment("");
        let request = Request {
            method: "POST".into(),
            path: "/".into(),
            raw_query: String::new(),
            headers: vec![("x-signature".into(), V1_BY_A.into())],
            source_ip: None,
            request_id: "r-1".into(),
            body,
            is_base64: true,
        };
        assert_eq!(yard.request(request).0, 200);
        assert_eq!(yard.sent()[0].1, envelope("braze", "signature", "current", V1));
    }
}

#[test]
fn rc_110_without_a_route_nothing_is_queued_and_every_event_is_told() {
    let yard = Yard::new(
        Source::Braze,
        Some(r#"{"tokens":["t"]}"#),
        "[routes]\nbraze_to_segment = false",
    );
    assert_eq!(
        yard.post("", &[("Authorization", "Bearer t")], r#"{"events":[1,2]}"#),
        (200, OK.into())
    );
    assert!(yard.sent().is_empty());
    assert_eq!(
        yard.world
            .lines
            .borrow()
            .iter()
            .filter(|line| line.contains("no_route"))
            .count(),
        2
    );
}
