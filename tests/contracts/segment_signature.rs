//! Segment's signature as Segment makes it: the vectors of `reliability.md`, section 4.3, read from the page, and every
//! change of one bit.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::envelope::Envelope;
use event::ports::{CallFailed, Entry, Queue, QueueName, Sent, Store};
use event::settings::Settings;
use event::{Clock, Random, Source, Timestamp};
use receipt::{Receiver, Request};
use std::cell::RefCell;
use surroundings::AllInOne;
use telemetry::{Line, Metrics, Secret, Sink};

const PAGE: &str = include_str!("../../shared/delivery/spec/reliability.md");
const SECRETS: [&str; 2] = ["quay-lantern-01", "quay-lantern-02"];
const TOKEN: &str = "tail-7Q";

/// SQS and Secrets Manager, both well, and a clock that stands.
struct QuietAws {
    queued: RefCell<Vec<String>>,
    secret: String,
}

impl QuietAws {
    fn new(shared_secrets: &[&str]) -> Self {
        let list: Vec<String> = shared_secrets
            .iter()
            .map(|secret| format!("\"{secret}\""))
            .collect();
        Self {
            queued: RefCell::default(),
            secret: format!(
                r#"{{"shared_secrets":[{}],"tokens":["{TOKEN}"]}}"#,
                list.join(",")
            ),
        }
    }

    /// Posts bodies with their signatures; says of each whether it was taken.
    fn post(&self, requests: impl IntoIterator<Item = (Vec<u8>, String)>) -> Vec<bool> {
        let settings = Settings::default();
        let receiver = Receiver::new(Source::Segment, "receive-segment", settings, self, self);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let taken = |(body, signature): (Vec<u8>, String)| {
            let request = Request {
                method: "POST".into(),
                path: "/".into(),
                raw_query: format!("token={TOKEN}"),
                headers: vec![("x-signature".into(), signature)],
                source_ip: None,
                request_id: "r-1".into(),
                body: STANDARD.encode(&body),
                is_base64: true,
            };
            let queued = self.queued.borrow().len();
            let answer = runtime.block_on(receiver.handle(request));
            match answer.status {
                200 => true,
                401 => {
                    assert_eq!(self.queued.borrow().len(), queued, "nothing refused is queued");
                    false
                }
                other => panic!("{other} {}", answer.body),
            }
        };
        requests.into_iter().map(taken).collect()
    }

    fn takes(&self, body: &str, signature: &str) -> bool {
        self.post([(body.as_bytes().to_vec(), signature.to_owned())])[0]
    }
}

impl Clock for &QuietAws {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    async fn sleep(&self, _: u64) {
        std::future::pending().await
    }
}

impl Random for &QuietAws {
    fn unit(&self) -> f64 {
        0.5
    }
}

impl Queue for QuietAws {
    async fn send(&self, _: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        self.queued
            .borrow_mut()
            .extend(entries.iter().map(|entry| entry.body.clone()));
        Ok(Sent {
            successful: entries.iter().map(|entry| entry.id.clone()).collect(),
            failed: Vec::new(),
        })
    }
}

impl secrets::Secrets for QuietAws {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        Ok(Secret::new(self.secret.clone()))
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.fetch().await
    }
}

impl Store for &QuietAws {
    async fn put(&self, _: &str, _: &[u8]) -> Result<(), CallFailed> {
        Err(CallFailed::timeout("PutObject"))
    }

    async fn get(&self, _: &str) -> Result<Vec<u8>, CallFailed> {
        Err(CallFailed::timeout("GetObject"))
    }

    async fn delete(&self, _: &str) -> Result<(), CallFailed> {
        Err(CallFailed::timeout("DeleteObject"))
    }

    async fn list(&self, _: &str, _: &str, _: usize) -> Result<Vec<String>, CallFailed> {
        Ok(Vec::new())
    }
}

impl Sink for QuietAws {
    fn line(&self, _: Line) {}

    fn summary(&self, _: Line, _: Metrics) {}
}

impl AllInOne for &QuietAws {
    type Secrets = Self;
}

/// One vector of the page.
struct Vector {
    body: Vec<u8>,
    /// Where the signed part lies in the body.
    signed: std::ops::Range<usize>,
    /// By the first secret and, where the page says so, the second.
    signatures: Vec<String>,
}

/// The texts between backticks in the row of a vector.
fn quoted(name: &str) -> Vec<&'static str> {
    let start = format!("| {name} | ");
    let row = PAGE.lines().find_map(|line| line.strip_prefix(start.as_str()));
    row.unwrap().split('`').skip(1).step_by(2).collect()
}

/// The signatures of a row.
fn signatures(name: &str) -> Vec<String> {
    let is_signature = |text: &&&str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    quoted(name)
        .iter()
        .filter(is_signature)
        .map(|text| (*text).to_owned())
        .collect()
}

fn vectors() -> [Vector; 4] {
    let v1 = quoted("V1")[0].as_bytes().to_vec();
    let v2 = STANDARD.decode(quoted("V2")[0]).unwrap();
    assert_eq!(v2.len(), 163, "as the page says");
    let v3 = [b"[", v1.as_slice(), quoted("V3")[1].as_bytes()].concat();
    let v4 = quoted("V4")[0].as_bytes().to_vec();
    let (one, two, all, in_four) = (v1.len(), v2.len(), 1..=v1.len(), 1..v4.len() - 1);
    [
        Vector {
            body: v1,
            signed: 0..one,
            signatures: signatures("V1"),
        },
        Vector {
            body: v2,
            signed: 0..two,
            signatures: signatures("V2"),
        },
        Vector {
            body: v3,
            signed: *all.start()..one + 1,
            signatures: signatures("V1"),
        },
        Vector {
            body: v4,
            signed: in_four,
            signatures: signatures("V4"),
        },
    ]
}

#[test]
fn the_vectors_verify_with_each_secret_that_signed_them() {
    event::rules!["RC-026", "RC-027", "RC-029"];
    for (at, vector) in vectors().into_iter().enumerate() {
        assert!(!vector.signatures.is_empty());
        for (which, signature) in vector.signatures.iter().enumerate() {
            let request = || [(vector.body.clone(), signature.clone())];
            let both = QuietAws::new(&SECRETS);
            assert_eq!(both.post(request()), [true], "V{}", at + 1);
            let body = both.queued.borrow()[0].clone();
            let envelope = Envelope::open(&body).unwrap();
            assert_eq!(
                envelope.events[0].get().as_bytes(),
                &vector.body[vector.signed.clone()]
            );
            let age = if which == 0 { "\"current\"" } else { "\"older\"" };
            assert!(body.contains(age));
            assert_eq!(QuietAws::new(&[SECRETS[which]]).post(request()), [true]);
            assert_eq!(QuietAws::new(&[SECRETS[1 - which]]).post(request()), [false]);
        }
    }
    let v4 = String::from_utf8(vectors()[3].body.clone()).unwrap();
    let v5 = format!("[ {} ]", &v4[1..v4.len() - 1]);
    let aws = QuietAws::new(&SECRETS);
    assert!(aws.takes(&v5, &signatures("V4")[0]), "V5");
    assert!(aws.takes("[]", &signatures("V7")[0]), "V7");
}

#[test]
fn a_signature_over_the_whole_batch_does_not_verify() {
    event::rules!["RC-026"];
    let body = String::from_utf8(vectors()[2].body.clone()).unwrap();
    assert!(!QuietAws::new(&SECRETS).takes(&body, &signatures("V6")[0]), "V6");
}

#[test]
fn every_change_of_one_bit_in_a_signed_part_is_refused() {
    event::rules!["RC-027"];
    for vector in vectors() {
        let aws = QuietAws::new(&SECRETS);
        let changed = vector
            .signed
            .clone()
            .flat_map(|byte| (0..8).map(move |bit| (byte, bit)));
        for signature in &vector.signatures {
            let requests = changed.clone().map(|(byte, bit)| {
                let mut body = vector.body.clone();
                body[byte] ^= 1 << bit;
                (body, signature.clone())
            });
            let taken = aws.post(requests);
            assert_eq!(taken.len(), vector.signed.len() * 8);
            assert!(taken.iter().all(|taken| !taken), "{taken:?}");
        }
    }
}

#[test]
fn every_change_of_one_bit_in_a_signature_is_refused() {
    event::rules!["RC-028"];
    for vector in vectors() {
        for signature in &vector.signatures {
            let requests = (0..160).map(|bit| {
                let (place, within) = (bit / 4, bit % 4);
                let digit = u8::from_str_radix(&signature[place..=place], 16).unwrap() ^ (1 << within);
                let mut changed = signature.clone();
                changed.replace_range(place..=place, &format!("{digit:x}"));
                (vector.body.clone(), changed)
            });
            let taken = QuietAws::new(&SECRETS).post(requests);
            assert!(taken.len() == 160 && taken.iter().all(|taken| !taken));
        }
    }
}

#[test]
fn odd_forms_of_a_signature() {
    event::rules!["RC-028"];
    let body = String::from_utf8(vectors()[0].body.clone()).unwrap();
    let good = signatures("V1")[0].clone();
    let aws = QuietAws::new(&SECRETS);
    for form in [
        good.to_uppercase(),
        format!("sha1={good}"),
        format!("  {good} "),
        format!("{good},{good}"),
        format!("{good}, {good}"),
    ] {
        assert!(aws.takes(&body, &form), "{form}");
    }
    let (half, rest) = good.split_at(20);
    for form in [
        String::new(),
        " ".into(),
        "sha1=".into(),
        half.into(),
        format!("{good}00"),
        format!("0{good}"),
        format!("0x{good}"),
        format!("{half} {rest}"),
        format!("sha256={good}"),
        format!("sha1=sha1={good}"),
        format!("sha1:{good}"),
        format!("{good},{}", good.replace('0', "1")),
        good.replace('0', "o"),
        good.replace('0', "０"),
        "é".repeat(20),
        "-".repeat(40),
    ] {
        assert!(!aws.takes(&body, &form), "{form}");
    }
}

/// Made with another implementation: the vectors come from Python.
#[test]
fn objects_arrays_and_unicode_are_signed_byte_for_byte() {
    event::rules!["RC-026", "RC-027"];
    for (first, rest, signature) in [
        (
            r#"{"event":"Café 🔥","userId":"ü"}"#,
            r#""#,
            "48b8209a9d5bdae081f634f80865c745c8e2e47c",
        ),
        (
            r#"{"a":[1,{"b":"]"}],"c":"\u0041\\\""}"#,
            r#",{"x":1}"#,
            "18b49a50191ecf07dd509fe3786bf1e401010138",
        ),
        (
            "{\"s\":\"a\u{2028}b\u{feff}c\"}",
            r#",7,null"#,
            "f65851d504dcc1e60f66a73a77b7b28740cc2aab",
        ),
        (
            r#"{"n":1e+21,"m":9007199254740993,"l":"\ud83d"}"#,
            r#""#,
            "024c58e785a983ffaa2507c928f25394e1e29bbc",
        ),
        (
            r#""just text""#,
            r#""#,
            "7c47a7de177af7f9ce1157edfe9c6b6d85e8d549",
        ),
        (r#"[[1],2]"#, r#""#, "70dcf64e1b0e4f1214b98d8b2d6267c041d52ce6"),
        (r#"1e+21"#, r#",2"#, "c2eed0f15d8281fbbae687ac50e3a709a59fd3d0"),
    ] {
        let body = format!("[{first}{rest}]");
        let aws = QuietAws::new(&SECRETS);
        assert!(aws.takes(&body, signature), "{body}");
        assert!(
            aws.takes(&format!("\u{feff}[\n\t{first} {rest}\r\n]"), signature),
            "{body}"
        );
        if first.starts_with('{') {
            assert!(aws.takes(first, signature), "{first}");
            // The same value in other bytes is another text.
            let other = first.replacen('{', "{ ", 1);
            assert!(!aws.takes(&format!("[{other}{rest}]"), signature), "{other}");
        }
    }
}
