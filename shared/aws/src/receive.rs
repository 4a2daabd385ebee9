//! A receiver as a Lambda function.

use crate::function_url::{UrlAnswer, UrlRequest};
use crate::start::{Parts, START_MS, start};
use crate::{SecretsManager, Sqs, SystemClock, SystemRandom};
use event::Source;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use receipt::Receiver;
use std::process::ExitCode;

/// Runs the receiver of a source until the platform ends the container. `function` is its name, such as `receive-braze`.
pub fn receive(source: Source, function: &'static str) -> ExitCode {
    start(function, async |parts| run(source, parts).await)
}

async fn run(source: Source, parts: Parts) -> Result<(), Error> {
    let Parts {
        environment,
        config,
        sink,
    } = parts;
    let sqs = Sqs::new(&config, environment.queues, receipt::limits::attempt_ms(source));
    // A request waits less for a fetch than the start does; the receiver sees to that.
    let secrets = SecretsManager::new(&config, environment.secret, START_MS);
    let receiver = Receiver::new(
        source,
        environment.function,
        environment.settings,
        &sqs,
        secrets,
        SystemClock,
        SystemRandom,
        sink,
    );
    // Both handshakes are done before the first request, which may have 2 s in all.
    tokio::join!(receiver.warm(), sqs.warm(START_MS));
    let handler = service_fn(async |event: LambdaEvent<UrlRequest>| {
        let answer = receiver.handle(event.payload.into()).await;
        Ok::<_, Error>(UrlAnswer::from(answer))
    });
    lambda_runtime::run(handler).await
}
