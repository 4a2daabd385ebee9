//! The worked examples of section 12 on delivery.

use super::*;
use crate::destinations::conformance::{Conforms, envelope_for, one_call};
use crate::destinations::{Braze, Segment};
use crate::fake_vendor::secret;
use crate::fake_vendor::{FakeVendor, respond, run};
use crate::scripted::*;
use event::envelope::Envelope;
use event::ports::QueueName;

fn invocation<D: Conforms>(vendor: &FakeVendor, records: &[Record]) -> (FakeAws, Vec<String>) {
    let aws = FakeAws::default();
    let Invoked { aws, kept, .. } = invoke_destination::<D>(D::SETTINGS, one_call::<D>, aws, vendor, records);
    (aws, kept)
}

#[test]
fn one_record_with_three_outcomes() {
    event::rules!["RD-040"];
    let events = [r#""ok#m-1""#, r#""retry:40#m-2""#, r#""rejected#m-3""#];
    let Invoked { aws, kept, .. } = invoke(&[record("a1", 2, envelope(1, &events))]);
    assert!(kept.is_empty());
    assert_eq!(
        aws.bodies(QueueName::Parked),
        [format!(
            r#"{{"v":1,"reason":"rejected","detail":"400 \"rejected#m-3\"","by":"deliver-test","at":"{T}","source":"segment","destination":"braze","request_id":"r-1","first_received_at":"{T}","attempt":3,"auth":"signature","key":"current","event":"rejected#m-3"}}"#
        )]
    );
    let queue = QueueName::Destination(event::Destination::Braze);
    assert_eq!(aws.bodies(queue), [envelope(3, &[events[1]])]);
    let sent = aws.sent.borrow();
    let remainder = sent.iter().find(|message| message.queue == queue).unwrap();
    assert_eq!((remainder.delay_s, remainder.group), (40, None));
    assert!(aws.changes.borrow().is_empty());
}

#[test]
fn a_retry_after_becomes_visibility_or_a_new_message() {
    let limited =
        |seconds: &'static str| FakeVendor::new(move |_, _| respond(429, &[("retry-after", seconds)], "{}"));
    let records = [record("a2", 1, envelope_of("m-1"))];
    let (aws, kept) = invocation::<Braze>(&limited("120"), &records);
    assert_eq!(kept, ["a2"]);
    let [(handle, seconds)] = aws.changes.take().try_into().unwrap();
    assert_eq!(handle, "handle-a2");
    assert!((120..=144).contains(&seconds), "{seconds}");
    assert!(aws.sent.borrow().is_empty());

    let (aws, kept) = invocation::<Braze>(&limited("1800"), &records);
    assert!(kept.is_empty());
    let sent = aws.sent.borrow();
    let [message] = &sent[..] else { panic!() };
    assert_eq!(message.delay_s, 900);
    let head = Envelope::open(&message.body).unwrap().head;
    let waits_ms = head.not_before.unwrap().millis_since(head.first_received_at);
    assert!((1_800_000..=2_160_000).contains(&waits_ms), "{waits_ms}");

    // Two routes fill the queue of Segment (RC-093).
    let records = [record("a3", 1, envelope_for::<Segment>(&[r#""m-1""#]))];
    let (aws, _) = invocation::<Segment>(&limited("1800"), &records);
    assert_eq!(aws.sent.borrow()[0].group, Some(Segment::SOURCE));
}

#[test]
fn an_unreadable_record_is_parked_and_its_neighbour_delivered() {
    let vendor = FakeVendor::new(|_, _| respond(200, &[], r#"{"success":true}"#));
    let records = [
        record("b1", 1, "{"),
        record("b2", 1, envelope_for::<Segment>(&[r#""m-1""#])),
    ];
    let (aws, kept) = invocation::<Segment>(&vendor, &records);
    assert!(kept.is_empty());
    assert_eq!(vendor.seen.borrow().len(), 1);
    assert_eq!(
        aws.bodies(QueueName::Parked),
        [format!(
            r#"{{"v":1,"reason":"unreadable_message","by":"deliver-test","at":"{T}","destination":"segment","attempt":1,"body_base64":"ew=="}}"#
        )]
    );
}

#[test]
fn a_refused_key_holds_and_parks_nothing() {
    event::rules!["RD-085", "RD-087"];
    let vendor = FakeVendor::new(|_, _| respond(401, &[], r#"{"message":"Invalid API key"}"#));
    let records = ["c1", "c2"].map(|id| record(id, 1, envelope(0, &[&format!("\"{id}\"")])));
    let (aws, kept) = invocation::<Braze>(&vendor, &records);
    assert_eq!(vendor.seen.borrow().len(), 1, "one request");
    assert_eq!(kept, ["c1", "c2"]);
    assert!(aws.sent.borrow().is_empty(), "nothing is parked");
    let changes: [(String, u32); 2] = aws.changes.take().try_into().unwrap();
    let seconds = changes.map(|(_, seconds)| seconds);
    assert!(seconds.iter().all(|s| (450..=900).contains(s)), "{seconds:?}");
}

#[test]
fn a_refused_batch_is_halved_until_the_bad_one_stands_alone() {
    event::rules!["SEG-052", "SEG-057", "SEG-060"];
    let vendor = FakeVendor::new(move |seen, _| {
        let is_bad = seen.marks().contains(&"6".to_owned());
        respond(if is_bad { 400 } else { 200 }, &[], "{}")
    });
    let events: Vec<String> = (1..=8).map(|n| format!("\"{n}\"")).collect();
    let (aws, kept) = invocation::<Segment>(&vendor, &[record("d1", 1, envelope_for::<Segment>(&events))]);
    let requests: Vec<String> = vendor.marks().iter().map(|ids| ids.concat()).collect();
    assert_eq!(requests, ["12345678", "1234", "5678", "56", "5", "6", "78"]);
    assert!(kept.is_empty());
    let parked = aws.bodies(QueueName::Parked);
    let is_bad = parked[0].ends_with(r#""event":"6"}"#);
    assert!(parked.len() == 1 && is_bad, "{parked:?}");
}

#[test]
fn what_there_is_no_time_for_is_unstarted() {
    event::rules!["RD-067", "RD-101"];
    let body = envelope_for::<Segment>(&[r#""m-1""#, r#""m-2""#]);
    let records = [record("e1", 1, body)];
    let (aws, vendor) = (FakeAws::default(), FakeVendor::silent());
    let secrets = FakeSecrets::new(&secret("k-1"));
    let deliverer = deliverer::<Segment>("", one_call::<Segment>, secrets, &aws, &vendor);
    let deadline = vendor.now.get().plus_millis(5000);
    assert_eq!(run(deliverer.handle(&records, "aws-1", deadline)), ["e1"]);
    assert_eq!(*aws.changes.borrow(), [("handle-e1".to_owned(), 5)]);
    let [first, second] = aws.lines_of("event").try_into().unwrap();
    let unstarted = r#""outcome":"retry","class":"unstarted""#;
    assert!(first.contains(unstarted) && second.contains(unstarted));
}
