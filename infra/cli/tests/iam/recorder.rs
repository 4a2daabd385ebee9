//! An AWS on loopback that answers what `backfill` asks for, and writes down which IAM action each request needs.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Below which folder the one file lies, and where.
const FOLDER: &str = "currents/event_type=users.messages.email.Open/";
const FILE: &str = "currents/event_type=users.messages.email.Open/date=2026-01-01-05/1/dataexport+0+0.avro";

/// The server. It ends with the test.
pub(crate) struct Recorder {
    url: String,
    actions: Arc<Mutex<BTreeSet<String>>>,
}

struct Request {
    target: String,
    operation: Option<String>,
}

impl Recorder {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let actions = Arc::<Mutex<BTreeSet<String>>>::default();
        let recorded = Arc::clone(&actions);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let recorded = Arc::clone(&recorded);
                std::thread::spawn(move || answer_all(stream.unwrap(), &recorded));
            }
        });
        Self { url, actions }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn actions(&self) -> BTreeSet<String> {
        self.actions.lock().unwrap().clone()
    }
}

fn answer_all(stream: TcpStream, recorded: &Mutex<BTreeSet<String>>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let (action, body) = answer(&request);
        recorded.lock().unwrap().insert(action);
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
        );
        if reader.get_mut().write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request of a connection; none when it ends.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let (mut operation, mut length) = (None, 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => operation = value.strip_prefix("AmazonSQS.").map(str::to_owned),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some(Request { target, operation })
}

/// The action that a request needs, and what AWS says.
fn answer(request: &Request) -> (String, String) {
    let Request { target, operation } = request;
    match operation.as_deref() {
        Some("GetQueueUrl") => (
            "sqs:GetQueueUrl".into(),
            r#"{"QueueUrl":"https://sqs/1/acme-braze-files"}"#.into(),
        ),
        Some("GetQueueAttributes") => (
            "sqs:GetQueueAttributes".into(),
            r#"{"Attributes":{"ApproximateNumberOfMessages":"0"}}"#.into(),
        ),
        Some("SendMessage") => (
            "sqs:SendMessage".into(),
            r#"{"MessageId":"m","MD5OfMessageBody":"d41d8cd98f00b204e9800998ecf8427e"}"#.into(),
        ),
        None if target.contains("list-type=2") => ("s3:ListBucket".into(), listing(target)),
        other => (format!("{other:?} {target}"), String::new()),
    }
}

/// The folder of one type where folders are asked for, else the one file.
fn listing(target: &str) -> String {
    let found = if target.contains("delimiter=%2F") {
        format!("<CommonPrefixes><Prefix>{FOLDER}</Prefix></CommonPrefixes>")
    } else {
        format!(
            "<Contents><Key>{FILE}</Key><LastModified>2026-01-01T06:00:00.000Z</LastModified><Size>7</Size></Contents>"
        )
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"#
    )
}
