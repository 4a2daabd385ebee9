//! The adapters to SQS and Secrets Manager against a server that says what it was asked.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic: that is how it fails"
)]

use aws::{SecretsManager, Sqs};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use event::ports::{Entry, Queue, QueueName, Visibility, VisibilityChange};
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
                let length: usize = head
                    .split("content-length: ")
                    .nth(1)?
                    .lines()
                    .next()?
                    .parse()
                    .ok()?;
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
            let _ = stream.write_all(answer.as_bytes());
            if record.send(String::from_utf8_lossy(&text).into_owned()).is_err() {
                return;
            }
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
}
