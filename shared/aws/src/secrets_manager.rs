//! Secrets Manager: one call, no retries, no decisions.

use crate::SystemClock;
use crate::pooled::Pooled;
use crate::sqs::call_failed;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use event::Clock;
use event::ports::CallFailed;
use secrets::Secrets;
use std::time::Duration;
use telemetry::Secret;

/// The function's own secret.
pub struct SecretsManager<C = SystemClock> {
    client: Pooled<Client, C>,
    id: String,
}

impl SecretsManager {
    /// The secret of this ARN or name. A call ends after `attempt_ms`.
    pub fn new(config: &aws_config::SdkConfig, id: String, attempt_ms: u64) -> Self {
        Self::with_clock(config, id, attempt_ms, SystemClock)
    }
}

impl<C: Clock> SecretsManager<C> {
    /// The same by another clock.
    pub fn with_clock(config: &aws_config::SdkConfig, id: String, attempt_ms: u64, clock: C) -> Self {
        let timeout = TimeoutConfig::builder()
            .operation_timeout(Duration::from_millis(attempt_ms))
            .build();
        let config = aws_sdk_secretsmanager::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeout)
            .build();
        Self {
            client: Pooled::new(clock, move || Client::from_conf(config.clone())),
            id,
        }
    }
}

impl<C: Clock> Secrets for SecretsManager<C> {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        const OPERATION: &str = "GetSecretValue";
        let call = self.client.get().get_secret_value().secret_id(&self.id).send();
        let answer = call.await.map_err(|error| call_failed(OPERATION, &error))?;
        self.client.answered();
        let text = answer.secret_string.ok_or_else(|| CallFailed {
            operation: OPERATION,
            code: "binary".to_owned(),
        })?;
        Ok(Secret::new(text))
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.client.drop_connections();
        self.fetch().await
    }
}
