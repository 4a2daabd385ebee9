//! The worked examples of the page.

use crate::fixture::{BUCKET, C, FakeAws, S3, SEGMENT, created, etag, key};
use event::ports::QueueName;
use sandbox::currents_file::{Codec, Container, CurrentsFile, Plan, long, string};
use serde_json::{Value, json};

const SCHEMA_START: &str = r#"{"type":"record","name":"dataexport.S3.inner."#;

/// A file of one record, whose fields are given as schema and bytes.
pub(crate) fn file(event_type: &str, fields: &str, record: &[u8]) -> Vec<u8> {
    let schema = format!(r#"{SCHEMA_START}{event_type}","fields":[{fields}]}}"#);
    let mut file = Container::begin(&schema, Codec::Null, [3; 16]);
    file.block(1, record);
    file.bytes
}

pub(crate) fn text(record: &mut Vec<u8>, text: &str) {
    string(record, text);
}

/// A text in a union with null.
pub(crate) fn some(record: &mut Vec<u8>, value: &str) {
    long(record, 1);
    string(record, value);
}

#[tokio::test(flavor = "current_thread")]
async fn one_click_lies_in_the_queue_as_custom_http_sends_it() {
    event::rules!["CF-070", "CF-071", "CF-075", "CF-076", "CF-091"];
    let nullable = |name: &str| format!(r#"{{"name":"{name}","type":["null","string"],"default":null}}"#);
    let fields = [
        r#"{"name":"id","type":"string"},{"name":"time","type":"int"}"#.to_owned(),
        r#"{"name":"user_id","type":"string"}"#.to_owned(),
        nullable("external_user_id"),
        nullable("url"),
        nullable("campaign_id"),
    ];
    let mut record = Vec::new();
    text(&mut record, "e-1");
    long(&mut record, 1_772_362_800);
    text(&mut record, "66a1");
    some(&mut record, "cust-7");
    some(&mut record, "https://shop.example/a");
    long(&mut record, 0);
    let aws = FakeAws::default();
    let object = key("users.messages.email.click");
    aws.put(
        &object,
        file("users.messages.email.Click", &fields.join(","), &record),
    );
    assert!(aws.handle(&created(&object), "").await);
    let line = aws.line();
    let file_id = line["file_id"].as_str().unwrap();
    assert_eq!(file_id.len(), 32);
    let sent = aws.sent.borrow();
    let body = &sent[0].body;
    let wanted = format!(
        r#"{{"v":1,"source":"braze","destination":"segment","request_id":"file-{file_id}","first_received_at":"{C}","attempt":0,"auth":"bucket","key":"current","events":[{{"event_type":"users.messages.email.Click","id":"e-1","time":1772362800,"user":{{"user_id":"66a1","external_user_id":"cust-7"}},"properties":{{"url":"https://shop.example/a"}}}}]}}"#
    );
    assert_eq!(*body, wanted);
    assert_eq!(
        (line["outcome"].as_str(), line["events"].as_u64()),
        (Some("done"), Some(1))
    );
    assert_eq!(line["object"].as_str(), Some(object.as_str()));
}

#[tokio::test(flavor = "current_thread")]
async fn a_purchase_keeps_its_price_and_its_properties() {
    event::rules!["CF-031", "CF-063", "CF-072"];
    let fields = r#"{"name":"id","type":"string"},{"name":"product_id","type":"string"},{"name":"price","type":"float"},{"name":"currency","type":"string"},{"name":"properties","type":["null","string"]}"#;
    let mut record = Vec::new();
    text(&mut record, "e-1");
    text(&mut record, "p-1");
    record.extend(9.99_f32.to_le_bytes());
    text(&mut record, "EUR");
    some(&mut record, r#"{"size":"L"}"#);
    let aws = FakeAws::default();
    let object = key("users.behaviors.Purchase");
    aws.put(&object, file("users.behaviors.Purchase", fields, &record));
    assert!(
        aws.handle(&created(&object), "[braze_to_segment]\ndeny_events = []\n")
            .await
    );
    let event = &aws.events()[0];
    let wanted = r#""properties":{"product_id":"p-1","price":9.99,"currency":"EUR","purchase_properties":{"size":"L"}}"#;
    assert!(event.contains(wanted), "{event}");

    // By default purchases are denied: the file is not even opened.
    let aws = FakeAws::default();
    aws.put(&object, vec![0; 10]);
    assert!(aws.handle(&created(&object), "").await);
    let line = aws.line();
    assert_eq!(
        (line["outcome"].as_str(), line["reason"].as_str()),
        (Some("ignored"), Some("event_type_denied"))
    );
    assert!(aws.asked.borrow().is_empty() && aws.sent.borrow().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn a_cut_file_is_read_up_to_its_damaged_block() {
    event::rules!["CF-083", "CF-092"];
    let file = CurrentsFile::write(&Plan {
        events: 40,
        ..Plan::of("users.messages.email.Open")
    });
    let third = file.container.blocks[2].clone();
    let cut = third.start + 900;
    assert!(cut < third.end);
    let bytes = file.container.bytes[..cut].to_vec();
    let aws = FakeAws::default();
    let object = key("users.messages.email.Open");
    aws.put(&object, bytes.clone());
    assert!(aws.handle(&created(&object), "").await);
    assert_eq!(aws.events(), file.events[..20]);
    let parked = aws.bodies(QueueName::Parked);
    let at = Value::from(parked[0]["at"].as_str().unwrap());
    assert_eq!(
        parked,
        [
            json!({"v": 1, "reason": "file_damaged", "by": "read-braze-files", "at": at, "source": "braze",
            "destination": "segment", "attempt": 0, "auth": "bucket", "key": "current",
            "file": {"bucket": BUCKET, "key": object, "etag": etag(&bytes), "size": cut, "offset": third.start, "skip": 0}})
        ]
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_refused_bucket_holds_the_file_until_a_person_acts() {
    event::rules!["CF-095", "CF-096"];
    let aws = FakeAws::default();
    let object = key("users.messages.email.Open");
    aws.put(
        &object,
        CurrentsFile::write(&Plan::of("users.messages.email.Open"))
            .container
            .bytes,
    );
    aws.s3.borrow_mut().push(S3::Answer(403, "AccessDenied"));
    assert!(
        !aws.handle(&created(&object), "").await,
        "listed in batchItemFailures"
    );
    assert_eq!(
        *aws.changes.borrow(),
        [("h1".to_owned(), 675)],
        "ceil(900 x 0.75)"
    );
    assert_eq!(aws.slept_ms.get(), 20_000, "the pause");
    assert!(aws.sent.borrow().is_empty());
    let line = aws.line();
    assert_eq!(
        (line["outcome"].as_str(), line["reason"].as_str()),
        (Some("hold"), Some("config"))
    );
    let hold = telemetry::metrics::HOLD;
    assert_eq!(aws.metrics.borrow()[0].values(hold, &["segment"]), [1.0]);
    // The policy is corrected.
    assert!(aws.handle(&created(&object), "").await);
    assert_eq!(aws.events().len(), 100);
    assert_eq!(aws.bodies(SEGMENT)[0]["auth"], "bucket");
}

#[tokio::test(flavor = "current_thread")]
async fn one_line_and_the_metrics_say_what_became_of_a_file() {
    event::rules!["CF-130", "CF-131", "CF-132"];
    use telemetry::metrics as m;
    let aws = FakeAws::default();
    let object = key("users.messages.email.Open");
    let file = CurrentsFile::write(&Plan::of("users.messages.email.Open"));
    aws.put(&object, file.container.bytes.clone());
    aws.now.set(aws.now.get().plus_millis(5_000));
    assert!(aws.handle(&created(&object), "").await);
    let line = aws.line();
    let bytes = file.container.bytes.len();
    let last = file.container.blocks[9].end;
    for (name, wanted) in [
        ("outcome", json!("done")),
        ("event_type", json!("users.messages.email.Open")),
        ("events", json!(100)),
        ("queued", json!(100)),
        ("parked", json!(0)),
        ("ignored", json!(0)),
        ("bytes", json!(bytes)),
        ("from", json!(0)),
        ("to", json!(last)),
        ("receives", json!(1)),
        ("age_ms", json!(5_000)),
        ("cold", json!(true)),
    ] {
        assert_eq!(line[name], wanted, "{name}");
    }
    assert_eq!(line.get("cause"), None, "a notification");
    assert_eq!(aws.metrics.borrow()[0].values(m::FILES, &["done"]), [1.0]);
    assert_eq!(aws.metrics.borrow()[0].values(m::FILE_AGE, &[]), [5_000.0]);
    assert_eq!(aws.metrics.borrow()[0].values(m::FILE_BYTES, &[]), [bytes as f64]);
    assert_eq!(
        aws.metrics.borrow()[0].values(m::EVENTS_RECEIVED, &["braze"]),
        [100.0]
    );
    assert_eq!(
        aws.metrics.borrow()[0].values(m::EVENTS_QUEUED, &["braze"]),
        [100.0]
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_key_that_may_name_a_person_is_not_logged() {
    event::rules!["CF-131", "CF-132"];
    use telemetry::metrics as m;
    let object = key("users.messages.email.Open");
    let aws = FakeAws::default();
    let personal = object.replace("currents/", "currents/ada@example.com/");
    aws.put(&personal, b"no avro".to_vec());
    assert!(aws.handle(&created(&personal), "").await);
    assert_eq!(aws.line().get("object"), None);
    let parked = ["parked", "file_not_avro"];
    assert_eq!(aws.metrics.borrow()[0].values(m::FILES_BY_REASON, &parked), [1.0]);
}
