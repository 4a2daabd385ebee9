//! SQS: one call a method, no retries, no decisions.

use crate::SystemClock;
use crate::pooled::Pooled;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, QueueAttributeName, SendMessageBatchRequestEntry,
};
use event::Clock;
use event::ports::{CallFailed, Entry, Failed, Queue, QueueName, Sent, Visibility, VisibilityChange};
use std::collections::BTreeMap;
use std::time::Duration;

/// The queues of the stack.
pub struct Sqs<C = SystemClock> {
    client: Pooled<Client, C>,
    urls: BTreeMap<QueueName, String>,
}

impl Sqs {
    /// Over the queues of these URLs. A call ends after `attempt_ms` and is not repeated: the caller decides what is tried
    /// again, while its time lasts.
    pub fn new(config: &aws_config::SdkConfig, urls: BTreeMap<QueueName, String>, attempt_ms: u64) -> Self {
        Self::with_clock(config, urls, attempt_ms, SystemClock)
    }
}

impl<C: Clock> Sqs<C> {
    /// The same by another clock.
    pub fn with_clock(
        config: &aws_config::SdkConfig,
        urls: BTreeMap<QueueName, String>,
        attempt_ms: u64,
        clock: C,
    ) -> Self {
        let config = aws_sdk_sqs::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeout(attempt_ms))
            .build();
        Self {
            client: Pooled::new(clock, move || Client::from_conf(config.clone())),
            urls,
        }
    }

    /// Opens the connection to SQS, so that the first send need not. Takes `within_ms` at most, since a handshake lasts longer
    /// than the calls after it.
    pub async fn warm(&self, within_ms: u64) {
        let url = self.urls.get(&QueueName::Parked);
        let name = QueueAttributeName::QueueArn;
        let longer = aws_sdk_sqs::config::Builder::new().timeout_config(timeout(within_ms));
        let call = self
            .client
            .get()
            .get_queue_attributes()
            .set_queue_url(url.cloned())
            .attribute_names(name)
            .customize()
            .config_override(longer)
            .send();
        // A failure shows again at the first send, which reports it.
        if call.await.is_ok() {
            self.client.answered();
        }
    }

    fn url(&self, queue: QueueName, operation: &'static str) -> Result<&str, CallFailed> {
        let missing = || CallFailed {
            operation,
            code: "no queue of that name in the environment".to_owned(),
        };
        self.urls.get(&queue).map(String::as_str).ok_or_else(missing)
    }
}

fn timeout(operation_ms: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_timeout(Duration::from_millis(operation_ms))
        .build()
}

impl<C: Clock> Queue for Sqs<C> {
    async fn send(&self, queue: QueueName, entries: &[Entry]) -> Result<Sent, CallFailed> {
        const OPERATION: &str = "SendMessageBatch";
        let mut call = self
            .client
            .get()
            .send_message_batch()
            .queue_url(self.url(queue, OPERATION)?);
        for entry in entries {
            let request = SendMessageBatchRequestEntry::builder()
                .id(&entry.id)
                .message_body(&entry.body)
                .delay_seconds(i32::try_from(entry.delay_s).unwrap_or(900))
                .set_message_group_id(entry.group.map(|source| source.as_str().to_owned()))
                .build()
                .map_err(|_| CallFailed {
                    operation: OPERATION,
                    code: "entry without id or body".to_owned(),
                })?;
            call = call.entries(request);
        }
        let answer = call
            .send()
            .await
            .map_err(|error| call_failed(OPERATION, &error))?;
        self.client.answered();
        Ok(Sent {
            successful: answer
                .successful()
                .iter()
                .map(|entry| entry.id().to_owned())
                .collect(),
            failed: answer
                .failed()
                .iter()
                .map(|entry| Failed {
                    id: entry.id().to_owned(),
                    sender_fault: entry.sender_fault(),
                })
                .collect(),
        })
    }

    fn drop_connections(&self) {
        self.client.drop_connections();
    }
}

impl<C: Clock> Visibility for Sqs<C> {
    async fn change(
        &self,
        queue: QueueName,
        changes: &[VisibilityChange],
    ) -> Result<Vec<String>, CallFailed> {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        let mut call = self
            .client
            .get()
            .change_message_visibility_batch()
            .queue_url(self.url(queue, OPERATION)?);
        for change in changes {
            let request = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(&change.id)
                .receipt_handle(&change.receipt_handle)
                .visibility_timeout(i32::try_from(change.seconds).unwrap_or(900))
                .build()
                .map_err(|_| CallFailed {
                    operation: OPERATION,
                    code: "entry without handle".to_owned(),
                })?;
            call = call.entries(request);
        }
        let answer = call
            .send()
            .await
            .map_err(|error| call_failed(OPERATION, &error))?;
        self.client.answered();
        Ok(answer
            .successful()
            .iter()
            .map(|entry| entry.id().to_owned())
            .collect())
    }
}

/// The service's error code, never its message: that may quote the request.
pub(crate) fn call_failed<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> CallFailed {
    let code = match error {
        SdkError::TimeoutError(_) => CallFailed::TIMEOUT,
        SdkError::DispatchFailure(_) => "connect",
        SdkError::ResponseError(_) => CallFailed::UNREADABLE_ANSWER,
        SdkError::ConstructionFailure(_) => "request",
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown"),
        _ => "unknown",
    };
    CallFailed {
        operation,
        code: code.to_owned(),
    }
}
