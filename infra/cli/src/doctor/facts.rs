//! What was found out about a deployed stack, before anything is made of it. No fact holds a key or an event.

use std::collections::BTreeMap;

use event::{Destination, Source};
use serde::Serialize;

/// All that `doctor` looks at.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Facts {
    pub(crate) stack: String,
    pub(crate) region: String,
    /// CloudFormation's word, such as `UPDATE_COMPLETE`.
    pub(crate) stack_status: String,
    /// What is wrong with the settings, each with the key and the remedy.
    pub(crate) settings: Vec<String>,
    pub(crate) urls: Vec<Url>,
    pub(crate) secrets: Vec<SecretState>,
    pub(crate) keys: Vec<KeyState>,
    pub(crate) functions: Vec<Function>,
    pub(crate) event_sources: Vec<EventSource>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) alarms: Alarms,
    pub(crate) quota: Option<Quota>,
    /// What could not be looked at, by what it is, with the reason.
    pub(crate) unchecked: BTreeMap<String, String>,
}

/// How the URL of a receiver answers `GET /health`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Url {
    pub(crate) source: Source,
    /// The HTTP status; `None` if nothing came back.
    pub(crate) status: Option<u16>,
}

/// What a function's secret holds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SecretState {
    /// The function, such as `deliver-braze`.
    pub(crate) function: &'static str,
    /// Its name or ARN, for the command that stores it.
    pub(crate) secret_id: String,
    /// Whether a route that is on needs it.
    pub(crate) is_needed: bool,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    Filled,
    /// Segment's secrets are there, and no token for the rest of a batch.
    NoToken,
    /// Nothing usable is in it.
    Empty,
    /// It is not of the documented form; the member, if one is to blame.
    Malformed(Option<&'static str>),
}

/// What a vendor says about a key.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct KeyState {
    pub(crate) destination: Destination,
    /// Where the key is in the secret, such as `write_keys.ios`.
    pub(crate) place: String,
    pub(crate) answer: KeyAnswer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyAnswer {
    Accepted,
    /// Of the form that live keys have; the vendor was not asked.
    WellFormed,
    /// Events of a test key never reach webhooks (SR-312).
    TestKey,
    /// Not of the form that the vendor's keys have.
    WrongForm,
    /// With this status.
    Refused(u16),
    /// The host does not know the key, or is not the vendor's; with this status.
    WrongHost(u16),
    /// Neither yes nor no: the vendor is failing; with the status, if one came.
    Unknown(Option<u16>),
}

/// A function, as it is deployed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// Whether it has the settings layer of the stack.
    pub(crate) has_layer: bool,
    pub(crate) differences: Vec<Difference>,
}

/// What a function takes its messages from.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EventSource {
    pub(crate) function: &'static str,
    /// The parameter that pauses it.
    pub(crate) parameter: &'static str,
    /// Whether that parameter lets it run.
    pub(crate) wanted_on: bool,
    /// Lambda's word, such as `Enabled`; `None` if there is no event source.
    pub(crate) state: Option<String>,
    pub(crate) differences: Vec<Difference>,
}

/// A number or a list that is not the template's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) wanted: String,
    pub(crate) found: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QueueKind {
    /// A destination's, or that of Currents files.
    Waiting,
    Parked,
    Dead,
}

/// A queue, with what it holds now.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Queue {
    /// `braze`, `braze-dead`, `parked`.
    pub(crate) name: String,
    pub(crate) kind: QueueKind,
    pub(crate) visible: u64,
    pub(crate) in_flight: u64,
    pub(crate) delayed: u64,
    /// The age of its oldest message by CloudWatch, in seconds; `None` if CloudWatch has no figure.
    pub(crate) oldest_s: Option<u64>,
    pub(crate) differences: Vec<Difference>,
}

impl Queue {
    pub(crate) fn messages(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// What the log lines of a delivery function say about the events that wait now.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Waiting {
    pub(crate) destination: Destination,
    /// Events that wait for a person.
    pub(crate) held: u64,
    /// Why: `credentials`, `config`.
    pub(crate) hold_classes: Vec<String>,
    /// Events that wait for their next attempt.
    pub(crate) retrying: u64,
    /// The age of the oldest of both, in seconds.
    pub(crate) oldest_s: Option<u64>,
}

/// The stack's alarms.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Alarms {
    pub(crate) count: usize,
    /// Alarms of the stack that CloudWatch does not have.
    pub(crate) missing: Vec<String>,
    /// Alarms that fire, with what their description says to read.
    pub(crate) firing: BTreeMap<String, String>,
    /// Alarms whose actions somebody has switched off.
    pub(crate) muted: Vec<String>,
}

/// Concurrent executions of the account in this region.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Quota {
    pub(crate) concurrent_executions: u64,
    pub(crate) unreserved: u64,
    /// Whether the stack reserves executions.
    pub(crate) is_reserved: bool,
}
