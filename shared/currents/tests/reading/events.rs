//! The same event by file and by Custom HTTP is the same.

use crate::examples::{file, some, text};
use crate::fixture::{FakeAws, created, key};
use event::Source;
use event::calls::Verdict;
use event::settings::Settings;
use proptest::prelude::*;
use sandbox::currents_file::{Codec, CurrentsFile, Plan, event_types, long};

const ALL: &str = "[braze_to_segment]\ndeny_events = []\n";

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

fn read(plan: &Plan) -> (Vec<String>, Vec<String>) {
    let file = CurrentsFile::write(plan);
    let aws = FakeAws::default();
    let object = key(&plan.event_type);
    aws.put(&object, file.container.bytes);
    assert!(block_on(aws.handle(&created(&object), ALL)));
    (aws.events(), file.events)
}

#[test]
fn every_type_gives_the_events_that_custom_http_sends() {
    event::rules![
        "CF-028", "CF-070", "CF-072", "CF-073", "CF-074", "CF-075", "CF-077"
    ];
    for event_type in event_types().chain(["users.messages.new.Thing"]) {
        let (got, wanted) = read(&Plan {
            events: 30,
            ..Plan::of(event_type)
        });
        assert_eq!(got, wanted, "{event_type}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn neither_codec_nor_block_nor_evolution_changes_an_event(seed in any::<u64>(), events_a_block in 1_usize..40) {
        event::rules!["CF-050", "CF-055", "CF-100"];
        let types: Vec<_> = event_types().collect();
        for codec in [Codec::Unnamed, Codec::Deflate, Codec::DeflateWithTail, Codec::Snappy] {
            let (got, wanted) = read(&Plan {
                seed,
                events: 25,
                events_a_block,
                codec,
                is_evolved: true,
                ..Plan::of(types[seed as usize % types.len()])
            });
            prop_assert_eq!(&got, &wanted);
            for (one, other) in got.iter().zip(&wanted) {
                prop_assert_eq!(calls(one), calls(other));
            }
        }
    }
}

/// What Segment is sent for an event.
fn calls(event: &str) -> Vec<(String, String)> {
    let settings = Settings::load(ALL).unwrap();
    match mapping::to_segment(Source::Braze, event, None, &settings).verdict {
        Verdict::Deliver { calls, .. } => calls
            .into_iter()
            .map(|call| (call.message_id, call.body))
            .collect(),
        Verdict::Ignore(_) | Verdict::Park(_) => Vec::new(),
    }
}

#[test]
fn names_that_mean_something_elsewhere_are_properties() {
    event::rules!["CF-071", "CF-075"];
    let string = |name: &str| format!(r#"{{"name":"{name}","type":["null","string"]}}"#);
    let fields = ["id", "time", "user", "properties", "event_type"]
        .map(string)
        .join(",");
    let mut record = Vec::new();
    long(&mut record, 0);
    long(&mut record, 0);
    for value in ["u", "p", "t"] {
        some(&mut record, value);
    }
    let aws = FakeAws::default();
    let object = key("some.Type");
    aws.put(&object, file("some.Type", &fields, &record));
    assert!(block_on(aws.handle(&created(&object), ALL)));
    assert_eq!(
        aws.events(),
        [
            r#"{"event_type":"some.Type","user":{},"properties":{"user":"u","properties":"p","event_type":"t"}}"#
        ]
    );
}

#[test]
fn a_name_that_is_taken_is_not_given_twice() {
    event::rules!["CF-074"];
    let banner = "users.messages.banner.Click";
    let string = |name: &str| format!(r#"{{"name":"{name}","type":["null","string"]}}"#);
    let both = [
        "id",
        "canvas_step_message_variation_id",
        "canvas_step_message_variation_api_id",
    ];
    let fields = both.map(string).join(",");
    for (api_id, wanted) in [
        (
            Some("b"),
            r#"{"canvas_step_message_variation_id":"a","canvas_step_message_variation_api_id":"b"}"#,
        ),
        (None, r#"{"canvas_step_message_variation_api_id":"a"}"#),
    ] {
        let mut record = Vec::new();
        some(&mut record, "e-1");
        some(&mut record, "a");
        match api_id {
            Some(value) => some(&mut record, value),
            None => long(&mut record, 0),
        }
        let aws = FakeAws::default();
        let object = key(banner);
        aws.put(&object, file(banner, &fields, &record));
        assert!(block_on(aws.handle(&created(&object), ALL)));
        assert!(aws.events()[0].contains(wanted), "{:?}", aws.events());
    }
}

#[test]
fn an_event_that_no_queue_takes_is_parked_by_its_place() {
    event::rules!["CF-078"];
    let fields = r#"{"name":"id","type":"string"},{"name":"url","type":"string"}"#;
    for (length, reason) in [(1_100_000, "event_too_large"), (1_039_990, "event_too_large")] {
        let mut record = Vec::new();
        text(&mut record, "e-1");
        text(&mut record, &"x".repeat(length));
        let aws = FakeAws::default();
        let object = key("some.Type");
        aws.put(&object, file("some.Type", fields, &record));
        assert!(block_on(aws.handle(&created(&object), ALL)));
        let parked = aws.bodies(event::ports::QueueName::Parked);
        assert_eq!(parked[0]["reason"], reason);
        assert_eq!(
            (&parked[0]["file"]["skip"], &parked[0]["file"]["count"]),
            (&0.into(), &1.into())
        );
        assert_eq!(aws.events().len(), 0);
        assert_eq!(aws.line()["events"], 1);
    }
}

#[test]
fn json_text_counts_as_levels_of_its_event() {
    event::rules!["CF-072", "CF-073", "CF-078"];
    let purchase = "users.behaviors.Purchase";
    let fields = r#"{"name":"id","type":"string"},{"name":"properties","type":"string"}"#;
    // The event itself and its `properties` are two of the 64 levels.
    for (levels, is_parked) in [
        (62, false),
        (63, true),
        (64, true),
        (65, true),
        (128, true),
        (129, true),
        (200, true),
    ] {
        for (end, is_json) in [("}", true), ("]", false)] {
            let mut record = Vec::new();
            text(&mut record, "e-1");
            text(
                &mut record,
                &format!("{}1{}", r#"{"a":"#.repeat(levels), end.repeat(levels)),
            );
            let aws = FakeAws::default();
            let object = key(purchase);
            aws.put(&object, file(purchase, fields, &record));
            assert!(block_on(aws.handle(&created(&object), ALL)));
            let parked = aws.bodies(event::ports::QueueName::Parked);
            assert_eq!(parked.len(), usize::from(is_parked && is_json), "{levels}{end}");
            assert!(parked.iter().all(|body| body["reason"] == "too_deep"));
            // What is no JSON stays a string.
            let is_string = aws
                .events()
                .iter()
                .any(|event| event.contains(r#""purchase_properties":"{"#));
            assert_eq!(is_string, !is_json);
        }
    }
}
