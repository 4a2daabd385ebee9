//! What SQS hands a function, and what the function answers.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use delivery::Record;
use event::Timestamp;

/// An invocation without an answer that could name its records: it fails as a whole, on purpose (RD-002).
#[derive(Debug, thiserror::Error)]
#[error("a record of the invocation has no messageId, so no answer could name it; all of them come back")]
pub(crate) struct Nameless;

/// The records of an invocation.
///
/// # Errors
/// If a record has no id.
pub(crate) fn records(event: SqsEvent) -> Result<Vec<Record>, Nameless> {
    event.records.into_iter().map(record).collect()
}

fn record(message: SqsMessage) -> Result<Record, Nameless> {
    let number = |name: &str| message.attributes.get(name)?.parse::<i64>().ok();
    let receive_count = number("ApproximateReceiveCount").and_then(|count| u32::try_from(count).ok());
    let sent_at = number("SentTimestamp").map(Timestamp::from_millis);
    Ok(Record {
        message_id: message.message_id.filter(|id| !id.is_empty()).ok_or(Nameless)?,
        receipt_handle: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        receive_count: receive_count.unwrap_or(1).max(1),
        sent_at,
    })
}

/// The answer that lets Lambda keep these records and delete the others.
pub(crate) fn answer(failed: Vec<String>) -> SqsBatchResponse {
    let mut answer = SqsBatchResponse::default();
    answer.batch_item_failures = failed.into_iter().map(failure).collect();
    answer
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_text_with_their_receive_count() {
        event::rules!["RD-001", "RD-062"];
        let event = r#"{"Records":[
            {"messageId":"m1","receiptHandle":"h1","body":"{\"v\":1}","attributes":{"ApproximateReceiveCount":"3","SentTimestamp":"1772366400000"},
             "messageAttributes":{},"md5OfBody":"x","eventSource":"aws:sqs","eventSourceARN":"arn","awsRegion":"eu-west-1"},
            {"messageId":"m2","receiptHandle":"h2","body":"not json","attributes":{}},
            {"messageId":"m3"}]}"#;
        let records = records(serde_json::from_str(event).unwrap()).unwrap();
        assert_eq!(records.len(), 3);
        assert_eq!(
            (records[0].body.as_str(), records[0].receive_count),
            (r#"{"v":1}"#, 3)
        );
        assert_eq!(
            records[0].sent_at.unwrap().to_string(),
            "2026-03-01T12:00:00.000Z"
        );
        assert_eq!(
            (records[1].body.as_str(), records[1].receive_count),
            ("not json", 1)
        );
        assert_eq!(
            (records[2].body.as_str(), records[2].receipt_handle.as_str()),
            ("", "")
        );
    }

    #[test]
    fn a_record_without_an_id_fails_the_invocation() {
        event::rules!["RD-002"];
        for event in [
            r#"{"Records":[{"messageId":"m1"},{"body":"x"}]}"#,
            r#"{"Records":[{"messageId":""}]}"#,
        ] {
            assert!(records(serde_json::from_str(event).unwrap()).is_err());
        }
    }

    #[test]
    fn the_answer_names_what_is_kept_by_the_key_that_lambda_reads() {
        event::rules!["RD-009"];
        let text = serde_json::to_string(&answer(vec!["m2".to_owned()])).unwrap();
        assert_eq!(text, r#"{"batchItemFailures":[{"itemIdentifier":"m2"}]}"#);
        assert_eq!(
            serde_json::to_string(&answer(Vec::new())).unwrap(),
            r#"{"batchItemFailures":[]}"#
        );
    }
}
