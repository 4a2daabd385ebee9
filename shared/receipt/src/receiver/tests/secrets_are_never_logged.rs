//! Marked values go through receipt and all its faults, and are looked for in everything that is written.

use super::fixture::*;
use super::*;

/// Everything that a sender may put into a request, each marked.
const MARK: &str = "mark7Q";

/// How many events a batch has.
const EVENTS: usize = 1000;

fn event(n: usize) -> String {
    format!(
        r#"{{"type":"track","event":"Event {MARK}{n}","userId":"u-{MARK}","anonymousId":"a-{MARK}","messageId":"m-{MARK}","properties":{{"email":"{MARK}@example.com","phone":"+4912{MARK}"}},"context":{{"ip":"203.0.113.99","page":{{"url":"https://{MARK}.example/?{MARK}"}}}}}}"#
    )
}

fn secret() -> String {
    format!(r#"{{"shared_secrets":["s-{MARK}"],"tokens":["t-{MARK}","t2-{MARK}"]}}"#)
}

fn requests() -> Vec<Request> {
    let good = format!("Bearer t-{MARK}");
    let wrong = format!("Bearer no-{MARK}");
    let events: Vec<String> = (0..EVENTS).map(event).collect();
    let deep = format!("{}\"{MARK}\"{}", "[".repeat(70), "]".repeat(70));
    let mut bodies: Vec<Vec<u8>> = vec![
        format!(r#"{{"events":[{}]}}"#, events.join(",")).into(),
        format!("[{}]", events.join(",")).into(),
        event(0).into(),
        format!(r#"{{"events":[{deep},7]}}"#).into(),
        format!("[{deep}]").into(),
        format!("{{\"{MARK}\":").into(),
        [b"\xff", MARK.as_bytes()].concat(),
        format!("\"{}\"", MARK.repeat(180_000)).into(),
        Vec::new(),
    ];
    bodies.push(gzip(&bodies[0]));
    bodies.push(gzip(&bodies[0])[..50].to_vec());
    let mut requests = Vec::new();
    for body in &bodies {
        for authorization in [&good, &wrong] {
            for encoding in ["identity", MARK] {
                let headers = [
                    ("authorization", authorization.as_str()),
                    ("x-branch-auth", authorization.as_str()),
                    ("x-signature", MARK),
                    ("content-encoding", encoding),
                    ("user-agent", MARK),
                    ("braze-currents-version", MARK),
                ];
                let mut request = post_bytes(&headers, body);
                request.raw_query = format!("token=q-{MARK}&{MARK}={MARK}");
                request.path = format!("/t/p-{MARK}");
                request.source_ip = "203.0.113.99".parse().ok();
                requests.push(request);
            }
        }
    }
    requests.push(Request {
        method: format!("PURGE-{MARK}"),
        ..post("", &[], "")
    });
    requests
}

#[test]
fn no_mark_shows_in_lines_metrics_or_answers() {
    event::rules!["RP-007", "RP-010", "RC-040", "RC-131", "RS-032"];
    let faults = [
        None,
        Some(CallFault::Fail),
        Some(CallFault::FailEntry(0)),
        Some(CallFault::Forget(0)),
        Some(CallFault::Blame(0)),
        Some(CallFault::Never),
        Some(CallFault::Panic),
    ];
    let mut answered = std::collections::BTreeSet::new();
    for source in [Source::Segment, Source::Braze, Source::Branch] {
        for fault in faults {
            let mut fixtures = vec![Fixture::new(source, Some(&secret()), "")];
            if fault.is_none() {
                fixtures.push(Fixture::new(source, None, ""));
            }
            for request in requests() {
                for fixture in &fixtures {
                    fixture.aws.faults.borrow_mut().clear();
                    fixture.faults(fault);
                    let request = Request {
                        headers: request.headers.clone(),
                        method: request.method.clone(),
                        path: request.path.clone(),
                        raw_query: request.raw_query.clone(),
                        request_id: request.request_id.clone(),
                        body: request.body.clone(),
                        ..request
                    };
                    let answer = fixture.answer(request);
                    answered.insert(answer.status);
                    let written = format!("{answer:?}");
                    assert!(
                        !written.contains(MARK) && !written.contains("203.0.113.99"),
                        "{written}"
                    );
                }
            }
            for fixture in fixtures {
                fixture.aws.faults.borrow_mut().clear();
                run(fixture.receiver.reingest("i-1"));
                let written = fixture.aws.lines.borrow().join("\n");
                assert!(
                    !written.contains(MARK) && !written.contains("203.0.113.99"),
                    "{written}"
                );
                let tokens = ["t-", "t2-", "s-", "no-", "q-", "p-"].map(|start| format!("{start}{MARK}"));
                for (_, body) in fixture.sent() {
                    assert!(
                        tokens.iter().all(|token| !body.contains(token.as_str())),
                        "no token is queued"
                    );
                }
            }
        }
    }
    assert!(
        answered.is_superset(&[200, 202, 400, 401, 405, 415, 503].into()),
        "the faults were really met: {answered:?}"
    );
}
