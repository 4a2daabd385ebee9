use super::*;
use crate::doctor::facts::{Alarms, Difference, Function, Quota, Url, Waiting};
use event::Source;

/// A stack with nothing to do.
fn healthy() -> Facts {
    let secret = |function| SecretState {
        function,
        secret_id: format!("switchyard/{function}"),
        is_needed: true,
        content: Content::Filled,
    };
    let queue = |name: &str, kind| Queue {
        name: name.to_owned(),
        kind,
        visible: 0,
        in_flight: 0,
        delayed: 0,
        oldest_s: None,
        differences: Vec::new(),
    };
    Facts {
        stack: "switchyard".to_owned(),
        region: "eu-west-1".to_owned(),
        stack_status: "UPDATE_COMPLETE".to_owned(),
        urls: vec![Url {
            source: Source::Segment,
            status: Some(200),
        }],
        secrets: [
            "receive-segment",
            "deliver-braze",
            "deliver-branch",
            "deliver-segment",
        ]
        .map(secret)
        .into(),
        keys: vec![KeyState {
            destination: Destination::Braze,
            place: "rest_api_key".to_owned(),
            answer: KeyAnswer::Accepted,
        }],
        functions: vec![Function {
            name: "deliver-braze",
            has_layer: true,
            differences: Vec::new(),
        }],
        event_sources: vec![EventSource {
            function: "deliver-braze",
            parameter: "PauseBraze",
            wanted_on: true,
            state: Some("Enabled".to_owned()),
            differences: Vec::new(),
        }],
        queues: vec![
            queue("braze", QueueKind::Waiting),
            queue("branch", QueueKind::Waiting),
            queue("braze-dead", QueueKind::Dead),
            queue("parked", QueueKind::Parked),
        ],
        waiting: vec![Waiting {
            destination: Destination::Braze,
            held: 0,
            hold_classes: Vec::new(),
            retrying: 0,
            oldest_s: None,
        }],
        alarms: Alarms::default(),
        quota: Some(Quota {
            concurrent_executions: 1000,
            unreserved: 769,
            is_reserved: true,
        }),
        ..Facts::default()
    }
}

#[test]
fn nothing_is_found_on_a_healthy_stack() {
    assert_eq!(findings(&healthy()), []);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn each_fact_out_of_order_is_one_finding_with_a_remedy() {
    type Change = fn(&mut Facts);
    use Severity::{Fault, Warning};
    let rows: [(Change, Severity, &str, &str); 36] = [
        (
            |facts| facts.stack_status = "UPDATE_ROLLBACK_COMPLETE".into(),
            Fault,
            "stack",
            "UPDATE_ROLLBACK_COMPLETE",
        ),
        (
            |facts| facts.stack_status = "CREATE_FAILED".into(),
            Fault,
            "stack",
            "CREATE_FAILED",
        ),
        (
            |facts| facts.settings = vec!["braze.instance is not set".into()],
            Fault,
            "settings",
            "braze.instance",
        ),
        (
            |facts| facts.urls[0].status = Some(403),
            Fault,
            "receive-segment",
            "403 to everything",
        ),
        (
            |facts| facts.urls[0].status = Some(429),
            Fault,
            "receive-segment",
            "429",
        ),
        (
            |facts| facts.urls[0].status = Some(502),
            Fault,
            "receive-segment",
            "502",
        ),
        (
            |facts| facts.urls[0].status = None,
            Fault,
            "receive-segment",
            "does not answer",
        ),
        (
            |facts| facts.secrets[0].content = Content::Empty,
            Fault,
            "receive-segment",
            "no usable key: every request is answered 503",
        ),
        (
            |facts| facts.secrets[1].content = Content::Empty,
            Fault,
            "deliver-braze",
            "no usable key: every event is held",
        ),
        (
            |facts| facts.secrets[0].content = Content::Malformed(Some("tokens")),
            Fault,
            "receive-segment",
            "malformed at `tokens`",
        ),
        (
            |facts| facts.secrets[0].content = Content::Malformed(None),
            Fault,
            "receive-segment",
            "no JSON object",
        ),
        (
            |facts| facts.secrets[0].content = Content::NoToken,
            Warning,
            "receive-segment",
            "holds no token",
        ),
        (
            |facts| facts.keys[0].answer = KeyAnswer::Refused(401),
            Fault,
            "deliver-braze",
            "Braze refuses `rest_api_key` with 401: its events are held",
        ),
        (
            |facts| facts.keys[0].answer = KeyAnswer::WrongHost(404),
            Fault,
            "deliver-braze",
            "answers 404: it does not know",
        ),
        (
            |facts| facts.keys[0].answer = KeyAnswer::Unknown(Some(503)),
            Warning,
            "deliver-braze",
            "answers 503",
        ),
        (
            |facts| facts.keys[0].answer = KeyAnswer::Unknown(None),
            Warning,
            "deliver-braze",
            "does not answer from here",
        ),
        (
            |facts| {
                facts.keys[0].destination = Destination::Branch;
                facts.keys[0].answer = KeyAnswer::WrongForm;
            },
            Fault,
            "deliver-branch",
            "neither key_live_ nor key_test_",
        ),
        (
            |facts| {
                facts.keys[0].destination = Destination::Branch;
                facts.keys[0].answer = KeyAnswer::TestKey;
            },
            Warning,
            "deliver-branch",
            "test environment",
        ),
        (
            |facts| {
                facts.keys[0].destination = Destination::Segment;
                facts.keys[0].place = "write_keys.ios".into();
                facts.keys[0].answer = KeyAnswer::Refused(404);
            },
            Fault,
            "deliver-segment",
            "`write_keys.ios` with 404: its events are lost there",
        ),
        (
            |facts| facts.functions[0].has_layer = false,
            Fault,
            "deliver-braze",
            "without the stack's settings layer",
        ),
        (
            |facts| {
                facts.functions[0].differences.push(Difference {
                    what: "Timeout",
                    wanted: "60".into(),
                    found: "3".into(),
                })
            },
            Warning,
            "deliver-braze",
            "Timeout is 3, not 60",
        ),
        (
            |facts| facts.event_sources[0].state = None,
            Fault,
            "deliver-braze",
            "no event source",
        ),
        (
            |facts| facts.event_sources[0].state = Some("Disabled".into()),
            Fault,
            "deliver-braze",
            "its event source is Disabled, and PauseBraze is false",
        ),
        (
            |facts| facts.event_sources[0].wanted_on = false,
            Fault,
            "deliver-braze",
            "runs, although PauseBraze is true",
        ),
        (
            |facts| {
                facts.event_sources[0].wanted_on = false;
                facts.event_sources[0].state = Some("Disabled".into());
            },
            Warning,
            "deliver-braze",
            "paused by PauseBraze",
        ),
        (
            |facts| facts.queues[0].in_flight = 80_001,
            Fault,
            "braze",
            "80001 messages are in flight",
        ),
        (
            |facts| facts.queues[0].oldest_s = Some(3_601),
            Fault,
            "braze",
            "waited 1h 0m",
        ),
        (
            |facts| facts.queues[1].oldest_s = Some(601),
            Fault,
            "branch",
            "waited 10m 1s",
        ),
        (
            |facts| facts.waiting[0].oldest_s = Some(7_201),
            Fault,
            "braze",
            "waited 2h 0m",
        ),
        (
            |facts| facts.queues[2].in_flight = 1,
            Fault,
            "braze-dead",
            "1 message that Lambda gave up",
        ),
        (
            |facts| {
                facts.queues[3].visible = 2;
                facts.queues[3].oldest_s = Some(90_000);
            },
            Fault,
            "parked",
            "2 messages set aside, the oldest 1d 1h old",
        ),
        (
            |facts| {
                facts.waiting[0].held = 3;
                facts.waiting[0].hold_classes = vec!["credentials".into()];
                facts.waiting[0].oldest_s = Some(9_000);
            },
            Fault,
            "deliver-braze",
            "3 events held (credentials), the oldest 2h 30m old",
        ),
        (
            |facts| facts.alarms.missing = vec!["switchyard-parked".into()],
            Fault,
            "alarms",
            "not there: switchyard-parked",
        ),
        (
            |facts| {
                drop(
                    facts
                        .alarms
                        .firing
                        .insert("hold-braze".into(), "infra/runbooks/hold.md".into()),
                )
            },
            Fault,
            "alarms",
            "hold-braze fires",
        ),
        (
            |facts| facts.alarms.muted = vec!["parked".into()],
            Warning,
            "alarms",
            "without actions: parked",
        ),
        (
            |facts| {
                facts.quota = Some(Quota {
                    concurrent_executions: 10,
                    unreserved: 10,
                    is_reserved: false,
                });
            },
            Warning,
            "quota",
            "10 concurrent executions",
        ),
    ];
    for (change, severity, about, words) in rows {
        let mut facts = healthy();
        change(&mut facts);
        let found = findings(&facts);
        let [finding] = found.as_slice() else {
            panic!("{about}, {words}: {found:#?}");
        };
        assert_eq!(
            (finding.severity, finding.about.as_str()),
            (severity, about),
            "{finding:?}"
        );
        assert!(finding.what.contains(words), "{}", finding.what);
        assert!(!finding.remedy.is_empty(), "{finding:?}");
    }
}

#[test]
fn what_no_route_needs_is_no_fault() {
    let mut facts = healthy();
    facts.secrets[1].content = Content::Empty;
    facts.secrets[1].is_needed = false;
    facts.queues[0].oldest_s = Some(3600);
    assert_eq!(findings(&facts), [], "the limit itself is not above it");
}

#[test]
fn faults_come_before_warnings() {
    let mut facts = healthy();
    facts
        .unchecked
        .insert("alarms".to_owned(), "AccessDenied".to_owned());
    facts.keys[0].answer = KeyAnswer::Unknown(None);
    facts.queues[3].visible = 1;
    let found = findings(&facts);
    let order: Vec<&str> = found.iter().map(|finding| finding.about.as_str()).collect();
    assert_eq!(order, ["parked", "deliver-braze", "alarms"]);
    assert!(found[2].what.contains("not checked: AccessDenied"));
}
