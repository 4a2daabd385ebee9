//! What became of the samples: read from the functions' own log lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use event::Destination;
use sandbox::{Fate as Taken, Item};
use serde::Deserialize;

use super::arrival::{arrival, vendor};
use super::samples::{Sample, SampleEvent};
use super::{Error, Reply, Stack};
use crate::terminal::{bad, faint, good, strong};

/// How long an event may take before it counts as lost from sight.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A log line of kind `event`, as far as it is shown.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fate {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    event_id: String,
    #[serde(default)]
    outcome: String,
    reason: Option<String>,
    class: Option<String>,
    status: Option<u16>,
    age_ms: Option<u64>,
}

impl Fate {
    fn is_final(&self) -> bool {
        matches!(
            self.outcome.as_str(),
            "delivered" | "warned" | "ignored" | "parked"
        )
    }

    fn has_arrived(&self) -> bool {
        matches!(self.outcome.as_str(), "delivered" | "warned")
    }
}

/// The last word on each event, by destination and id.
pub(crate) type Fates = BTreeMap<(Destination, String), Fate>;

/// Waits until every event of the samples that were taken has a final outcome, or until patience ends.
pub(crate) async fn watch(stack: &Stack, sent: &[(Sample, Reply)]) -> Result<Fates, Error> {
    let taken: Vec<_> = sent
        .iter()
        .filter(|(_, reply)| reply.is_success())
        .map(|(sample, _)| sample)
        .collect();
    let mut fates = Fates::new();
    let all_final = async {
        let mut tick = tokio::time::interval(LOOK_AGAIN);
        loop {
            tick.tick().await;
            fates = read(stack).await?;
            let mut events = taken.iter().flat_map(|sample| &sample.events);
            if events.all(|event| fate(&fates, event).is_some_and(Fate::is_final)) {
                return Ok(());
            }
        }
    };
    match tokio::time::timeout(PATIENCE, all_final).await {
        Ok(Err(error)) => Err(error),
        // Those without a final outcome are shown as they are.
        Ok(Ok(())) | Err(_) => Ok(fates),
    }
}

async fn read(stack: &Stack) -> Result<Fates, Error> {
    let mut fates = Fates::new();
    for destination in [Destination::Braze, Destination::Branch, Destination::Segment] {
        for line in stack.log_lines(&format!("deliver-{destination}")).await? {
            let Ok(fate) = serde_json::from_str::<Fate>(&line) else {
                continue;
            };
            if fate.kind == "event" {
                fates.insert((destination, fate.event_id.clone()), fate);
            }
        }
    }
    Ok(fates)
}

fn fate<'a>(fates: &'a Fates, event: &SampleEvent) -> Option<&'a Fate> {
    fates.get(&(event.destination, event.id.clone()))
}

/// All that is known of the samples.
pub(crate) struct Account<'a, P> {
    /// What the functions say.
    pub(crate) fates: Fates,
    /// What the sandbox has seen.
    pub(crate) items: &'a [Item],
    /// Whether the sandbox plays a destination: arrival there is proved by its record.
    pub(crate) is_played: P,
}

impl<P: Fn(Destination) -> bool> Account<'_, P> {
    /// What the sandbox has seen of an event.
    fn seen(&self, event: &SampleEvent) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| {
            item.vendor == vendor(event.destination) && item.json.contains(event.mark.as_str())
        })
    }

    /// Whether an event ended as it should.
    pub(crate) fn is_as_expected(&self, event: &SampleEvent) -> bool {
        let taken = |item: &Item| matches!(item.fate, Taken::Accepted | Taken::Repeated);
        let has_arrived = self.seen(event).next().is_some() && self.seen(event).all(taken);
        match fate(&self.fates, event) {
            Some(fate) if event.must_arrive => {
                fate.has_arrived() && (has_arrived || !(self.is_played)(event.destination))
            }
            Some(fate) => fate.is_final() && fate.outcome != "parked",
            None => false,
        }
    }

    /// The paragraph about one sample.
    pub(crate) fn describe(&self, sample: &Sample, reply: &Reply) -> String {
        let answer = format!("{} {}", reply.status, reply.body);
        let answer = if reply.is_success() {
            good(answer)
        } else {
            bad(answer)
        };
        let mut text = format!("{}, answered {answer}\n", strong(sample.title));
        for event in &sample.events {
            let to = format!("→ {}", event.destination);
            let fate = fate(&self.fates, event);
            let has_arrived = fate.is_some_and(Fate::has_arrived);
            let fate = fate.map_or_else(|| bad("no trace yet"), word);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {:<28}{to:<11}{fate}", event.name);
            for item in self.seen(event) {
                let _ = writeln!(text, "      {}", arrival(item));
            }
            if has_arrived && (self.is_played)(event.destination) && self.seen(event).next().is_none() {
                let _ = writeln!(text, "      {}", bad("but the sandbox has not seen it"));
            }
        }
        text
    }
}

fn word(fate: &Fate) -> String {
    let mut text = fate.outcome.clone();
    for detail in [&fate.reason, &fate.class].into_iter().flatten() {
        let _ = write!(text, " ({detail})");
    }
    let text = match fate.outcome.as_str() {
        "delivered" | "warned" => good(text),
        "ignored" => text,
        _ => bad(text),
    };
    let status = fate.status.map(|status| format!("answered {status}"));
    let age = fate.age_ms.map(|age| format!("after {age} ms"));
    let details: Vec<String> = status.into_iter().chain(age).collect();
    format!("{text} {}", faint(details.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::Vendor;

    fn event(must_arrive: bool) -> SampleEvent {
        SampleEvent {
            id: "m-1".to_owned(),
            name: "identify",
            destination: Destination::Braze,
            mark: "L-1".to_owned(),
            must_arrive,
        }
    }

    fn item(vendor: Vendor, json: &str, fate: Taken) -> Item {
        Item {
            vendor,
            request: 0,
            endpoint: "POST /users/track".to_owned(),
            array: "attributes".to_owned(),
            index: 0,
            json: json.to_owned(),
            fate,
            losses: Vec::new(),
        }
    }

    /// Whether all is well with one event where another address than the sandbox's is delivered to.
    fn is_well(line: &str, must_arrive: bool) -> bool {
        let account = Account {
            fates: fates(line),
            items: &[],
            is_played: |_| false,
        };
        account.is_as_expected(&event(must_arrive))
    }

    fn fates(line: &str) -> Fates {
        let fate: Fate = serde_json::from_str(line).unwrap();
        Fates::from([((Destination::Braze, fate.event_id.clone()), fate)])
    }

    const DELIVERED: &str =
        r#"{"kind":"event","event_id":"m-1","outcome":"delivered","status":201,"age_ms":42}"#;
    const IGNORED: &str = r#"{"kind":"event","event_id":"m-1","outcome":"ignored","reason":"no_route"}"#;
    const PARKED: &str = r#"{"kind":"event","event_id":"m-1","outcome":"parked","reason":"rejected"}"#;
    /// Of another event.
    const UNTOLD: &str = r#"{"kind":"event","event_id":"m-2","outcome":"delivered"}"#;
    const WAITING: &str = r#"{"kind":"event","event_id":"m-1","outcome":"retry","class":"transient"}"#;

    #[test]
    fn what_must_arrive_is_well_only_when_delivered() {
        assert!(is_well(DELIVERED, true));
        for line in [IGNORED, PARKED, WAITING, UNTOLD] {
            assert!(!is_well(line, true), "{line}");
        }
    }

    #[test]
    fn what_need_not_arrive_is_well_unless_it_is_parked_or_unaccounted_for() {
        for line in [DELIVERED, IGNORED] {
            assert!(is_well(line, false), "{line}");
        }
        for line in [PARKED, WAITING, UNTOLD] {
            assert!(!is_well(line, false), "{line}");
        }
    }

    #[test]
    fn what_the_sandbox_plays_has_arrived_when_the_sandbox_has_taken_all_of_it() {
        let is_well = |items: &[Item]| {
            let account = Account {
                fates: fates(DELIVERED),
                items,
                is_played: |_| true,
            };
            account.is_as_expected(&event(true))
        };
        let mine = r#"{"loyalty_id":"L-1"}"#;
        let taken = item(Vendor::Braze, mine, Taken::Accepted);
        let lost = Taken::Discarded {
            reason: "no".to_owned(),
        };
        assert!(is_well(std::slice::from_ref(&taken)));
        assert!(!is_well(&[]));
        assert!(!is_well(&[item(Vendor::Segment, mine, Taken::Accepted)]));
        assert!(!is_well(&[item(Vendor::Braze, "{}", Taken::Accepted)]));
        assert!(!is_well(&[taken, item(Vendor::Braze, mine, lost)]));
    }

    #[test]
    fn the_description_gives_outcome_reason_status_and_age() {
        let delivered = word(&serde_json::from_str(DELIVERED).unwrap());
        assert!(
            delivered.contains("delivered") && delivered.contains("answered 201, after 42 ms"),
            "{delivered}"
        );
        let parked = word(&serde_json::from_str(PARKED).unwrap());
        assert!(parked.contains("parked (rejected)"), "{parked}");
        let waiting = word(&serde_json::from_str(WAITING).unwrap());
        assert!(waiting.contains("retry (transient)"), "{waiting}");
    }
}
