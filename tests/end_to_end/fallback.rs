//! SQS is away while Branch sends: the fallback bucket keeps what it sends, over the real client of S3, and nothing is lost.

use event::Source;
use futures_util::stream::{self, StreamExt as _};
use sandbox::Vendor;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::system::{BRANCH_TOKEN, System, text_at};

const EVENTS: usize = 100;
/// How long SQS is away while they come, evenly spread.
const OUTAGE: Duration = Duration::from_secs(60);
/// Requests that may be in flight at once.
const SENDERS: usize = 10;

/// A port in front of another one. Once it is closed, connections to it are refused, and those that were open end.
struct Port {
    address: String,
    forwarding: JoinSet<()>,
}

impl Port {
    async fn open(address: &str, to: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let (address, to) = (listener.local_addr().unwrap().to_string(), to.to_owned());
        let mut forwarding = JoinSet::new();
        forwarding.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                connections.spawn(async move {
                    let mut far = TcpStream::connect(to).await.unwrap();
                    // Either side may end it.
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { address, forwarding }
    }

    /// Gives its address, to be opened again.
    async fn close(mut self) -> String {
        self.forwarding.shutdown().await;
        self.address
    }
}

#[tokio::test]
async fn what_branch_sends_while_sqs_is_away_arrives_after() {
    event::rules!["RC-150", "RC-152", "RC-154"];
    let system = System::start("").await;
    let sqs = Port::open("127.0.0.1:0", system.stack.address()).await;
    let url = format!("http://{}", sqs.address);
    let stack = &system.stack;
    stack
        .set_variable("receive-branch", "AWS_ENDPOINT_URL_SQS", &url)
        .await
        .unwrap();
    let event = |n: usize| {
        format!(
            r#"{{"name":"INSTALL","id":"{n}","attributed":true,"timestamp":1770112800000,"user_data":{{"developer_identity":"u-{n:03}"}}}}"#
        )
    };
    let send = async |n: usize| {
        let path = format!("?token={BRANCH_TOKEN}");
        system.post(Source::Branch, &path, &[], &event(n)).await.status
    };
    assert_eq!(send(0).await, 200, "the port is open");

    let address = sqs.close().await;
    let pace = tokio::time::interval(OUTAGE / EVENTS as u32);
    let paced = stream::unfold((1..=EVENTS, pace), async |(mut numbers, mut pace)| {
        pace.tick().await;
        let number = numbers.next()?;
        Some((number, (numbers, pace)))
    });
    let statuses: Vec<u16> = paced.map(send).buffer_unordered(SENDERS).collect().await;
    assert_eq!(statuses, [202; EVENTS], "all are kept");
    system.at_rest("the first").await;
    assert_eq!(system.sandbox.accepted(Vendor::Segment).len(), 1);
    stack.invoke("receive-branch", REINGEST).await.unwrap();
    assert_eq!(pending(&system).await, EVENTS as f64, "SQS is still away");

    let sqs = Port::open(&address, stack.address()).await;
    // The schedule does so every minute. One run takes what it has time for.
    system
        .until("the bucket is empty", async || {
            stack.invoke("receive-branch", REINGEST).await.unwrap();
            pending(&system).await == 0.0
        })
        .await;
    system.at_rest("all of them").await;
    let accepted = system.sandbox.accepted(Vendor::Segment);
    let mut users: Vec<_> = accepted
        .iter()
        .map(|item| text_at(&item.json, "/userId").unwrap())
        .collect();
    users.sort();
    let all: Vec<_> = (0..=EVENTS).map(|n| format!("u-{n:03}")).collect();
    assert_eq!(users, all, "each once");
    system.assert_ended(&[]).await;
    sqs.close().await;
}

const REINGEST: &str = r#"{"switchyard":"reingest"}"#;

/// How many objects the last run over the bucket has left.
async fn pending(system: &System) -> f64 {
    let lines = system.stack.log_lines("receive-branch").await.unwrap();
    let mut left = lines.iter().filter_map(|line| text_at(line, "/fallback_pending"));
    left.next_back().unwrap().parse().unwrap()
}
