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
        let rest_ms = deadline.millis_since(SystemClock.now()) - ANSWER_BEFORE_DEADLINE_MS;
        let rest = Duration::from_millis(u64::try_from(rest_ms).unwrap_or(0));
        let mut deliverer = deliverer.lock().await;
        let handled = deliverer.handle(&records, &event.context.request_id, deadline);
        let kept = tokio::time::timeout(rest, handled)
            .await
            .unwrap_or_else(|_| all());
        Ok::<_, Error>(answer(kept))
    });
    lambda_runtime::run(handler).await
}
