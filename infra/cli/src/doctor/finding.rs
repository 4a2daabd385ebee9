//! What the facts mean, and what to do about it. Nothing here reaches AWS.

use event::Destination;
use serde::Serialize;

use super::facts::{Content, EventSource, Facts, KeyAnswer, KeyState, Queue, QueueKind, SecretState};
use crate::account::UNRESERVED_LEAST;

/// Above so many messages in flight SQS is near its limit of 120000 a queue (the dashboard shows them).
const IN_FLIGHT_LIMIT: u64 = 80_000;
/// The age that is too much, as the alarm `backlog-age` has it (RI-040).
const AGE_LIMIT_S: u64 = 3600;
/// The same for Branch, which dates an event by its arrival.
const BRANCH_AGE_LIMIT_S: u64 = 600;
/// The same for a Currents file.
const FILE_AGE_LIMIT_S: u64 = 900;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Events do not arrive, or wait for a person.
    Fault,
    /// Nothing is wrong yet, or it could not be looked at.
    Warning,
}

/// One thing that somebody has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    /// What it is about, such as `deliver-braze`.
    pub(crate) about: String,
    pub(crate) what: String,
    pub(crate) remedy: String,
}

fn fault(about: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Fault,
        about: about.into(),
        what: what.into(),
        remedy: remedy.into(),
    }
}

fn warning(about: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Warning,
        ..fault(about, what, remedy)
    }
}

/// All findings, faults first.
pub(crate) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(deployment(facts));
    found.extend(settings(facts));
    found.extend(facts.urls.iter().filter_map(url));
    found.extend(facts.secrets.iter().filter_map(secret));
    found.extend(facts.keys.iter().filter_map(|state| key(state, facts)));
    found.extend(facts.functions.iter().flat_map(function));
    found.extend(facts.event_sources.iter().flat_map(event_source));
    found.extend(facts.queues.iter().flat_map(|one| queue(one, facts)));
    found.extend(waiting(facts));
    found.extend(alarms(facts));
    found.extend(quota(facts));
    found.extend(unchecked(facts));
    found.sort_by_key(|finding| finding.severity);
    found
}

fn deployment(facts: &Facts) -> Option<Finding> {
    let status = facts.stack_status.as_str();
    let is_good = status.ends_with("_COMPLETE") && !status.contains("ROLLBACK");
    (!is_good).then(|| {
        let remedy = "see the stack's events in CloudFormation, remove the cause, and deploy again";
        fault("stack", format!("its last deploy ended as {status}"), remedy)
    })
}

fn settings(facts: &Facts) -> Option<Finding> {
    (!facts.settings.is_empty()).then(|| {
        let remedy =
            "correct the file (`switchyard check` reads it), and deploy; what it concerns is held until then";
        fault("settings", facts.settings.join("; "), remedy)
    })
}

fn url(url: &super::facts::Url) -> Option<Finding> {
    let about = format!("receive-{}", url.source);
    match url.status {
        Some(200) => None,
        Some(403) => Some(fault(
            about,
            "its URL answers 403 to everything",
            "the stack's permissions of the URL are gone: deploy again; or an organisation policy forbids public Function URLs: \
             deploy with Ingress=HttpApi, and enter the new URLs at the vendors",
        )),
        Some(429) => Some(fault(
            about,
            "its URL answers 429: no execution is free",
            "raise ReserveReceivers or ReserveReceiveBranch, or the account's quota of concurrent executions",
        )),
        Some(status) => Some(fault(
            about,
            format!("its URL answers {status} to GET /health"),
            "read the last lines of its log group: an `error` line, or one of Lambda's own",
        )),
        None => Some(fault(
            about,
            "its URL does not answer",
            "check the network from here; if others reach it, nothing is wrong",
        )),
    }
}

fn store(secret: &SecretState, content: &str) -> String {
    format!(
        "write {content} to secret.json, then\n\
         aws secretsmanager put-secret-value --secret-id {} --secret-string file://secret.json",
        secret.secret_id
    )
}

/// What a function's secret looks like when it is filled.
fn form(function: &str) -> &'static str {
    match function {
        "receive-segment" => r#"{"shared_secrets": ["…"], "tokens": ["…"]}"#,
        "deliver-braze" => r#"{"rest_api_key": "…"}"#,
        "deliver-branch" => r#"{"branch_key": "…"}"#,
        "deliver-segment" => r#"{"write_key": "…"}"#,
        _ => r#"{"tokens": ["…"]}"#,
    }
}

fn secret(secret: &SecretState) -> Option<Finding> {
    let effect = if secret.function.starts_with("receive-") {
        "every request is answered 503"
    } else {
        "every event is held"
    };
    let remedy = store(secret, form(secret.function));
    let function = secret.function;
    match &secret.content {
        Content::Filled => None,
        _ if !secret.is_needed => None,
        Content::Empty => Some(fault(
            function,
            format!("its secret holds no usable key: {effect}"),
            remedy,
        )),
        Content::Malformed(member) => Some(fault(
            function,
            match member {
                Some(member) => format!(
                    "its secret is malformed at `{member}`: no new value is taken, and in the end {effect}"
                ),
                None => {
                    format!("its secret is no JSON object: no new value is taken, and in the end {effect}")
                }
            },
            remedy,
        )),
        Content::NoToken => Some(warning(
            function,
            "its secret holds no token: Segment signs the first event of a batch only, so batches are answered 503",
            remedy,
        )),
    }
}

fn key(state: &KeyState, facts: &Facts) -> Option<Finding> {
    let descriptor = state.destination.descriptor();
    let (title, place) = (descriptor.title, &state.place);
    let about = descriptor.function;
    let secret = facts.secrets.iter().find(|secret| secret.function == about);
    let store = secret
        .map(|secret| store(secret, form(about)))
        .unwrap_or_default();
    match state.answer {
        KeyAnswer::Accepted | KeyAnswer::WellFormed => None,
        KeyAnswer::TestKey => Some(warning(
            about,
            format!("`{place}` is a key of Branch's test environment, whose events reach no webhook"),
            store,
        )),
        KeyAnswer::WrongForm => Some(fault(
            about,
            format!("`{place}` begins with neither key_live_ nor key_test_: it is no Branch key"),
            store,
        )),
        KeyAnswer::Refused(status) => Some(fault(
            about,
            format!(
                "{title} refuses `{place}` with {status}: its events {}",
                refused(state.destination)
            ),
            store,
        )),
        KeyAnswer::WrongHost(status) => Some(fault(
            about,
            format!("the host answers {status}: it does not know `{place}`"),
            match state.destination {
                Destination::Braze => {
                    "name the instance of this key's workspace in `[braze] instance`, such as \"US-01\" \
                                       (Braze: Settings, APIs and Identifiers), and deploy"
                }
                Destination::Branch | Destination::Segment => {
                    "correct `endpoint_url`, or leave it empty, and deploy"
                }
            },
        )),
        KeyAnswer::Unknown(status) => Some(warning(
            about,
            match status {
                Some(status) => format!("{title} answers {status}: whether it takes `{place}` is not known"),
                None => format!("{title} does not answer from here: whether it takes `{place}` is not known"),
            },
            "look again in a minute; what waits is tried again by itself",
        )),
    }
}

/// What becomes of events with a key that is refused.
fn refused(destination: Destination) -> &'static str {
    match destination {
        Destination::Segment => "are lost there: sent with such a key, Segment answers 200 and drops them",
        Destination::Braze | Destination::Branch => "are held",
    }
}

fn function(function: &super::facts::Function) -> Vec<Finding> {
    let mut found = Vec::new();
    if !function.has_layer {
        found.push(fault(
            function.name,
            "it runs without the stack's settings layer",
            "deploy again: the layer holds switchyard.toml",
        ));
    }
    found.extend(differences(function.name, &function.differences));
    found
}

fn differences(about: &str, differences: &[super::facts::Difference]) -> Option<Finding> {
    (!differences.is_empty()).then(|| {
        let each: Vec<String> = differences
            .iter()
            .map(|one| format!("{} is {}, not {}", one.what, one.found, one.wanted))
            .collect();
        warning(
            about,
            format!("it is not as the template says: {}", each.join(", ")),
            "somebody changed it by hand, or it was deployed by another version: deploy again",
        )
    })
}

fn event_source(source: &EventSource) -> Vec<Finding> {
    let mut found = Vec::new();
    let (on, off) = (
        "its events wait in their queue, 12 days at most",
        "its parameter says otherwise",
    );
    let is_on = source
        .state
        .as_deref()
        .map(|state| state.eq_ignore_ascii_case("enabled"));
    let (function, parameter) = (source.function, source.parameter);
    match (is_on, source.wanted_on) {
        (None, _) => found.push(fault(
            function,
            format!("it has no event source: {on}"),
            "deploy again",
        )),
        (Some(false), true) => found.push(fault(
            function,
            format!(
                "its event source is {}, and {parameter} is false: {on}",
                source.state.as_deref().unwrap_or_default()
            ),
            "if nobody has paused it, `aws lambda update-event-source-mapping --uuid <id> --enabled`, or deploy; \
                     if somebody has, nothing is lost",
        )),
        (Some(true), false) => found.push(fault(
            function,
            format!("its event source runs, although {parameter} is true: {off}"),
            "deploy again to pause it, or with the parameter set to false",
        )),
        (Some(false), false) => found.push(warning(
            function,
            format!("it is paused by {parameter}: {on}"),
            format!("deploy with {parameter}=false to resume"),
        )),
        (Some(true), true) => {}
    }
    found.extend(differences(function, &source.differences));
    found
}

fn queue(queue: &Queue, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let name = queue.name.as_str();
    let messages = queue.messages();
    let count = count_of(messages, "message");
    match queue.kind {
        QueueKind::Parked if messages > 0 => found.push(fault(
            name,
            format!("{count} set aside{}", aged(queue.oldest_s)),
            format!(
                "`switchyard parked --stack {0}` shows why; after the cause is removed, `switchyard replay --stack {0}`. \
                 SQS deletes them after 14 days",
                facts.stack
            ),
        )),
        QueueKind::Dead if messages > 0 => found.push(fault(
            name,
            format!("{count} that Lambda gave up{}", aged(queue.oldest_s)),
            format!(
                "`switchyard parked --dead-letters --stack {}`, and infra/runbooks/dead-letters.md. SQS deletes them after 14 days",
                facts.stack
            ),
        )),
        QueueKind::Waiting if queue.in_flight > IN_FLIGHT_LIMIT => found.push(fault(
            name,
            format!("{} messages are in flight; SQS allows 120000", queue.in_flight),
            "see what its function waits for: the findings about it, or its lines of kind `record`",
        )),
        _ => {}
    }
    found.extend(differences(name, &queue.differences));
    found
}

fn aged(oldest_s: Option<u64>) -> String {
    oldest_s.map_or_else(String::new, |seconds| {
        format!(", the oldest {} old", super::age(seconds))
    })
}

pub(crate) fn count_of(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The age of the oldest waiting event of a destination, by its lines and by CloudWatch.
pub(crate) fn oldest_s(facts: &Facts, name: &str) -> Option<u64> {
    let by_lines = facts
        .waiting
        .iter()
        .filter(|waiting| waiting.destination.as_str() == name)
        .filter_map(|waiting| waiting.oldest_s);
    let by_metric = facts.queues.iter().filter(|queue| queue.name == name);
    by_lines.chain(by_metric.filter_map(|queue| queue.oldest_s)).max()
}

fn waiting(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for waiting in facts.waiting.iter().filter(|waiting| waiting.held > 0) {
        let descriptor = waiting.destination.descriptor();
        found.push(fault(
            descriptor.function,
            format!(
                "{} held ({}){}",
                count_of(waiting.held, "event"),
                waiting.hold_classes.join(", "),
                aged(waiting.oldest_s)
            ),
            "store a key that the vendor takes, or correct the settings: see the findings about it and infra/runbooks/hold.md. \
             They go out by themselves, within 15 minutes",
        ));
    }
    for queue in facts
        .queues
        .iter()
        .filter(|queue| queue.kind == QueueKind::Waiting)
    {
        let limit = match queue.name.as_str() {
            "branch" => BRANCH_AGE_LIMIT_S,
            "braze-files" => FILE_AGE_LIMIT_S,
            _ => AGE_LIMIT_S,
        };
        let is_held = facts
            .waiting
            .iter()
            .any(|waiting| waiting.destination.as_str() == queue.name && waiting.held > 0);
        match oldest_s(facts, &queue.name) {
            Some(age) if age > limit && !is_held => found.push(fault(
                queue.name.as_str(),
                format!("its oldest event has waited {}", super::age(age)),
                "infra/runbooks/backlog-age.md: the vendor fails or limits, or the function is paused",
            )),
            _ => {}
        }
    }
    found
}

fn alarms(facts: &Facts) -> Vec<Finding> {
    let alarms = &facts.alarms;
    let mut found = Vec::new();
    if !alarms.missing.is_empty() {
        found.push(fault(
            "alarms",
            format!("not there: {}", alarms.missing.join(", ")),
            "deploy again",
        ));
    }
    for (name, page) in &alarms.firing {
        found.push(fault("alarms", format!("{name} fires"), page.as_str()));
    }
    if !alarms.muted.is_empty() {
        found.push(warning(
            "alarms",
            format!("without actions: {}", alarms.muted.join(", ")),
            "`aws cloudwatch enable-alarm-actions --alarm-names …`, or deploy again",
        ));
    }
    found
}

fn quota(facts: &Facts) -> Option<Finding> {
    let quota = facts.quota?;
    let remedy = "ask for more at Service Quotas, `Concurrent executions` of AWS Lambda: it costs nothing";
    if quota.is_reserved || quota.unreserved >= UNRESERVED_LEAST {
        return None;
    }
    Some(warning(
        "quota",
        format!(
            "the account has {} concurrent executions, {} of them unreserved, and the stack reserves none: a burst is answered 429, \
             which Branch does not send again",
            quota.concurrent_executions, quota.unreserved
        ),
        remedy,
    ))
}

fn unchecked(facts: &Facts) -> impl Iterator<Item = Finding> + '_ {
    facts.unchecked.iter().map(|(what, why)| {
        warning(
            what.as_str(),
            format!("not checked: {why}"),
            "`switchyard doctor --help` lists the IAM actions that it needs",
        )
    })
}

#[cfg(test)]
mod tests;
