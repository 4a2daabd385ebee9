//! The adapters to SQS, S3 and Secrets Manager against a server that says what it was asked.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic: that is how it fails"
)]

use aws::{FallbackBucket, Listed, S3, SecretsManager, Sqs};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use currents::{Answer, Got, Objects};
use event::ports::{Entry, Queue, QueueName, Store, Visibility, VisibilityChange};
use event::{Destination, Source};
use secrets::Secrets;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

/// A server that answers every request of one connection after the other with this, and hands on what it read.
fn server(status: &'static str, body: &'static str) -> (aws_config::SdkConfig, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (record, requests) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let (mut text, mut chunk) = (Vec::new(), [0; 4096]);
            let complete = |text: &[u8]| {
                let text = String::from_utf8_lossy(text).to_lowercase();
                let (head, rest) = text.split_once("\r\n\r\n")?;
                // A request without a body has no length.
                let length = head
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.lines().next());
                let length: usize = length.map_or(Some(0), |length| length.parse().ok())?;
                (rest.len() >= length).then_some(())
            };
            while complete(&text).is_none() {
                match stream.read(&mut chunk) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => text.extend_from_slice(&chunk[..read]),
                }
            }
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            // Before the answer: who has it may count the requests.
            if record.send(String::from_utf8_lossy(&text).into_owned()).is_err() {
                return;
            }
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    (config, requests)
}

fn queues() -> BTreeMap<QueueName, String> {
    BTreeMap::from([
        (QueueName::Parked, "http://q/parked".to_owned()),
        (
            QueueName::Destination(Destination::Braze),
            "http://q/braze".to_owned(),
        ),
    ])
}

fn entries() -> [Entry; 1] {
    [Entry {
        id: "m0".to_owned(),
        body: "{}".to_owned(),
        delay_s: 0,
        group: Some(Source::Segment),
    }]
}

const LISTED: Listed<'_> = Listed {
    bucket: "b",
    prefix: "p",
    delimiter: "",
    after: "",
    continuation: "",
};
const BRAZE: QueueName = QueueName::Destination(Destination::Braze);
const TIMEOUT_MS: u64 = 5000;

#[tokio::test]
async fn a_message_has_its_group_and_no_attributes() {
    event::rules!["RC-093"];
    let (config, requests) = server(
        "200 OK",
        r#"{"Successful":[{"Id":"m0","MessageId":"x","MD5OfMessageBody":"99914b932bd37a50b983c5e7c90ae93b"}],"Failed":[]}"#,
    );
    let sent = Sqs::new(&config, queues(), TIMEOUT_MS)
        .send(BRAZE, &entries())
        .await
        .unwrap();
    assert_eq!(sent.successful, ["m0"]);
    let asked = requests.recv().unwrap();
    assert!(asked.contains(r#""MessageGroupId":"segment""#), "{asked}");
    assert!(!asked.contains("Attributes"), "{asked}");
}

#[tokio::test]
async fn no_call_to_aws_is_repeated_by_the_sdk() {
    event::rules!["RC-115", "RD-060"];
    let error = r#"{"__type":"com.amazonaws.sqs#ServiceUnavailable","message":"mark7Q"}"#;
    for status in [
        "500 Internal Server Error",
        "503 Service Unavailable",
        "429 Too Many Requests",
    ] {
        let (config, requests) = server(status, error);
        let sqs = Sqs::new(&config, queues(), TIMEOUT_MS);
        let failed = sqs.send(BRAZE, &entries()).await.unwrap_err().to_string();
        assert!(
            failed.starts_with("SendMessageBatch failed: ") && !failed.contains("mark7Q"),
            "{failed}"
        );
        let change = VisibilityChange {
            id: "r0".to_owned(),
            receipt_handle: "h".to_owned(),
            seconds: 5,
        };
        assert!(sqs.change(BRAZE, &[change]).await.is_err());
        assert!(
            SecretsManager::new(&config, "test/x".to_owned(), TIMEOUT_MS)
                .fetch()
                .await
                .is_err()
        );
        assert_eq!(requests.try_iter().count(), 3, "{status}: one request a call");
    }
}

#[tokio::test]
async fn the_start_opens_a_connection_to_sqs_if_it_can() {
    event::rules!["RC-119"];
    for status in ["200 OK", "403 Forbidden"] {
        let (config, requests) = server(status, "{}");
        Sqs::new(&config, queues(), TIMEOUT_MS).warm(2000).await;
        let asked = requests.recv().unwrap().to_lowercase();
        assert!(
            asked.contains("amazonsqs.getqueueattributes") && asked.contains("http://q/parked"),
            "{asked}"
        );
    }
}

/// Paused time runs only while nothing else does: the time-out ends the call, at its time and not later.
#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_time_out_and_the_start_may_take_longer() {
    event::rules!["RC-115", "RC-119"];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = server("200 OK", "{}").0.into_builder().endpoint_url(url).build();
    let sqs = Sqs::new(&config, queues(), 400);
    let began = tokio::time::Instant::now();
    assert_eq!(sqs.send(BRAZE, &entries()).await.unwrap_err().code, "timeout");
    assert_eq!(began.elapsed().as_millis(), 400);
    let began = tokio::time::Instant::now();
    sqs.warm(2000).await;
    assert_eq!(began.elapsed().as_millis(), 2000);
}

#[tokio::test]
async fn every_error_of_secrets_manager_is_a_failed_fetch() {
    event::rules!["RS-015"];
    for (status, body) in [
        (
            "400 Bad Request",
            r#"{"__type":"AccessDeniedException","message":"mark7Q"}"#,
        ),
        (
            "400 Bad Request",
            r#"{"__type":"ResourceNotFoundException","message":"mark7Q"}"#,
        ),
        (
            "400 Bad Request",
            r#"{"__type":"DecryptionFailure","message":"mark7Q"}"#,
        ),
        (
            "400 Bad Request",
            r#"{"__type":"ThrottlingException","message":"mark7Q"}"#,
        ),
        ("500 Internal Server Error", "mark7Q"),
        ("200 OK", r#"{"Name":"x"}"#),
        ("200 OK", "mark7Q"),
    ] {
        let (config, _told) = server(status, body);
        let fetched = SecretsManager::new(&config, "test/x".to_owned(), TIMEOUT_MS)
            .fetch()
            .await;
        let failed = fetched.err().map(|failed| failed.to_string()).unwrap();
        assert!(
            failed.starts_with("GetSecretValue failed: ") && !failed.contains("mark7Q"),
            "{failed}"
        );
    }
}

#[tokio::test]
async fn the_secret_is_asked_for_by_the_id_that_the_environment_gives() {
    event::rules!["RS-001"];
    let (config, requests) = server("200 OK", r#"{"SecretString":"{}"}"#);
    let id = "arn:aws:secretsmanager:eu-west-1:1:secret:test/receive-braze-AbCdEf";
    let fetched = SecretsManager::new(&config, id.to_owned(), TIMEOUT_MS)
        .fetch()
        .await;
    assert!(fetched.is_ok_and(|secret| secret.lend(|text| text == "{}")));
    assert!(
        requests
            .recv()
            .unwrap()
            .contains(&format!(r#""SecretId":"{id}""#))
    );
}

#[derive(Clone)]
struct SetClock(std::rc::Rc<std::cell::Cell<i64>>);

impl event::Clock for SetClock {
    fn now(&self) -> event::Timestamp {
        event::Timestamp::from_millis(self.0.get())
    }

    async fn sleep(&self, _: u64) {}
}

/// A server that answers the first request of each connection alone, and leaves the connection open without a word.
fn one_request_a_connection(body: &'static str) -> aws_config::SdkConfig {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 16_384]);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes());
            open.push(stream);
        }
    });
    server("200 OK", "{}").0.into_builder().endpoint_url(url).build()
}

#[tokio::test]
async fn connections_that_were_idle_for_20_s_are_not_used_again() {
    event::rules!["RD-178", "RS-014"];
    const SECRET: &str = r#"{"SecretString":"{}"}"#;
    let clock = SetClock(std::rc::Rc::default());
    let config = one_request_a_connection(SECRET);
    let secrets = SecretsManager::with_clock(&config, "test/x".to_owned(), 1000, clock.clone());
    assert!(secrets.fetch().await.is_ok());
    assert!(secrets.fetch().await.is_err(), "the pooled connection is dead");
    assert!(secrets.fetch_over_new_connection().await.is_ok());
    clock.0.set(20_001);
    assert!(secrets.fetch().await.is_ok());

    let sent = r#"{"Successful":[],"Failed":[]}"#;
    let clock = SetClock(std::rc::Rc::default());
    let sqs = Sqs::with_clock(&one_request_a_connection(sent), queues(), 1000, clock.clone());
    assert!(sqs.send(BRAZE, &entries()).await.is_ok());
    clock.0.set(20_001);
    assert!(sqs.send(BRAZE, &entries()).await.is_ok());
    sqs.drop_connections();
    assert!(sqs.send(BRAZE, &entries()).await.is_ok());

    let clock = SetClock(std::rc::Rc::default());
    let bucket = FallbackBucket::with_clock(&one_request_a_connection("x"), "b", clock.clone()).unwrap();
    assert!(bucket.get("k").await.is_ok());
    clock.0.set(20_001);
    assert!(bucket.get("k").await.is_ok());

    let clock = SetClock(std::rc::Rc::default());
    let objects = S3::with_clock(&one_request_a_connection("x"), clock.clone()).unwrap();
    assert!(objects.list(&LISTED).await.is_ok());
    clock.0.set(20_001);
    assert!(objects.list(&LISTED).await.is_ok());
}

#[tokio::test]
async fn requests_to_s3_are_signed_with_their_headers() {
    event::rules!["CF-144"];
    const ALWAYS: &str = "host;x-amz-content-sha256;x-amz-date";
    // The SHA-256 of nothing and of `{}`.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const BRACES: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let (config, requests) = server("200 OK", "<Key>p/1</Key><Key>p/2</Key>");
    let bucket = FallbackBucket::new(&config, "b").unwrap();
    let objects = S3::new(&config).unwrap();
    let is_asked = |line: &str, signed: &str, hash: &str| {
        let asked = requests.recv().unwrap();
        assert!(asked.starts_with(&format!("{line} HTTP/1.1\r\n")), "{asked}");
        for wanted in [
            "/eu-west-1/s3/aws4_request".to_owned(),
            format!("SignedHeaders={signed},"),
            format!("x-amz-content-sha256: {hash}"),
        ] {
            assert!(asked.contains(&wanted), "{wanted} is missing in\n{asked}");
        }
        asked
    };
    bucket.put("p/a b", b"{}").await.unwrap();
    let asked = is_asked("PUT /b/p/a%20b", ALWAYS, BRACES);
    assert!(asked.ends_with("\r\n\r\n{}"), "{asked}");
    assert!(bucket.get("p/1").await.unwrap().starts_with(b"<Key>"));
    is_asked("GET /b/p/1", ALWAYS, EMPTY);
    bucket.delete("p/1").await.unwrap();
    is_asked("DELETE /b/p/1", ALWAYS, EMPTY);
    for (after, more) in [("", ""), ("p/0", "&start-after=p%2F0")] {
        assert_eq!(bucket.list("p/", after, 2).await.unwrap(), ["p/1", "p/2"]);
        let list = format!("GET /b/?list-type=2&max-keys=2&prefix=p%2F{more}");
        is_asked(&list, ALWAYS, EMPTY);
    }
    // S3 gives fewer keys than asked for, and says that there are more.
    let (short, pages) = server("200 OK", "<IsTruncated>true</IsTruncated><Key>p/1</Key>");
    let short = FallbackBucket::new(&short, "b").unwrap();
    assert_eq!(short.list("p/", "", 2).await.unwrap().len(), 2);
    for page in [
        "max-keys=2&prefix=p%2F",
        "max-keys=1&prefix=p%2F&start-after=p%2F1",
    ] {
        let asked = pages.recv().unwrap();
        assert!(
            asked.starts_with(&format!("GET /b/?list-type=2&{page} ")),
            "{asked}"
        );
    }
    let listed = Listed {
        prefix: "p/",
        delimiter: "/",
        ..LISTED
    };
    for (listed, more, first) in [
        (
            Listed {
                after: "p/1",
                ..listed
            },
            "&start-after=p%2F1",
            "",
        ),
        (
            Listed {
                continuation: "t/1=",
                ..listed
            },
            "",
            "continuation-token=t%2F1%3D&",
        ),
    ] {
        objects.list(&listed).await.unwrap();
        let list = format!("GET /b/?{first}delimiter=%2F&encoding-type=url&list-type=2&prefix=p%2F{more}");
        is_asked(&list, ALWAYS, EMPTY);
    }
    objects.get("b", "p/1", 2..5, Some("\"e\"")).await;
    let with_range = "host;if-match;range;x-amz-content-sha256;x-amz-date";
    let asked = is_asked("GET /b/p/1", with_range, EMPTY);
    assert!(asked.contains("range: bytes=2-4\r\n"), "{asked}");
    assert!(asked.contains("if-match: \"e\"\r\n"), "{asked}");
}

#[tokio::test]
async fn a_refusal_of_s3_is_read_by_its_code_alone() {
    event::rules!["CF-045"];
    for (status, body, code) in [
        (
            "404 Not Found",
            "<Error><Code>NoSuchKey</Code><Message>mark7Q</Message></Error>",
            "NoSuchKey",
        ),
        (
            "400 Bad Request",
            "<Error><Code>KMS.DisabledException</Code></Error>",
            "KMS.DisabledException",
        ),
        ("503 Slow Down", "mark7Q", ""),
        ("403 Forbidden", "<Code>mark 7Q</Code>", ""),
    ] {
        let (config, requests) = server(status, body);
        let number: u16 = status.split_once(' ').unwrap().0.parse().unwrap();
        let bucket = FallbackBucket::new(&config, "b").unwrap();
        let wanted = if code.is_empty() {
            number.to_string()
        } else {
            code.to_owned()
        };
        assert_eq!(bucket.get("k").await.unwrap_err().code, wanted);
        let objects = S3::new(&config).unwrap();
        let listed = objects.list(&LISTED).await.unwrap_err();
        assert_eq!(listed.code, format!("{number} {code}"));
        let refused = Answer {
            status: number,
            code: code.to_owned(),
        };
        assert!(matches!(objects.get("b", "k", 0..1, None).await, Got::Refused(got) if got == refused));
        assert_eq!(requests.try_iter().count(), 3, "one request a call");
    }
}
