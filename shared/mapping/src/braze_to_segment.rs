//! The route `braze_to_segment`: the rules are in `spec/braze-to-segment.md`.

mod body;
mod context;
mod dropped;
mod gate;
mod identity;
mod moment;
mod name;
mod paths;
mod properties;
mod readable_name;
mod received;
mod trim;
mod value;

use crate::{Notes, segment_size};
use body::{Head, TRUNCATED};
use event::calls::{Mapped, SegmentCall, UserKey, Verdict};
use event::json::well_formed;
use event::reasons::{IgnoreReason, ParkReason, Warning};
use event::settings::Settings;
use event::{EventId, currents};
use identity::Identity;
use properties::Property;
use received::Root;
use std::collections::BTreeSet;

/// The warnings of this route in the order of its list of reasons.
const WARNINGS: [Warning; 6] = [
    Warning::IdDerived,
    Warning::TimeUnreadable,
    Warning::UnknownEventType,
    Warning::ExternalIdUnreadable,
    Warning::FieldCollision,
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
    let root = Root::open(&shaped);
    let given = root.as_ref().and_then(|root| root.id);
    let (id, is_derived) = identity::event_id(given, text);
    if is_derived {
        notes.warn(Warning::IdDerived, || "id".into());
    }
    let call = match root {
        Some(root) => call(root, &id, text.len(), settings, notes),
        None => Err(parked(notes, "BZ-018", "$", ParkReason::MalformedEvent)),
    };
    let verdict = match call {
        Ok(call) => Verdict::Deliver {
            calls: vec![call],
            warnings: notes.warnings(&WARNINGS),
        },
        Err(Unsent::Ignored(reason)) => Verdict::Ignore(reason),
        Err(Unsent::Parked(reason)) => Verdict::Park(reason),
    };
    Mapped { id, verdict }
}

fn call(
    root: Root<'_>,
    id: &EventId,
    length: usize,
    settings: &Settings,
    notes: &mut Notes,
) -> Result<SegmentCall, Unsent> {
    let own = &settings.braze_to_segment;
    let event = root
        .event(notes)
        .map_err(|(rule, path, reason)| parked(notes, rule, path, reason))?;
    // Borrowed apart from the event, which gives its fields away below.
    let received_type = event.event_type.clone();
    let event_type = currents::canonical(&received_type);
    if event_type != received_type {
        notes.tell("BZ-030", || {
            ("event_type".into(), format!("read as {event_type}"))
        });
    }
    if let Some(closed) = gate::closed_for(&event, event_type, own) {
        return Err(ignored(notes, "event_type", closed));
    }
    let identity =
        identity::identity(&event.user, own, notes).map_err(|nobody| ignored(notes, "user", nobody))?;
    let name = name::name(&event, event_type, own, notes).into_owned();
    let timestamp = moment::moment(event.time, event.property("time_ms"), notes);
    let (properties, context) = paths::paths(event, event_type, own, notes);
    let message_id = body::message_id(id, own);
    let head = Head {
        name: &name,
        message_id: &message_id,
        timestamp,
        identity: &identity,
        context: &context,
        settings: own,
    };
    // What is added: the mark, the library, the integrations.
    let capacity = length + 512;
    let mut call = SegmentCall {
        body: body::write(&head, &properties, None, capacity),
        message_id: String::new(),
        lacks_timestamp: timestamp.is_none(),
        platform: None,
        user: user_key(&identity),
    };
    let limit = settings
        .segment
        .max_event_bytes
        .min(segment_size::MAX_EVENT_BYTES);
    if !segment_size::fits(&call, limit) {
        call.body = trimmed(&head, properties, &call, limit, notes)?;
    }
    call.message_id = message_id;
    Ok(call)
}

/// The body of a call that is too large, without the properties that must go.
fn trimmed(
    head: &Head<'_>,
    mut properties: Vec<Property<'_>>,
    whole: &SegmentCall,
    limit: usize,
    notes: &mut Notes,
) -> Result<String, Unsent> {
    let lists = !head.settings.drop_properties.iter().any(|name| name == TRUNCATED);
    let size = segment_size::sent_size(&whole.body, whole.lacks_timestamp);
    let Some(places) = trim::trim(&properties, size, limit, lists) else {
        return Err(parked(notes, "BZ-253", "properties", ParkReason::EventTooLarge));
    };
    let names: Vec<String> = places
        .iter()
        .filter_map(|at| properties.get(*at))
        .map(|property| property.key.to_string())
        .collect();
    for name in &names {
        notes.tell("BZ-252", || {
            (
                format!("properties.{name}"),
                "left out: the event is too large".into(),
            )
        });
        notes.warn(Warning::Trimmed, || format!("properties.{name}"));
    }
    let removed: BTreeSet<usize> = places.into_iter().collect();
    let mut at = 0..;
    properties.retain(|property| {
        let is_removed = at.next().is_some_and(|at| removed.contains(&at));
        let is_replaced = lists && property.key == TRUNCATED;
        !(is_removed || is_replaced)
    });
    Ok(body::write(
        head,
        &properties,
        lists.then_some(names.as_slice()),
        limit,
    ))
}

fn ignored(notes: &mut Notes, path: &str, (rule, reason): (&'static str, IgnoreReason)) -> Unsent {
    notes.tell(rule, || (path.to_owned(), format!("ignored: {reason}")));
    Unsent::Ignored(reason)
}

fn parked(notes: &mut Notes, rule: &'static str, path: &str, reason: ParkReason) -> Unsent {
    notes.tell(rule, || (path.to_owned(), format!("parked: {reason}")));
    Unsent::Parked(reason)
}

/// The user whose calls stay in order.
fn user_key(identity: &Identity<'_>) -> Option<UserKey> {
    let user = identity
        .user_id
        .as_ref()
        .map(|id| UserKey::new("userId", &id.text));
    user.or_else(|| {
        identity
            .anonymous_id
            .as_ref()
            .map(|id| UserKey::new("anonymousId", &id.text))
    })
}
