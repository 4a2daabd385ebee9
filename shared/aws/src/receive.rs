//! A receiver as a Lambda function.

use crate::function_url::{ReceiverEvent, UrlAnswer, Work};
use crate::start::{Now, Parts, START_MS, init_ms, receiver_settings, start};
use crate::{FallbackBucket, SecretsManager, Sqs, SystemClock, SystemRandom, Unusable};
use event::Source;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use receipt::{Receiver, Surroundings};
use std::process::ExitCode;
use telemetry::Stdout;

/// What surrounds a receiver in its function.
struct Aws {
    sqs: Sqs,
    s3: FallbackBucket,
    sink: Stdout<Now>,
}

impl Surroundings for Aws {
    type Queue = Sqs;
    type Secrets = SecretsManager;
    type Store = FallbackBucket;
    type Clock = SystemClock;
    type Random = SystemRandom;
    type Sink = Stdout<Now>;

    fn queue(&self) -> &Sqs {
        &self.sqs
    }

    fn store(&self) -> &FallbackBucket {
        &self.s3
    }

    fn clock(&self) -> &SystemClock {
        &SystemClock
    }

    fn random(&self) -> &SystemRandom {
        &SystemRandom
    }

    fn sink(&self) -> &Stdout<Now> {
        &self.sink
    }
}

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
    let aws = Aws {
        sqs: Sqs::new(&config, environment.queues, receipt::limits::LONGEST_ATTEMPT_MS),
        s3: FallbackBucket::new(&config, &bucket)?,
        sink,
    };
    let receiver = Receiver::new(source, environment.function, environment.settings, secrets, aws);
    let Aws { sqs, sink, .. } = receiver.surroundings();
    // Both handshakes are done before the first request, which may have 2 s in all.
    tokio::join!(receiver.warm(), sqs.warm(START_MS));
    sink.started(init_ms(began));
    let handler =
        service_fn(
            async |event: LambdaEvent<ReceiverEvent>| match event.payload.meaning(source)? {
                Work::Answer(request) => Ok(Some(UrlAnswer::from(receiver.handle(request).await))),
                Work::Reingest => {
                    receiver.reingest(&event.context.request_id).await;
                    Ok::<_, Error>(None)
                }
            },
        );
    lambda_runtime::run(handler).await
}
