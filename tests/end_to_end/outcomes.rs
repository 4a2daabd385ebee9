//! What the queues hold, and the outcome of each event in the log.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::system::{System, text_at};

/// The destinations' queues, each with its dead-letter queue.
const QUEUES: [&str; 3] = ["braze", "branch", "segment"];
/// Two retries of Braze and the work between them take at most half of this.
const TIMEOUT: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl System {
    /// Waits until no message is left for any destination, whether visible, in flight or delayed. All that was posted
    /// before has its outcome then: a receiver answers only when the queues have it.
    pub async fn at_rest(&self, step: &str) {
        self.until(step, async || self.messages(|name| name.to_owned()).await == 0)
            .await;
    }

    /// Waits until a function has written a line for which `fits` holds.
    pub async fn until_logged(&self, step: &str, function: &str, fits: impl Fn(&str) -> bool) {
        self.until(step, async || {
            let lines = self.stack.log_lines(function).await.unwrap();
            lines.iter().any(|line| fits(line))
        })
        .await;
    }

    /// Waits until something holds.
    pub async fn until(&self, step: &str, condition: impl AsyncFn() -> bool) {
        let mut tick = tokio::time::interval(LOOK_AGAIN);
        let reached = async {
            while !condition().await {
                tick.tick().await;
            }
        };
        if tokio::time::timeout(TIMEOUT, reached).await.is_err() {
            panic!(
                "{step}: not after {} s. Log: {}\n{}",
                TIMEOUT.as_secs(),
                self.stack.folder().join("ministack.log").display(),
                self.outcomes().await.join("\n")
            );
        }
    }

    /// How many messages the queues of these names hold together: visible, in flight and delayed.
    async fn messages(&self, name: impl Fn(&str) -> String) -> u64 {
        let mut count = 0;
        for queue in QUEUES {
            let depth = self.stack.queue(&name(queue)).depth().await.unwrap();
            count += depth.visible + depth.in_flight + depth.delayed;
        }
        count
    }

    /// Asserts how it all ended: nothing waits, nothing is dead, and the parked queue holds exactly these, each written
    /// as [`parked_line`] does, in any order.
    pub async fn assert_ended(&self, parked: &[String]) {
        self.at_rest("the end").await;
        assert_eq!(
            self.messages(|name| format!("{name}-dead")).await,
            0,
            "dead letters"
        );
        let mut wanted = parked.to_vec();
        wanted.sort();
        assert_eq!(self.parked().await, wanted);
    }

    /// What the parked queue holds, sorted. It may hold ten at most: SQS shows no more at once.
    pub async fn parked(&self) -> Vec<String> {
        let queue = self.stack.queue("parked");
        let messages = queue.receive().await.unwrap();
        let held = queue.depth().await.unwrap();
        let mut lines: Vec<_> = messages
            .iter()
            .map(|message| parked_line(&message.body))
            .collect();
        lines.sort();
        assert_eq!(held.visible, lines.len() as u64, "{lines:#?}");
        assert_eq!((held.in_flight, held.delayed), (0, 0), "{lines:#?}");
        lines
    }

    /// The latest outcome of each event, sorted: `deliver-braze m-1 parked rejected`.
    pub async fn outcomes(&self) -> Vec<String> {
        let mut outcomes = BTreeMap::new();
        for name in QUEUES {
            let function = format!("deliver-{name}");
            for line in self.stack.log_lines(&function).await.unwrap() {
                let word = |name: &str| text_at(&line, &format!("/{name}")).unwrap_or_default();
                if word("kind") == "event" {
                    let why = [word("reason"), word("class")].concat();
                    let outcome = format!("{} {why}", word("outcome"));
                    outcomes.insert(
                        format!("{function} {}", word("event_id")),
                        outcome.trim_end().to_owned(),
                    );
                }
            }
        }
        outcomes
            .into_iter()
            .map(|(event, outcome)| format!("{event} {outcome}"))
            .collect()
    }

    /// Asserts the latest outcome of an event.
    pub async fn assert_outcome(&self, wanted: &str) {
        let outcomes = self.outcomes().await;
        assert!(
            outcomes.iter().any(|outcome| outcome == wanted),
            "no {wanted:?} among\n{}",
            outcomes.join("\n")
        );
    }
}

/// A parked message in a line: reason, what the destination said, who parked it, and what it is.
fn parked_line(body: &str) -> String {
    let word = |name: &str| text_at(body, &format!("/{name}"));
    let detail = word("detail").map(|detail| format!(" ({detail})"));
    let content = word("event").or_else(|| word("body_base64"));
    format!(
        "{}{} at {}: {}",
        word("reason").unwrap(),
        detail.unwrap_or_default(),
        word("by").unwrap(),
        content.unwrap()
    )
}

/// `x-00`, `x-01` and so on: ids that sort as they count.
pub fn counted(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}-{number:02}")).collect()
}
