//! The queues of a running stack.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::account::api::{Api, Empty};

/// MiniStack's only account.
const ACCOUNT: &str = "000000000000";

/// One queue of the stack.
#[derive(Debug)]
pub struct Queue<'a> {
    api: &'a Api,
    url: String,
}

/// What one receive gives.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    /// SQS gives it.
    pub message_id: String,
    /// An envelope, or an event that is parked.
    pub body: String,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: u64,
    /// Received and not deleted, or waiting for their visibility.
    pub in_flight: u64,
    /// Sent with a delay that is not over.
    pub delayed: u64,
}

impl Depth {
    /// Whether nothing is left, in any state.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl<'a> Queue<'a> {
    pub(crate) fn named(api: &'a Api, name: &str) -> Self {
        Self {
            api,
            url: format!("{}/{ACCOUNT}/{name}", api.base()),
        }
    }

    /// Sends a message with any body.
    ///
    /// # Errors
    /// What SQS says.
    pub async fn send(&self, body: &str) -> Result<(), Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct SendMessage<'a> {
            queue_url: &'a str,
            message_body: &'a str,
        }
        let input = SendMessage {
            queue_url: &self.url,
            message_body: body,
        };
        let _: Empty = self.api.json("sqs", "AmazonSQS.SendMessage", &input).await?;
        Ok(())
    }

    /// Up to ten messages. They stay in the queue, and are visible again at once.
    ///
    /// # Errors
    /// What SQS says.
    pub async fn receive(&self) -> Result<Vec<Message>, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct ReceiveMessage<'a> {
            queue_url: &'a str,
            max_number_of_messages: u8,
            visibility_timeout: u8,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Received {
            #[serde(default)]
            messages: Vec<Message>,
        }
        let input = ReceiveMessage {
            queue_url: &self.url,
            max_number_of_messages: 10,
            visibility_timeout: 0,
        };
        let received: Received = self.api.json("sqs", "AmazonSQS.ReceiveMessage", &input).await?;
        Ok(received.messages)
    }

    /// Ends the waiting of all its messages, as the time that they wait for would; those that a function is working on
    /// come back too.
    ///
    /// # Errors
    /// [`Error::NoAnswer`] if nothing comes back.
    pub async fn wake(&self) -> Result<(), Error> {
        let name = self.url.rsplit('/').next().unwrap_or_default();
        act(self.api, "wake", name).await
    }

    /// How many messages it holds.
    ///
    /// # Errors
    /// What SQS says.
    pub async fn depth(&self) -> Result<Depth, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct GetQueueAttributes<'a> {
            queue_url: &'a str,
            attribute_names: [&'a str; 1],
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Attributes {
            attributes: BTreeMap<String, String>,
        }
        let input = GetQueueAttributes {
            queue_url: &self.url,
            attribute_names: ["All"],
        };
        let found: Attributes = self
            .api
            .json("sqs", "AmazonSQS.GetQueueAttributes", &input)
            .await?;
        let count = |name: &str| {
            found
                .attributes
                .get(name)
                .and_then(|text| text.parse().ok())
                .unwrap_or(0)
        };
        Ok(Depth {
            visible: count("ApproximateNumberOfMessages"),
            in_flight: count("ApproximateNumberOfMessagesNotVisible"),
            delayed: count("ApproximateNumberOfMessagesDelayed"),
        })
    }
}

/// Lets the emulator do something that AWS does by itself.
pub(super) async fn act(api: &Api, what: &str, name: &str) -> Result<(), Error> {
    let url = format!("{}/_switchyard/{what}/{name}", api.base());
    let answer = api.client().post(&url).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status);
    answer.map(drop).map_err(|source| Error::NoAnswer {
        operation: format!("POST {url}"),
        source,
    })
}
