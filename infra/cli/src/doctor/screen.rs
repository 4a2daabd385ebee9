//! The one screen.

use super::facts::{Content, Facts, KeyAnswer, QueueKind};
use super::finding::{Finding, Severity, count_of, oldest_s};
use crate::terminal::{bad, faint, good, strong};

/// The lines of the screen: what there is, what waits, and what to do.
pub(crate) fn lines(facts: &Facts, findings: &[Finding]) -> Vec<String> {
    let mut lines = vec![
        strong(format!(
            "{} in {}, {}",
            facts.stack, facts.region, facts.stack_status
        )),
        summary(facts),
        faint(format!(
            "{:<18}{:>9}{:>11}{:>9}{:>11}{:>7}{:>9}",
            "queue", "waiting", "in flight", "delayed", "oldest", "held", "dead"
        )),
    ];
    lines.extend(table(facts));
    if findings.is_empty() {
        lines.push(good("✓ nothing to do"));
        return lines;
    }
    for finding in findings {
        let sign = match finding.severity {
            Severity::Fault => bad("✗"),
            Severity::Warning => strong("!"),
        };
        lines.push(format!("{sign} {}: {}", strong(&finding.about), finding.what));
        lines.extend(finding.remedy.lines().map(|line| format!("    {}", faint(line))));
    }
    lines
}

/// Such as `3 of 3 URLs answer, 6 of 6 secrets are filled, 2 of 3 keys are taken, 0 of 35 alarms fire`.
fn summary(facts: &Facts) -> String {
    let answering = facts.urls.iter().filter(|url| url.status == Some(200)).count();
    let is_filled = |content: &Content| matches!(content, Content::Filled | Content::NoToken);
    let filled = facts
        .secrets
        .iter()
        .filter(|secret| is_filled(&secret.content))
        .count();
    let is_good = |answer: KeyAnswer| matches!(answer, KeyAnswer::Accepted | KeyAnswer::WellFormed);
    let taken = facts.keys.iter().filter(|key| is_good(key.answer)).count();
    let mut parts = vec![
        format!("{answering} of {} URLs answer", facts.urls.len()),
        format!("{filled} of {} secrets are filled", facts.secrets.len()),
        format!("{taken} of {} keys are good", facts.keys.len()),
    ];
    if facts.alarms.count > 0 {
        parts.push(format!(
            "{} of {} alarms fire",
            facts.alarms.firing.len(),
            facts.alarms.count
        ));
    }
    if let Some(quota) = facts.quota {
        let (free, all) = (quota.unreserved, quota.concurrent_executions);
        parts.push(format!("{free} of {all} executions are unreserved"));
    }
    parts.join(", ")
}

fn table(facts: &Facts) -> Vec<String> {
    let waiting = facts
        .queues
        .iter()
        .filter(|queue| queue.kind == QueueKind::Waiting);
    let mut rows: Vec<String> = waiting
        .map(|queue| {
            let lines = facts
                .waiting
                .iter()
                .find(|waiting| waiting.destination.as_str() == queue.name);
            let dead_name = format!("{}-dead", queue.name);
            let dead = facts.queues.iter().find(|other| other.name == dead_name);
            let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
            let oldest = oldest_s(facts, &queue.name).map_or_else(|| "-".to_owned(), super::age);
            format!(
                "{:<18}{:>9}{:>11}{:>9}{oldest:>11}{:>7}{:>9}",
                queue.name,
                queue.visible,
                queue.in_flight,
                queue.delayed,
                number(lines.map(|lines| lines.held)),
                number(dead.map(super::facts::Queue::messages)),
            )
        })
        .collect();
    let parked = facts
        .queues
        .iter()
        .filter(|queue| queue.kind == QueueKind::Parked);
    rows.extend(parked.map(|queue| {
        let oldest = queue
            .oldest_s
            .map(|seconds| format!(", the oldest {}", super::age(seconds)));
        let count = count_of(queue.messages(), "message");
        format!("{:<18}{count}{}", queue.name, oldest.unwrap_or_default())
    }));
    rows
}
