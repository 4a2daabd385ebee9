//! A batch of which some events are broken.

use crate::config::cases;
use crate::printed::{line, said};
use event::Source;
use event::settings::Settings;
use proptest::prelude::*;
use switchyard::map::events;

const BATCH: usize = 100;

/// What can be wrong with an event, and what it then becomes.
const BROKEN: [(&str, &str); 5] = [
    ("7", "malformed_event"),
    ("null", "malformed_event"),
    (
        r#"{"id":"x","user":{"external_user_id":"u"}}"#,
        "missing_event_type",
    ),
    (
        r#"{"event_type":"users.messages.sms.Send","id":"x","properties":[]}"#,
        "malformed_event",
    ),
    (
        r#"{"event_type":"users.messages.sms.Send","id":"x","user":"u"}"#,
        "malformed_event",
    ),
];

fn sound(at: usize) -> String {
    format!(
        r#"{{"event_type":"users.messages.sms.Send","id":"e-{at}","time":1767254400,"user":{{"external_user_id":"u-{at}"}},"properties":{{"send_id":"s-{at}"}}}}"#
    )
}

fn check(broken: &[Option<usize>]) {
    let texts: Vec<String> = broken
        .iter()
        .enumerate()
        .map(|(at, broken)| broken.map_or_else(|| sound(at), |kind| BROKEN[kind].0.to_owned()))
        .collect();
    let body = format!(r#"{{"events":[{}]}}"#, texts.join(",\n"));
    let settings = Settings::default();
    let lines: Vec<_> = events(Source::Braze, &body)
        .into_iter()
        .map(|text| line(text, &settings))
        .collect();
    assert_eq!(lines.len(), broken.len());
    for ((at, broken), got) in broken.iter().enumerate().zip(&lines) {
        match broken {
            Some(kind) => assert_eq!(said(got, &["reason"]).as_deref(), Some(BROKEN[*kind].1)),
            // BZ-007: the same line as when it is alone.
            None => assert_eq!(got, &line(&sound(at), &settings)),
        }
    }
}

#[test]
fn one_bad_event_in_a_batch_of_100_harms_none_of_the_others() {
    event::rules!["BZ-414"];
    for kind in 0..BROKEN.len() {
        let mut broken = vec![None; BATCH];
        broken[kind * 20 + 7] = Some(kind);
        check(&broken);
    }
}

proptest! {
    #![proptest_config(cases!(50, "braze_to_segment_batch"))]

    #[test]
    fn broken_events_do_not_harm_the_rest_and_each_is_accounted_for(
        broken in prop::collection::vec(prop::option::of(0..BROKEN.len()), BATCH)
    ) {
        event::rules!["BZ-006", "BZ-007"];
        check(&broken);
    }
}
