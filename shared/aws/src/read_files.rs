//! The reader of Currents files as a Lambda function.

use crate::deliver::before_deadline;
use crate::queue_event::{answer, records};
use crate::start::{Parts, START_MS, config_of_sqs, init_ms, start, usable_settings};
use crate::surroundings::Lambda;
use crate::{S3, Sqs, SystemClock, Unusable};
use aws_lambda_events::sqs::SqsEvent;
use currents::{Bucket, FileReader};
use event::{Clock, Timestamp};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use std::process::ExitCode;

/// One call to SQS ends after this, in milliseconds: ten messages of 64 KiB are sent in it.
const SQS_ATTEMPT_MS: u64 = 3_000;

/// Runs the function `read-braze-files` until the platform ends the container.
pub fn read_braze_files() -> ExitCode {
    start("read-braze-files", usable_settings, run)
}

async fn run(parts: Parts) -> Result<(), Error> {
    let Parts {
        began,
        environment,
        config,
        sink,
    } = parts;
    let missing = || Unusable::Missing("SWITCHYARD_BRAZE_FILES_BUCKET".to_owned());
    let bucket = Bucket {
        name: environment.braze_files.bucket.ok_or_else(missing)?,
        prefix: environment.braze_files.prefix,
    };
    let sqs = Sqs::new(
        &config_of_sqs(&config, environment.sqs_endpoint),
        environment.queues,
        SQS_ATTEMPT_MS,
    );
    let s3 = S3::new(&config)?;
    sqs.warm(START_MS).await;
    sink.started(init_ms(began));
    let surroundings = Lambda {
        sqs,
        http: (),
        store: s3,
        sink,
    };
    let (function, settings) = (environment.function, environment.settings);
    let reader = FileReader::new(function, settings, environment.unusable, bucket, surroundings);
    let handler = service_fn(async |event: LambdaEvent<SqsEvent>| {
        let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let deadline = Timestamp::from_millis(deadline);
        let records = records(event.payload)?;
        let all = || records.iter().map(|record| record.message_id.clone()).collect();
        let left_ms = deadline.millis_since(SystemClock.now());
        let handled = reader.handle(&records, deadline);
        let kept = before_deadline(left_ms, handled).await.unwrap_or_else(all);
        Ok::<_, Error>(answer(kept))
    });
    lambda_runtime::run(handler).await
}
