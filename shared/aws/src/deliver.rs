//! A deliverer as a Lambda function, one for each destination.

use crate::queue_event::{answer, records};
use crate::start::{Parts, START_MS, start};
use crate::{Client, SecretsManager, Sqs, SystemClock, SystemRandom, Unusable};
use aws_lambda_events::sqs::SqsEvent;
use delivery::destinations::{branch, braze, segment};
use delivery::{Deliverer, Keys, Messenger, Ports, tell_cautions};
use event::calls::Mapped;
use event::settings::{Problem, Settings};
use event::{Clock, Destination, Source, Timestamp};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use secrets::{SecretCache, SecretContent};
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::Mutex;

/// One call to SQS ends after this, in milliseconds: what has to be done after the stop line fits before the deadline.
const SQS_ATTEMPT_MS: u64 = 500;
/// An invocation has answered so long before its deadline, in milliseconds, whatever the others do (RD-102).
const ANSWER_BEFORE_DEADLINE_MS: i64 = 500;

type Cache<T> = SecretCache<SecretsManager, SystemClock, SystemRandom, T>;
type Map<C> = fn(Source, &str, &Settings) -> Mapped<C>;

/// Runs the function `deliver-braze` until the platform ends the container.
pub fn deliver_to_braze() -> ExitCode {
    start("deliver-braze", async |parts| {
        let settings = parts.environment.settings.clone();
        let base_url = if settings.routes.segment_to_braze {
            braze::required_base_url(&settings.braze)
        } else {
            braze::base_url(&settings.braze).map(Option::unwrap_or_default)
        };
        let base_url = base_url.map_err(wrong)?;
        let messenger = |keys| braze::BrazeMessenger::new(settings.braze.clone(), base_url.clone(), keys);
        run(
            parts,
            Destination::Braze,
            mapping::to_braze,
            base_url.clone(),
            messenger,
        )
        .await
    })
}

/// Runs the function `deliver-branch` until the platform ends the container.
pub fn deliver_to_branch() -> ExitCode {
    start("deliver-branch", async |parts| {
        let settings = parts.environment.settings.branch.clone();
        let base_url = branch::base_url(&settings).map_err(wrong)?;
        let messenger = |keys| branch::BranchMessenger::new(settings.clone(), base_url.clone(), keys);
        run(
            parts,
            Destination::Branch,
            mapping::to_branch,
            base_url.clone(),
            messenger,
        )
        .await
    })
}

/// Runs the function `deliver-segment` until the platform ends the container.
pub fn deliver_to_segment() -> ExitCode {
    start("deliver-segment", async |parts| {
        let settings = parts.environment.settings.segment.clone();
        let base_url = segment::base_url(&settings).map_err(wrong)?;
        let messenger = |keys| segment::SegmentMessenger::new(settings.clone(), base_url.clone(), keys);
        run(
            parts,
            Destination::Segment,
            mapping::to_segment,
            base_url.clone(),
            messenger,
        )
        .await
    })
}

fn wrong(problem: Problem) -> Unusable {
    Unusable::Setting(problem.to_string())
}

async fn run<M: Messenger, T: SecretContent>(
    parts: Parts,
    destination: Destination,
    map: Map<M::Call>,
    base_url: String,
    messenger: impl FnOnce(std::rc::Rc<Cache<T>>) -> M,
) -> Result<(), Error> {
    let Parts {
        environment,
        config,
        sink,
    } = parts;
    tell_cautions(destination, &environment.settings, &sink);
    let sqs = Sqs::new(&config, environment.queues, SQS_ATTEMPT_MS);
    let secrets = SecretsManager::new(&config, environment.secret, START_MS);
    let keys = std::rc::Rc::new(SecretCache::new(secrets, SystemClock, SystemRandom));
    let http = Client::new(SystemClock)?;
    let warm_keys = std::rc::Rc::clone(&keys);
    // All handshakes are done before the first record.
    tokio::join!(warm_keys.current(), sqs.warm(START_MS), http.warm(&base_url));
    let ports = Ports {
        queue: &sqs,
        http: &http,
        clock: SystemClock,
        random: SystemRandom,
        sink,
    };
    let function = environment.function;
    let deliverer = Deliverer::new(
        destination,
        function,
        environment.settings,
        map,
        messenger(keys),
        ports,
    );
    // One invocation at a time is all that the platform gives a container; the lock says so to the compiler.
    let deliverer = Mutex::new(deliverer);
    let handler = service_fn(async |event: LambdaEvent<SqsEvent>| {
        let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let deadline = Timestamp::from_millis(deadline);
        let records = records(event.payload)?;
        let all = || records.iter().map(|record| record.message_id.clone()).collect();
        let left_ms = deadline.millis_since(SystemClock.now());
        let mut deliverer = deliverer.lock().await;
        let handled = deliverer.handle(&records, &event.context.request_id, deadline);
        let kept = before_deadline(left_ms, handled).await.unwrap_or_else(all);
        Ok::<_, Error>(answer(kept))
    });
    lambda_runtime::run(handler).await
}

/// What the work gives, if it ends so long before the deadline that an answer still gets through.
async fn before_deadline<T>(left_ms: i64, work: impl Future<Output = T>) -> Option<T> {
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
    async fn rd_102_the_answer_is_given_500_ms_before_the_deadline_whatever_the_others_do() {
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
