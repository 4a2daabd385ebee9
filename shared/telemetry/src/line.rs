//! The kinds of log lines and their fields: a closed list, so that no payload can slip in by a format string.
//!
//! Every line is one JSON object with `timestamp`, `level`, `kind`, `function` and `version` beside the fields of its kind. Fields that
//! do not apply are left out. No field can hold a payload, a name or an address: ids are [`LoggedId`]s, the rest are
//! numbers and words of closed lists.

use crate::LoggedId;
use serde::Serialize;

/// One log line.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// Per HTTP request and re-ingested object.
    Request(RequestLine),
    /// Per event and final outcome; also when it first waits.
    Event(EventLine),
    /// Per record that waits, each time.
    Record(RecordLine),
    /// Per delivery or re-ingest run.
    Invocation(InvocationLine),
    /// Per message about a file.
    File(FileLine),
    /// Per error or panic.
    Error(ErrorLine),
}

impl Line {
    /// An `error` line.
    pub fn error(code: &'static str, place: impl Into<String>, request_id: Option<LoggedId>) -> Self {
        Self::Error(ErrorLine {
            code,
            place: place.into(),
            request_id,
        })
    }

    /// `ERROR` for a fault of ours, `WARN` for what a person may have to act on, else `INFO`: Lambda filters by it.
    pub(crate) fn level(&self) -> &'static str {
        match self {
            Self::Error(_) => "ERROR",
            Self::Request(line) if line.decision == Decision::Refused => "WARN",
            Self::Event(line) if ["parked", "hold"].contains(&line.outcome) => "WARN",
            _ => "INFO",
        }
    }
}

/// What was decided of an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// All its events are queued, but for parked or ignored ones.
    Queued,
    /// It held nothing to do.
    Nothing,
    /// Everything in it is parked.
    Parked,
    /// It is kept in the fallback bucket.
    Spilled,
    /// It was refused.
    Refused,
}

/// The line of an HTTP request.
#[derive(Serialize)]
pub struct RequestLine {
    /// Who sent it.
    pub source: &'static str,
    /// Lambda's id of the request, cut to what a line may hold.
    pub request_id: LoggedId,
    /// The status of the answer.
    pub status: u16,
    /// What was decided.
    pub decision: Decision,
    /// Why it was refused or parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// How many refusals of this reason it stands for, if more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What proved the sender: `signature`, `token`, `signature+token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<&'static str>,
    /// `current` or `older`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'static str>,
    /// Events in the request.
    pub events: u64,
    /// Events queued.
    pub queued: u64,
    /// Events parked.
    pub parked: u64,
    /// Events ignored.
    pub ignored: u64,
    /// Events kept in the fallback bucket.
    pub spilled: u64,
    /// Bytes of the body as received.
    pub bytes: u64,
    /// Milliseconds from the handler's start to the answer.
    pub ms: u64,
    /// Whether it was the container's first.
    pub cold: bool,
    /// Whether it came out of the fallback bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reingested: Option<bool>,
    /// Whether it is lost unless its sender sends it again, which this sender does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_at_sender: Option<bool>,
    /// Whether the queue may hold it all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maybe_queued: Option<bool>,
}

/// What a function writes of one event (`"kind":"event"`).
#[derive(Serialize)]
pub struct EventLine {
    /// Who sent it.
    pub source: &'static str,
    /// Whom it is for; left out at receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<&'static str>,
    /// Its id; receipt does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<LoggedId>,
    /// `delivered`, `warned`, `ignored`, `parked`, `retry`, `hold`.
    pub outcome: &'static str,
    /// Why it was warned, ignored, parked or held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Why it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
    /// The row of own rules that dropped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_rule: Option<String>,
    /// The HTTP status that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its receive count.
    pub attempt: u32,
    /// Milliseconds since the request that brought it.
    pub age_ms: u64,
    /// The id of that request; at receipt it is Lambda's id of the invocation too.
    pub request_id: LoggedId,
    /// Lambda's id of the invocation that delivered it, as in its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_request_id: Option<LoggedId>,
    /// The id of the SQS message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<LoggedId>,
    /// Whether it may count twice at the destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maybe_duplicate: Option<bool>,
    /// Why a request of it got no answer: `dns`, `connect`, `tls`, `timeout`, `reset`, `too_large`, `headers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<&'static str>,
}

/// The line of a record that waits.
#[derive(Serialize)]
pub struct RecordLine {
    /// Whom it is for.
    pub destination: &'static str,
    /// The id of the SQS message.
    pub message_id: LoggedId,
    /// The id of the HTTP request, where the record could be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<LoggedId>,
    /// `retry` or `hold`.
    pub outcome: &'static str,
    /// The class or kind of the longest wait.
    pub class: &'static str,
    /// How many of its events wait.
    pub waiting: u64,
    /// For how many seconds.
    pub delay_s: u64,
    /// `visibility` of the same message, or a new `message`.
    pub how: &'static str,
    /// Its receive count.
    pub receives: u32,
    /// Milliseconds since the request that brought it.
    pub age_ms: u64,
    /// As in the line of an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<&'static str>,
}

/// What a function writes at the end of each invocation (`"kind":"invocation"`).
#[derive(Serialize)]
pub struct InvocationLine {
    /// Whom it delivers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<&'static str>,
    /// Lambda's id of the invocation.
    pub aws_request_id: LoggedId,
    /// Records handed over.
    pub records: u64,
    /// Events in them. `events` is a metric of the same line.
    #[serde(rename = "opened")]
    pub events: u64,
    /// Events delivered.
    pub delivered: u64,
    /// Events delivered with a warning.
    pub warned: u64,
    /// Events ignored.
    pub ignored: u64,
    /// Events parked.
    pub parked: u64,
    /// Events sent on in a new message.
    pub requeued: u64,
    /// Events that wait in their message.
    pub waiting: u64,
    /// Requests sent to the destination.
    pub requests: u64,
    /// `closed`, `open` or `held`.
    pub breaker: &'static str,
    /// Events that own rules changed.
    pub rules_changed: u64,
    /// Events that own rules dropped.
    pub rules_dropped: u64,
    /// Milliseconds paused.
    pub paused_ms: u64,
    /// Milliseconds from start to answer.
    pub ms: u64,
    /// Whether it was the container's first.
    pub cold: bool,
}

/// The line of a message about a Currents file.
#[derive(Serialize)]
pub struct FileLine {
    /// 32 hexadecimal digits that stand for bucket and key; the same in `request_id` of its events.
    pub file_id: LoggedId,
    /// The object's key, where it names nobody ([`crate::LoggedId::object_key`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<LoggedId>,
    /// `done`, `ignored`, `parked`, `follow_up`, `retry` or `hold`.
    pub outcome: &'static str,
    /// Why it is ignored, parked or held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Why it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
    /// The type of its events, if it is one that Braze documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<&'static str>,
    /// Why the message was sent; left out for a notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
    /// Events read.
    pub events: u64,
    /// Events queued.
    pub queued: u64,
    /// Events and parts parked.
    pub parked: u64,
    /// Files ignored unread: 1 or 0.
    pub ignored: u64,
    /// Bytes got from S3.
    pub bytes: u64,
    /// The byte at which reading began.
    pub from: u64,
    /// The byte that it came to.
    pub to: u64,
    /// How often messages about it were received, this time included.
    pub receives: u32,
    /// Milliseconds since the first message about it.
    pub age_ms: u64,
    /// Milliseconds from start to answer.
    pub ms: u64,
    /// Whether it was the container's first.
    pub cold: bool,
}

/// The line of an error or panic: where it is in our code, never its message, which may quote a payload.
#[derive(Serialize)]
pub struct ErrorLine {
    /// A fixed word.
    pub code: &'static str,
    /// File and line in our code, or the operation that failed.
    pub place: String,
    /// The id of the HTTP request or invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<LoggedId>,
}
