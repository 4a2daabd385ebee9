//! A deliverer as a Lambda function, one for each destination.

use crate::queue_event::{answer, records};
use crate::start::{Parts, START_MS, config_of_sqs, init_ms, start, usable_settings};
use crate::surroundings::Lambda;
use crate::{Client, SecretsManager, Sqs, SystemClock};
use aws_lambda_events::sqs::SqsEvent;
use delivery::{Deliverer, Destination, Map};
use event::{Clock, Timestamp};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use std::process::ExitCode;
use std::time::Duration;

/// One call to SQS ends after this, in milliseconds: what has to be done after the stop line fits before the deadline.
const SQS_ATTEMPT_MS: u64 = 500;
/// Return this many milliseconds before the Lambda deadline, even if SQS calls are pending (RD-102).
const ANSWER_BEFORE_DEADLINE_MS: i64 = 500;

/// Runs the deliverer of a destination until the platform ends the container. `function` is its name, such as
/// `deliver-braze`; `map` makes the calls of one event.
pub fn deliver<D: Destination>(function: &'static str, map: Map<D>) -> ExitCode {
    start(function, usable_settings, async |parts| {
        run::<D>(parts, map).await
    })
}

async fn run<D: Destination>(parts: Parts, map: Map<D>) -> Result<(), Error> {
    let Parts {
        began,
        environment,
        config,
        sink,
    } = parts;
    let lambda = Lambda {
        sqs: Sqs::new(
            &config_of_sqs(&config, environment.sqs_endpoint),
            environment.queues,
            SQS_ATTEMPT_MS,
        ),
        http: Client::new(SystemClock)?,
        store: (),
        sink,
    };
    let secrets = SecretsManager::new(&config, environment.secret, START_MS);
    let (function, settings) = (environment.function, environment.settings);
    let deliverer = Deliverer::<D, _>::new(function, settings, environment.unusable, map, secrets, lambda);
    // All handshakes are done before the first record.
    let Lambda { sqs, sink, .. } = deliverer.surroundings();
    tokio::join!(deliverer.warm(), sqs.warm(START_MS));
    sink.started(init_ms(began));
    let handler = service_fn(async |event: LambdaEvent<SqsEvent>| {
        let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let deadline = Timestamp::from_millis(deadline);
        let records = records(event.payload)?;
        let all = || records.iter().map(|record| record.message_id.clone()).collect();
        let left_ms = deadline.millis_since(SystemClock.now());
        let handled = deliverer.handle(&records, &event.context.request_id, deadline);
        let kept = before_deadline(left_ms, handled).await.unwrap_or_else(all);
        Ok::<_, Error>(answer(kept))
    });
    lambda_runtime::run(handler).await
}

/// What the work gives, if it ends so long before the deadline that an answer still gets through.
pub(crate) async fn before_deadline<T>(left_ms: i64, work: impl Future<Output = T>) -> Option<T> {
    let rest_ms = u64::try_from(left_ms - ANSWER_BEFORE_DEADLINE_MS).unwrap_or(0);
    tokio::time::timeout(Duration::from_millis(rest_ms), work)
        .await
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, sleep};

    #[tokio::test(start_paused = true)]
    async fn the_answer_is_given_500_ms_before_the_deadline() {
        event::rules!["RD-102"];
        let began = Instant::now();
        assert_eq!(before_deadline(60_000, std::future::pending::<()>()).await, None);
        assert_eq!(began.elapsed().as_millis(), 59_500);
        let work = async { sleep(Duration::from_millis(59_000)).await };
        assert_eq!(before_deadline(60_000, work).await, Some(()));
        for left_ms in [499, 0, -1] {
            assert_eq!(
                before_deadline(left_ms, std::future::pending::<()>()).await,
                None,
                "{left_ms}"
            );
        }
    }
}
