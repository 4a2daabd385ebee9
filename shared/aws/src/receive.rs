//! A receiver as a Lambda function.

use crate::function_url::{ReceiverEvent, UrlAnswer, Work};
use crate::start::{Parts, START_MS, config_of_sqs, init_ms, receiver_settings, start};
use crate::surroundings::Lambda;
use crate::{FallbackBucket, SecretsManager, Sqs, Unusable};
use event::Source;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use receipt::Receiver;
use std::process::ExitCode;

/// Runs the receiver of a source until the platform ends the container. `function` is its name, such as `receive-braze`.
pub fn receive(source: Source, function: &'static str) -> ExitCode {
    start(function, receiver_settings, async |parts| {
        run(source, parts).await
    })
}

async fn run(source: Source, parts: Parts) -> Result<(), Error> {
    let Parts {
        began,
        environment,
        config,
        sink,
    } = parts;
    let missing = || Unusable::Missing("SWITCHYARD_BUCKET".to_owned());
    let bucket = environment.fallback_bucket.ok_or_else(missing)?;
    // A request waits less for a fetch than the start does; the receiver sees to that.
    let secrets = SecretsManager::new(&config, environment.secret, START_MS);
    let lambda = Lambda {
        sqs: Sqs::new(
            &config_of_sqs(&config, environment.sqs_endpoint),
            environment.queues,
            receipt::limits::LONGEST_ATTEMPT_MS,
        ),
        http: (),
        store: FallbackBucket::new(&config, &bucket)?,
        sink,
    };
    let receiver = Receiver::new(
        source,
        environment.function,
        environment.settings,
        secrets,
        lambda,
    );
    let Lambda { sqs, sink, .. } = receiver.surroundings();
    // All handshakes are done before the first request, which may have 2 s in all.
    tokio::join!(receiver.warm(START_MS), sqs.warm(START_MS));
    sink.started(init_ms(began));
    let handler = service_fn(
        async |event: LambdaEvent<ReceiverEvent>| match event.payload.work(source)? {
            Work::Answer(request) => Ok(Some(UrlAnswer::from(receiver.handle(request).await))),
            Work::Reingest => {
                receiver.reingest(&event.context.request_id).await;
                Ok::<_, Error>(None)
            }
        },
    );
    lambda_runtime::run(handler).await
}
