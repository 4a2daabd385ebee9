//! A queue of a deployed stack, and a walk through all its messages.

use std::collections::{BTreeMap, HashSet};

use event::{Source, Timestamp};
use serde::{Deserialize, Serialize};

use super::Error;
use super::api::{Api, Empty};

/// How long a message that was received is hidden from others, in seconds. Those that stay are released at the end of a
/// walk; if the command is killed, after this time.
const HIDDEN_S: u32 = 900;
/// How long a receive waits, in seconds. With a wait SQS asks all its servers, so that nothing means empty.
const WAIT_S: u32 = 1;
/// The most messages of one call. AWS: Amazon SQS quotas.
const BATCH: usize = 10;
/// After so many receives in a row without a new message a walk ends: what stays comes back while a long one runs.
const RECEIVES_WITHOUT_NEW: u32 = 20;

#[derive(Debug)]
pub(crate) struct Queue<'a> {
    api: &'a Api,
    url: String,
}

/// One received message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Received {
    pub(crate) message_id: String,
    receipt_handle: String,
    pub(crate) body: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Received {
    /// When it was sent to this queue or, of a dead letter, to the queue before.
    pub(crate) fn sent_at(&self) -> Option<Timestamp> {
        let millis = self.attributes.get("SentTimestamp")?.parse().ok()?;
        Some(Timestamp::from_millis(millis))
    }

    /// A message of this body.
    #[cfg(test)]
    pub(crate) fn test(body: &str) -> Self {
        Self {
            message_id: "m".to_owned(),
            receipt_handle: "h".to_owned(),
            body: body.to_owned(),
            attributes: BTreeMap::new(),
        }
    }
}

impl<'a> Queue<'a> {
    pub(crate) fn at(api: &'a Api, url: String) -> Self {
        Self { api, url }
    }

    /// Sends one message, of a group where its queue has groups; SQS has it when this returns.
    pub(crate) async fn send(&self, body: &str, group: Option<Source>) -> Result<(), Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct SendMessage<'a> {
            queue_url: &'a str,
            message_body: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            message_group_id: Option<&'a str>,
        }
        let input = SendMessage {
            queue_url: &self.url,
            message_body: body,
            message_group_id: group.map(Source::as_str),
        };
        let _: Empty = self.call("SendMessage", &input).await?;
        Ok(())
    }

    /// Deletes a received message.
    pub(crate) async fn delete(&self, message: &Received) -> Result<(), Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct DeleteMessage<'a> {
            queue_url: &'a str,
            receipt_handle: &'a str,
        }
        let input = DeleteMessage {
            queue_url: &self.url,
            receipt_handle: &message.receipt_handle,
        };
        let _: Empty = self.call("DeleteMessage", &input).await?;
        Ok(())
    }

    async fn receive(&self) -> Result<Vec<Received>, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct ReceiveMessage<'a> {
            queue_url: &'a str,
            max_number_of_messages: usize,
            visibility_timeout: u32,
            wait_time_seconds: u32,
            attribute_names: [&'a str; 1],
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            messages: Vec<Received>,
        }
        let input = ReceiveMessage {
            queue_url: &self.url,
            max_number_of_messages: BATCH,
            visibility_timeout: HIDDEN_S,
            wait_time_seconds: WAIT_S,
            attribute_names: ["SentTimestamp"],
        };
        let answer: Answer = self.call("ReceiveMessage", &input).await?;
        Ok(answer.messages)
    }

    /// Makes messages visible again. One that cannot be comes back by itself, after [`HIDDEN_S`].
    async fn release(&self, receipt_handles: &[String]) -> Result<(), Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct ChangeMessageVisibilityBatch<'a> {
            queue_url: &'a str,
            entries: Vec<Entry<'a>>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Entry<'a> {
            id: String,
            receipt_handle: &'a str,
            visibility_timeout: u32,
        }
        for group in receipt_handles.chunks(BATCH) {
            let entries = group.iter().enumerate().map(|(number, receipt_handle)| Entry {
                id: number.to_string(),
                receipt_handle,
                visibility_timeout: 0,
            });
            let input = ChangeMessageVisibilityBatch {
                queue_url: &self.url,
                entries: entries.collect(),
            };
            let _: Empty = self.call("ChangeMessageVisibilityBatch", &input).await?;
        }
        Ok(())
    }

    /// About how many messages can be received now.
    pub(crate) async fn visible(&self) -> Result<u64, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct GetQueueAttributes<'a> {
            queue_url: &'a str,
            attribute_names: [&'a str; 1],
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Attributes {
            #[serde(default)]
            attributes: BTreeMap<String, String>,
        }
        const VISIBLE: &str = "ApproximateNumberOfMessages";
        let input = GetQueueAttributes {
            queue_url: &self.url,
            attribute_names: [VISIBLE],
        };
        let found: Attributes = self.call("GetQueueAttributes", &input).await?;
        let count = found.attributes.get(VISIBLE).and_then(|text| text.parse().ok());
        Ok(count.unwrap_or(0))
    }

    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        action: &str,
        input: &impl Serialize,
    ) -> Result<T, Error> {
        self.api.json("sqs", &format!("AmazonSQS.{action}"), input).await
    }

    /// A walk through all its messages, each of which is shown once.
    pub(crate) fn walk(&self) -> Walk<'_, 'a> {
        Walk {
            queue: self,
            seen: HashSet::new(),
            kept: Vec::new(),
            receives_without_new: 0,
        }
    }
}

/// See [`Queue::walk`].
pub(crate) struct Walk<'q, 'a> {
    queue: &'q Queue<'a>,
    seen: HashSet<String>,
    kept: Vec<String>,
    receives_without_new: u32,
}

impl Walk<'_, '_> {
    /// The next messages; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Vec<Received>, Error> {
        while self.receives_without_new < RECEIVES_WITHOUT_NEW {
            let received = self.queue.receive().await?;
            if received.is_empty() {
                break;
            }
            let (mut new, mut known) = (Vec::new(), Vec::new());
            for message in received {
                if self.seen.insert(message.message_id.clone()) {
                    new.push(message);
                } else {
                    known.push(message);
                }
            }
            known.into_iter().for_each(|message| self.keep(message));
            if !new.is_empty() {
                self.receives_without_new = 0;
                return Ok(new);
            }
            self.receives_without_new += 1;
        }
        Ok(Vec::new())
    }

    /// Leaves a message in the queue.
    pub(crate) fn keep(&mut self, message: Received) {
        self.kept.push(message.receipt_handle);
    }

    /// Makes all that was kept visible again.
    pub(crate) async fn end(self) -> Result<(), Error> {
        self.queue.release(&self.kept).await
    }
}
