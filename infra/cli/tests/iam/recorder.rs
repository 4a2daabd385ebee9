//! An AWS on loopback that answers what the commands ask for, and writes down which IAM action each request needs.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Below which folder the one file lies, and where.
const FOLDER: &str = "currents/event_type=users.messages.email.Open/";
const FILE: &str = "currents/event_type=users.messages.email.Open/date=2026-01-01-05/1/dataexport+0+0.avro";

/// A parked event, an event that is parked by its object, and what `--reason rejected` leaves where it is.
const PARKED: [(&str, &str, &str); 3] = [
    (
        "rejected",
        "\"braze\"",
        r#""event":{"type":"track","messageId":"m-1","userId":"u"}"#,
    ),
    ("rejected", "null", r#""object":"segment/parked/r-1""#),
    ("exhausted", "\"braze\"", r#""event":7"#),
];
const OBJECT: &str = r#"{"type":"track","messageId":"m-2","userId":"u"}"#;

/// The server. It ends with the test.
pub(crate) struct Recorder {
    url: String,
    recorded: Arc<Mutex<Recorded>>,
}

#[derive(Default)]
struct Recorded {
    actions: BTreeSet<String>,
    /// The queues that were emptied.
    received: BTreeSet<String>,
}

struct Request {
    target: String,
    operation: Option<String>,
    body: String,
}

impl Request {
    /// The text of a member of the body, which is JSON or a form.
    fn member(&self, name: &str) -> String {
        let json = serde_json::from_str(&self.body).ok();
        let json = json.and_then(|body: serde_json::Value| Some(body.get(name)?.as_str()?.to_owned()));
        let form = || {
            self.body
                .split('&')
                .find_map(|pair| pair.strip_prefix(&format!("{name}=")))
        };
        json.or_else(|| form().map(str::to_owned)).unwrap_or_default()
    }
}

impl Recorder {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let all = Arc::<Mutex<Recorded>>::default();
        let recorded = Arc::clone(&all);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let recorded = Arc::clone(&recorded);
                std::thread::spawn(move || answer_all(stream.unwrap(), &recorded));
            }
        });
        Self { url, recorded: all }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn actions(&self) -> BTreeSet<String> {
        self.recorded.lock().unwrap().actions.clone()
    }
}

fn answer_all(stream: TcpStream, recorded: &Mutex<Recorded>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let (action, body) = answer(&request, &mut recorded.lock().unwrap().received);
        recorded.lock().unwrap().actions.insert(action);
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
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        target,
        operation,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// The action that a request needs, and what AWS says.
fn answer(request: &Request, received: &mut BTreeSet<String>) -> (String, String) {
    let target = &request.target;
    let (action, body) = match request.operation.as_deref() {
        Some("GetQueueUrl") => (
            "sqs:GetQueueUrl",
            r#"{"QueueUrl":"https://sqs/1/acme-braze-files"}"#.into(),
        ),
        Some("GetQueueAttributes") => (
            "sqs:GetQueueAttributes",
            r#"{"Attributes":{"ApproximateNumberOfMessages":"0"}}"#.into(),
        ),
        Some("SendMessage") => (
            "sqs:SendMessage",
            r#"{"MessageId":"m","MD5OfMessageBody":"d41d8cd98f00b204e9800998ecf8427e"}"#.into(),
        ),
        Some("ReceiveMessage") => {
            let queue = request.member("QueueUrl");
            let messages = if received.insert(queue.clone()) {
                messages(&queue)
            } else {
                Vec::new()
            };
            (
                "sqs:ReceiveMessage",
                serde_json::json!({ "Messages": messages }).to_string(),
            )
        }
        Some("DeleteMessage") => ("sqs:DeleteMessage", "{}".into()),
        Some("ChangeMessageVisibilityBatch") => (
            "sqs:ChangeMessageVisibility",
            r#"{"Successful":[],"Failed":[]}"#.into(),
        ),
        None if target.contains("list-type=2") => ("s3:ListBucket", listing(target)),
        None if target.starts_with("/FallbackBucket/") => ("s3:GetObject", OBJECT.into()),
        None if target.ends_with("/account-settings") => (
            "lambda:GetAccountSettings",
            r#"{"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":1000}}"#.into(),
        ),
        None if request.member("Action") == "DescribeStacks" => (
            "cloudformation:DescribeStacks",
            "<r><StackStatus>CREATE_COMPLETE</StackStatus></r>".into(),
        ),
        None if request.member("Action") == "DescribeStackResource" => {
            let id = request.member("LogicalResourceId");
            let id = format!("<r><PhysicalResourceId>{id}</PhysicalResourceId></r>");
            ("cloudformation:DescribeStackResource", id)
        }
        other => return (format!("{other:?} {target} {}", request.body), String::new()),
    };
    (action.to_owned(), body)
}

/// What waits in a queue: parked messages, or one dead letter of a destination.
fn messages(queue: &str) -> Vec<serde_json::Value> {
    const AT: &str = "2026-03-01T12:00:00.000Z";
    let head = format!(
        r#""request_id":"r-1","first_received_at":"{AT}","attempt":0,"auth":"token","key":"current""#
    );
    let parked = |(reason, destination, content): (&str, &str, &str)| {
        format!(
            r#"{{"v":1,"reason":"{reason}","by":"x","at":"{AT}","source":"segment","destination":{destination},{head},{content}}}"#
        )
    };
    let bodies = match queue {
        "ParkedQueue" => PARKED.map(parked).to_vec(),
        "BrazeDeadQueue" => {
            vec![
                format!(r#"{{"v":1,"source":"segment","destination":"braze",{head},"events":[7]}}"#),
                "{".to_owned(),
            ]
        }
        _ => Vec::new(),
    };
    let message = |(n, body): (usize, &String)| serde_json::json!({ "MessageId": format!("m-{n}"), "ReceiptHandle": "h", "Body": body });
    bodies.iter().enumerate().map(message).collect()
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
