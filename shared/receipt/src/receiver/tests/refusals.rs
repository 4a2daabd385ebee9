//! Refusals are counted and written together, and drills with strangers who knock.

use super::fixture::*;
use super::*;
use event::hex;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use telemetry::metrics as m;

const MINUTE_MS: i64 = 60_000;

fn receivers() -> [Fixture; 3] {
    [Fixture::segment(""), Fixture::braze(), Fixture::branch()]
}

#[test]
fn the_first_refusal_has_a_line_at_once_and_others_share_one() {
    event::rules!["RP-014"];
    let fixture = Fixture::braze();
    let lines = || fixture.lines_of("request").len();
    assert_eq!(fixture.post("", &[fixture.token()], "[1]").0, 200);
    let wrong = [("authorization", "Bearer x")];
    for n in 0..100 {
        fixture.aws.now.set(n * 90);
        assert_eq!(fixture.post("", &wrong, "[1]").0, 401);
        assert_eq!(lines(), 2);
    }
    assert_eq!(fixture.post("", &[], "[1]").0, 401);
    assert_eq!(lines(), 3, "another reason");
    // The first request after ten seconds writes the rest, whatever it is itself.
    fixture.aws.now.set(10_000);
    assert_eq!(fixture.post("", &[fixture.token()], "[1]").0, 200);
    let request = fixture.lines_of("request").pop().unwrap();
    assert!(request.contains(r#""count":99"#), "{request}");
    assert!(request.contains(r#""reason":"wrong_credential""#), "{request}");
    assert_eq!(fixture.count(m::REQUESTS_REFUSED, &["braze"]), 101.0);
    assert_eq!(fixture.count(m::REQUESTS, &["braze", "401"]), 101.0);
    assert_eq!(fixture.count(m::CONSERVATION_GAP, &[]), 0.0);
}

#[test]
fn a_setting_says_how_often_refusals_are_written() {
    event::rules!["RP-014"];
    let token = Some(r#"{"tokens":["t"]}"#);
    for (setting, written) in [("0s", 60), ("10s", 6), ("60s", 1)] {
        let settings = format!("[telemetry]\nrefusals_every = \"{setting}\"");
        let fixture = Fixture::new(Source::Braze, token, &settings);
        for second in 0..60 {
            fixture.aws.now.set(second * 1000);
            assert_eq!(fixture.post("", &[("authorization", "Bearer x")], "[1]").0, 401);
        }
        assert_eq!(fixture.lines_of("request").len(), written, "{setting}");
    }
    let error = Settings::load("[telemetry]\nrefusals_every = \"2m\"").unwrap_err();
    assert!(
        error.to_string().contains("`telemetry.refusals_every`"),
        "{error}"
    );
}

#[test]
fn what_the_queue_refuses_is_always_written() {
    event::rules!["RP-014"];
    let fixture = Fixture::braze();
    for _ in 0..5 {
        fixture.aws.faults.borrow_mut().clear();
        fixture.faults([CallFault::Fail; 100]);
        assert_eq!(fixture.post("", &[fixture.token()], "[1]").0, 503);
    }
    assert_eq!(fixture.lines_of("request").len(), 5);
}

#[test]
fn a_request_counts_each_event_to_one_end() {
    event::rules!["RP-030", "RP-032"];
    let token = Some(r#"{"tokens":["t"]}"#);
    let off = "[routes]\nbraze_to_segment = false\n[telemetry]\nrefusals_every = \"0s\"";
    let right = [("authorization", "Bearer t")];
    let counts = |fixture: &Fixture| {
        let line = fixture.lines_of("request").pop().unwrap();
        let number = |name: &str| {
            let (_, rest) = line.split_once(&format!(r#""{name}":"#)).unwrap();
            let end = rest.find([',', '}']).unwrap();
            rest.split_at(end).0.parse::<f64>().unwrap() as u64
        };
        assert_eq!(number("conservation_gap"), 0, "{line}");
        ["events", "queued", "ignored", "parked", "spilled"].map(number)
    };
    let (deep, two) = (
        format!("{}{}", "[".repeat(70), "]".repeat(70)),
        r#"{"events":[{},{}]}"#,
    );
    let half = format!(r#"{{"events":[{{}},{deep}]}}"#);
    for (settings, body, wanted) in [
        ("", two, [2, 2, 0, 0, 0]),
        ("", &half, [2, 1, 0, 1, 0]),
        ("", "no JSON", [1, 0, 0, 1, 0]),
        (off, two, [2, 0, 2, 0, 0]),
    ] {
        let fixture = Fixture::new(Source::Braze, token, settings);
        fixture.post("", &right, body);
        assert_eq!(counts(&fixture), wanted, "{body}");
    }
    // What is refused is received, and meets no other end.
    let fixture = Fixture::new(Source::Braze, token, off);
    assert_eq!(fixture.post("", &[("authorization", "Bearer x")], two).0, 401);
    assert_eq!(counts(&fixture)[1..], [0; 4]);
    let fixture = Fixture::branch();
    fixture.faults([CallFault::Fail; 100]);
    assert_eq!(fixture.post("", &[fixture.token()], "{}").0, 202);
    assert_eq!(counts(&fixture), [1, 0, 0, 0, 1]);
}

/// What containers answer to requests that come at once.
fn at_once<'f>(requests: impl IntoIterator<Item = (&'f Fixture, Request)>) -> Vec<u16> {
    let answers = requests
        .into_iter()
        .map(|(container, request)| container.receiver.handle(request));
    let answers = run(futures_util::future::join_all(answers));
    answers.into_iter().map(|answer| answer.status).collect()
}

/// A thousand wrong requests a minute at each receiver, for an hour, over three containers that handle them at once.
#[test]
fn an_hour_of_wrong_requests_costs_six_lines_a_minute() {
    event::rules!["RP-014", "RS-014", "RC-010"];
    for containers in receivers().map(Fixture::and_two_more) {
        let fixture = &containers[0];
        let aws = &fixture.aws;
        // Of the right form at each receiver: only these could make it ask for the secret.
        let signature = "0a".repeat(20);
        let wrong = [
            ("authorization", "Bearer x"),
            ("x-branch-auth", "x"),
            ("x-signature", &signature),
        ];
        let begun = aws.now.get();
        for minute in 0..60 {
            let lines = aws.lines.borrow().len();
            for n in (0..1000).step_by(containers.len()) {
                aws.now
                    .set(aws.now.get().max(begun + minute * MINUTE_MS + n * 60));
                let headers: &[(&str, &str)] = if n % 2 == 0 { &wrong } else { &[] };
                let last = containers.len().min((1000 - n) as usize);
                let requests = containers
                    .iter()
                    .map(|container| (container, post("", headers, V1)));
                assert_eq!(at_once(requests.take(last)), vec![401; last]);
            }
            // By container and reason; the first of each is written at once, which is one more.
            let written = aws.lines.borrow().len() - lines;
            let kinds = 2 * containers.len();
            assert!(
                written <= kinds * 6 + if minute == 0 { kinds } else { 0 },
                "{written}"
            );
        }
        let fetches = aws.secrets.fetches.get();
        assert!(fetches <= (60 * 6 + 1) * containers.len(), "{fetches}");
        assert!(aws.objects.borrow().is_empty() && fixture.sent().is_empty());
        let source = fixture.receiver.source.as_str();
        let counted = fixture.count(m::REQUESTS_REFUSED, &[source]);
        assert!((59_600.0..=60_000.0).contains(&counted), "{counted}");
        assert!(fixture.lines_of("error").is_empty());
        assert_eq!(fixture.count(m::SECRET_FETCH_FAILED, &[]), 0.0);
        for alarm in own_alarms() {
            let fires = alarm.fires(&aws.metrics.borrow(), source);
            assert_eq!(
                fires,
                alarm.metric.name == "requests_refused",
                "{}",
                alarm.metric.name
            );
        }
    }
}

/// An alarm of the template on a metric that a function writes. The others are on figures of Lambda and SQS: of those a flood
/// of wrong requests makes Url4xxCount high, so `receiver-rejects` fires beside `refused`.
struct OwnAlarm {
    metric: m::Metric,
    threshold: f64,
    fires_at_threshold: bool,
}

fn own_alarms() -> Vec<OwnAlarm> {
    let template = include_str!("../../../../../infra/template.yaml");
    let alarms = template.split("\n      Namespace: Switchyard\n").skip(1);
    let value = |alarm: &'static str, name: &str| {
        let (_, rest) = alarm.split_once(&format!("      {name}: ")).unwrap();
        rest.lines().next().unwrap()
    };
    let alarms: Vec<OwnAlarm> = alarms
        .map(|alarm| OwnAlarm {
            metric: *m::ALL_METRICS
                .iter()
                .find(|own| own.name == value(alarm, "MetricName"))
                .unwrap(),
            threshold: value(alarm, "Threshold").parse().unwrap(),
            fires_at_threshold: value(alarm, "ComparisonOperator") == "GreaterThanOrEqualToThreshold",
        })
        .collect();
    assert!(alarms.len() > 8, "{}", alarms.len());
    alarms
}

impl OwnAlarm {
    /// Whether a value of this source, or of any destination, is one that it fires at.
    fn fires(&self, metrics: &[telemetry::Metrics], source: &'static str) -> bool {
        let labels: &[&[&str]] = match self.metric.dimensions {
            [] => &[&[]],
            ["Source"] => &[&[source]],
            _ => &[&["segment"], &["braze"], &["branch"]],
        };
        let of = |own: &telemetry::Metrics| -> Vec<f64> {
            labels
                .iter()
                .flat_map(|own_labels| own.values(self.metric, own_labels).to_vec())
                .collect()
        };
        metrics
            .iter()
            .flat_map(of)
            .any(|value| value > self.threshold || self.fires_at_threshold && value == self.threshold)
    }
}

/// A sender that proves itself with one key.
#[derive(Debug, Clone, Copy)]
struct Sender {
    source: Source,
    /// The member of the secret that lists its keys.
    member: &'static str,
    body: &'static str,
}

/// Every kind of key that a receiver has.
const SENDERS: [Sender; 4] = [
    Sender {
        source: Source::Segment,
        member: "shared_secrets",
        body: V1,
    },
    Sender {
        source: Source::Segment,
        member: "tokens",
        body: V1,
    },
    Sender {
        source: Source::Braze,
        member: "tokens",
        body: "{}",
    },
    Sender {
        source: Source::Branch,
        member: "tokens",
        body: "{}",
    },
];

impl Sender {
    fn secret(self, keys: &[&str]) -> Option<String> {
        Some(format!(r#"{{"{}":{keys:?}}}"#, self.member))
    }

    fn header(self, key: &str) -> (&'static str, String) {
        match (self.source, self.member) {
            (_, "shared_secrets") => {
                let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
                let signature = mac.chain_update(self.body).finalize().into_bytes();
                ("x-signature", hex(signature).collect())
            }
            (Source::Branch, _) => ("x-branch-auth", key.to_owned()),
            _ => ("authorization", format!("Bearer {key}")),
        }
    }

    fn post(self, (name, value): &(&str, String)) -> Request {
        post("", &[(*name, value)], self.body)
    }
}

/// The drill of RS-020 at each receiver: a hundred requests a second, sender and secret switched, and a stranger who knocks five
/// times a second with a wrong credential and five times with none. Three containers, of which none starts with another, handle
/// what comes at once.
#[test]
fn a_rotation_with_a_stranger_knocking_rejects_nobody() {
    event::rules!["RS-020", "RC-035", "RC-036"];
    // At once after the guide's 15 s, while the first value is fresh, and when every container's has passed its time.
    let switched_after = [[15, 420], [16, 300], [61, 420], [15, 300]];
    for (sender, switched_after) in SENDERS.into_iter().zip(switched_after) {
        for switch_s in switched_after {
            rotate(sender, switch_s);
        }
    }
}

/// The sender switches this long after the new key was added as the second one.
fn rotate(sender: Sender, switch_s: i64) {
    let [old, new, stranger] = ["old", "new", "stranger"].map(|key| sender.header(key));
    let containers = Fixture::new(sender.source, sender.secret(&["old"]).as_deref(), "").and_two_more();
    let fixture = &containers[0];
    let aws = &fixture.aws;
    let steps = [
        (30_000, sender.secret(&["old", "new"])),
        (600_000, sender.secret(&["new", "old"])),
        (1_200_000, sender.secret(&["new"])),
    ];
    let switched_at = 30_000 + switch_s * 1000;
    let (mut sent, mut knocked) = (0_u32, 0_u32);
    for at in (0..1_500_000_i64).step_by(10) {
        for (when, secret) in &steps {
            if *when == at {
                aws.secrets.text.borrow_mut().clone_from(secret);
            }
        }
        // Around a step a hundred requests a second are sent, one in 30 ms to each container, and every knock. Elsewhere, where
        // only fetches change anything, and those that knocks force begin once in 10 s, there is a second of knocks in ten, each
        // beside one request of the sender.
        let steps = [30_000, switched_at, 600_000, 1_200_000];
        let is_near = steps.iter().any(|step| (-1_000..20_000).contains(&(at - step)));
        let is_knock = at % 100 == 0 && (is_near || at % 10_000 < 1_000);
        if !(is_knock || is_near && at % 30 == 0) {
            continue;
        }
        aws.now.set(aws.now.get().max(at));
        let key = if at >= switched_at { &new } else { &old };
        // The second container starts 3.7 s after the first, the third another 3.7 s later: they fetch at other times.
        let started = &containers[..1 + (at / 3_700).clamp(0, 2) as usize];
        let sends = if is_near {
            started
        } else {
            std::slice::from_ref(&started[(at / 200) as usize % started.len()])
        };
        let mut requests: Vec<_> = sends.iter().map(|one| (one, sender.post(key))).collect();
        let knocks = match at % 200 {
            0 => Some(sender.post(&stranger)),
            100 => Some(post("", &[], sender.body)),
            _ => None,
        };
        let authentic = requests.len();
        if let Some(request) = knocks {
            let turn = (at / 100) as usize % started.len();
            let place = turn.min(authentic);
            requests.insert(place, (&started[turn], request));
            let mut answers = at_once(requests);
            assert_eq!(answers.remove(place), 401, "{sender:?} at {at} ms");
            assert_eq!(
                answers,
                vec![200; authentic],
                "{sender:?} at {at} ms, switched at {switched_at} ms"
            );
            knocked += 1;
        } else {
            let answers = at_once(requests);
            assert_eq!(
                answers,
                vec![200; authentic],
                "{sender:?} at {at} ms, switched at {switched_at} ms"
            );
        }
        sent += authentic as u32;
    }
    let source = sender.source.as_str();
    assert_eq!(fixture.count(m::REQUESTS, &[source, "200"]), f64::from(sent));
    let refused = fixture.count(m::REQUESTS_REFUSED, &[source]);
    assert!(refused <= f64::from(knocked), "{refused} of {knocked}");
    assert!(aws.objects.borrow().is_empty(), "{sender:?}");
    let fetches = aws.secrets.fetches.get();
    assert!(fetches <= (1500 / 10 + 1) * containers.len(), "{fetches}");
}

#[test]
fn a_malformed_secret_is_named_where_an_operator_looks() {
    event::rules!["RS-003"];
    let fixture = Fixture::new(Source::Braze, Some(r#"{"tokens":"t"}"#), "");
    let got = fixture.post("", &[("authorization", "Bearer t")], "{}");
    assert_eq!(got, (503, refused("secret_unavailable")));
    let error = fixture.lines_of("error").remove(0);
    assert!(error.contains(r#""code":"secret_malformed""#), "{error}");
    assert!(error.contains(r#""place":"tokens""#), "{error}");
    assert_eq!(fixture.count(m::SECRET_MALFORMED, &[]), 1.0);
}
