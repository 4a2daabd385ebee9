//! The route `branch_to_segment`: the rules are in `spec/branch-to-segment.md`.

mod body;
mod context;
mod folded;
mod gate;
mod groups;
mod identity;
mod link;
mod moment;
mod name;
mod products;
mod properties;
mod received;
mod trim;
mod value;

use crate::{Notes, segment_size};
use body::Head;
use context::Context;
use event::Timestamp;
use event::calls::{Mapped, SegmentCall, UserKey, Verdict};
use event::json::well_formed;
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::Settings;
use identity::{Identity, Ids, Nobody};
use received::Received;
use std::collections::BTreeSet;

/// The warnings of this route in the order of its list of reasons.
const WARNINGS: [Warning; 5] = [
    Warning::IdDerived,
    Warning::PlaceholderUserId,
    Warning::TimeUnreadable,
    Warning::PropertyCollision,
    Warning::Trimmed,
];

/// Why an event is not sent.
enum Unsent {
    Ignored(IgnoreReason),
    Parked(ParkReason),
}

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, notes: &mut Notes) -> Mapped<SegmentCall> {
    let shaped = well_formed(text);
    let event = Received::open(&shaped);
    let given = event.as_ref().and_then(|event| event.id);
    let ids = Ids::new(given, text, &settings.branch_to_segment);
    if ids.is_derived {
        notes.warn(Warning::IdDerived, || "id".into());
    }
    let call = match event {
        Some(event) => call(&event, ids.message, text.len(), settings, notes),
        None => Err(parked(notes, "BS-030", "$", ParkReason::MalformedEvent)),
    };
    let verdict = match call {
        Ok(call) => Verdict::Deliver {
            calls: vec![call],
            warnings: notes.warnings(&WARNINGS),
        },
        Err(Unsent::Ignored(reason)) => Verdict::Ignore(reason),
        Err(Unsent::Parked(reason)) => Verdict::Park(reason),
    };
    Mapped {
        id: ids.event,
        verdict,
    }
}

fn call(
    event: &Received<'_>,
    message_id: String,
    length: usize,
    settings: &Settings,
    notes: &mut Notes,
) -> Result<SegmentCall, Unsent> {
    let own = &settings.branch_to_segment;
    let name = gate::name(event).map_err(|(rule, reason)| parked(notes, rule, "name", reason))?;
    if let Some((rule, reason)) = gate::closed_for(event, &name, own) {
        return Err(ignored(notes, rule, "name", reason));
    }
    let identity = identity::identity(event, own, notes).map_err(|nobody| match nobody {
        Nobody::Parked(reason) => parked(notes, "BS-074", "user_data", reason),
        Nobody::Ignored(reason) => ignored(notes, "BS-074", "user_data", reason),
    })?;
    let name = name.at_segment();
    notes.tell("BS-051", || ("name".into(), format!("event = {name}")));
    let timestamp = timestamp(event, notes);
    let context = Context::new(event, notes);
    let head = Head {
        name: &name,
        message_id: &message_id,
        timestamp,
        identity: &identity,
        context: &context,
        settings: own,
    };
    let properties = groups::properties(event, &identity, own.extra_properties, false);
    // Context repeats some of the properties; marks are added.
    let capacity = length + length / 2 + 512;
    let mut call = SegmentCall {
        body: body::write(&head, properties.list.iter(), None, capacity),
        message_id: String::new(),
        lacks_timestamp: timestamp.is_none(),
        platform: context::platform(event),
        user: user_key(&identity),
    };
    let limit = settings
        .segment
        .max_event_bytes
        .min(segment_size::MAX_EVENT_BYTES);
    if segment_size::fits(&call, limit) {
        properties.tell(notes);
    } else {
        call.body = trimmed(&head, event, limit, notes)?;
    }
    call.message_id = message_id;
    Ok(call)
}

/// The body of a call that is too large, without the properties that must go.
fn trimmed(head: &Head<'_>, event: &Received<'_>, limit: usize, notes: &mut Notes) -> Result<String, Unsent> {
    let properties = groups::properties(event, head.identity, head.settings.extra_properties, true);
    properties.tell(notes);
    let whole = body::write(head, properties.list.iter(), Some(&[]), limit);
    let size = segment_size::sent_size(&whole, head.timestamp.is_none());
    let Some(places) = trim::trim(&properties, size, limit) else {
        return Err(parked(notes, "BS-153", "properties", ParkReason::EventTooLarge));
    };
    let names: Vec<&str> = places
        .iter()
        .filter_map(|at| properties.list.get(*at))
        .map(|property| property.name.as_ref())
        .collect();
    for name in &names {
        notes.tell("BS-152", || {
            let path = format!("properties.{name}");
            (path, "left out: the event is too large".into())
        });
    }
    notes.warn(Warning::Trimmed, || "properties".into());
    let removed: BTreeSet<usize> = places.iter().copied().collect();
    let left = properties
        .list
        .iter()
        .enumerate()
        .filter(|(at, _)| !removed.contains(at))
        .map(|(_, property)| property);
    Ok(body::write(head, left, Some(&names), limit))
}

fn timestamp(event: &Received<'_>, notes: &mut Notes) -> Option<Timestamp> {
    let times = ["timestamp", "event_timestamp"].into_iter().zip(event.times);
    let found = times
        .into_iter()
        .find_map(|(field, time)| Some((field, moment::moment(time?)?)));
    match found {
        Some((field, _)) => notes.tell("BS-054", || (field.into(), "timestamp".into())),
        None => notes.warn(Warning::TimeUnreadable, || "timestamp".into()),
    }
    found.map(|(_, timestamp)| timestamp)
}

/// The user whose calls stay in order.
fn user_key(identity: &Identity<'_>) -> Option<UserKey> {
    let user = identity.user_id.as_ref().map(|id| UserKey::new("userId", id));
    user.or_else(|| {
        identity
            .anonymous_id
            .as_ref()
            .map(|id| UserKey::new("anonymousId", id))
    })
}

fn ignored(notes: &mut Notes, rule: &'static str, path: &str, reason: IgnoreReason) -> Unsent {
    notes.tell(rule, || (path.to_owned(), format!("ignored: {reason}")));
    Unsent::Ignored(reason)
}

fn parked(notes: &mut Notes, rule: &'static str, path: &str, reason: ParkReason) -> Unsent {
    notes.tell(rule, || (path.to_owned(), format!("parked: {reason}")));
    Unsent::Parked(reason)
}
