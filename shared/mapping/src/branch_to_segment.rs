//! The route `branch_to_segment`: the rules are in `spec/branch-to-segment.md`.

mod body;
mod context;
mod folded;
mod gate;
mod groups;
mod identity;
mod link;
mod name;
mod products;
mod properties;
mod received;
mod time;
mod trim;
mod value;

use crate::rejected::Rejected;
use crate::route::{self, Arrival, Mapping};
use crate::{Trace, segment_size};
use body::Head;
use context::Context;
use event::calls::{Mapped, SegmentCall, UserKey};
use event::json::Json;
use event::reasons::{ParkReason, Warning};
use event::settings::Settings;
use event::{EventId, Source, Timestamp};
use identity::Identity;
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

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, trace: &mut Trace) -> Mapped<SegmentCall> {
    route::map::<BranchToSegment>(text, settings, trace)
}

struct BranchToSegment;

impl Mapping for BranchToSegment {
    const SOURCE: Source = Source::Branch;
    const MALFORMED: &'static str = "BS-030";
    const ID: &'static str = "id";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Received<'a>;
    type Accepted<'a> = (String, Received<'a>);
    type Call = SegmentCall;

    fn open<'a>(event: Json<'a>, _: &mut Trace) -> Option<Received<'a>> {
        Received::open(event)
    }

    fn id(event: &Received<'_>) -> Option<EventId> {
        identity::event_id(event.id)
    }

    fn gate<'a>(
        event: Self::Received<'a>,
        settings: &Settings,
        _: &mut Trace,
    ) -> Result<Self::Accepted<'a>, Rejected> {
        let name = gate::name(&event)?;
        gate::filter(&event, &name, &settings.branch_to_segment)?;
        Ok((name.at_segment(), event))
    }

    fn calls(
        (name, event): Self::Accepted<'_>,
        arrival: &Arrival,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Vec<SegmentCall>, Rejected> {
        Ok(vec![call(&name, &event, arrival, settings, trace)?])
    }
}

fn call(
    name: &str,
    event: &Received<'_>,
    arrival: &Arrival,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<SegmentCall, Rejected> {
    let own = &settings.branch_to_segment;
    let identity = identity::identity(event, own, trace)?;
    trace.record("BS-051", || ("name".into(), format!("event = {name}")));
    let message_id = identity::message_id(arrival, own);
    let timestamp = timestamp(event, trace);
    let context = Context::new(event, trace);
    let head = Head {
        name,
        message_id: &message_id,
        timestamp,
        identity: &identity,
        context: &context,
        settings: own,
    };
    let properties = groups::properties(event, &identity, own.extra_properties, false);
    // Context repeats some of the properties; marks are added.
    let capacity = arrival.length + arrival.length / 2 + 512;
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
        properties.record(trace);
    } else {
        call.body = trimmed(&head, event, limit, trace)?;
    }
    call.message_id = message_id;
    Ok(call)
}

/// The body of a call that is too large, without the properties that must go.
fn trimmed(
    head: &Head<'_>,
    event: &Received<'_>,
    limit: usize,
    trace: &mut Trace,
) -> Result<String, Rejected> {
    let properties = groups::properties(event, head.identity, head.settings.extra_properties, true);
    properties.record(trace);
    let whole = body::write(head, properties.list.iter(), Some(&[]), limit);
    let size = segment_size::sent_size(&whole, head.timestamp.is_none());
    let Some(places) = trim::trim(&properties, size, limit) else {
        return Err(Rejected::park("BS-153", "properties", ParkReason::EventTooLarge));
    };
    let names: Vec<&str> = places
        .iter()
        .filter_map(|at| properties.list.get(*at))
        .map(|property| property.name.as_ref())
        .collect();
    for name in &names {
        trace.record("BS-152", || {
            let path = format!("properties.{name}");
            (path, "left out: the event is too large".into())
        });
    }
    trace.warn(Warning::Trimmed, || "properties".into());
    let removed: BTreeSet<usize> = places.iter().copied().collect();
    let left = properties
        .list
        .iter()
        .enumerate()
        .filter(|(at, _)| !removed.contains(at))
        .map(|(_, property)| property);
    Ok(body::write(head, left, Some(&names), limit))
}

fn timestamp(event: &Received<'_>, trace: &mut Trace) -> Option<Timestamp> {
    let times = ["timestamp", "event_timestamp"].into_iter().zip(event.times);
    let found = times
        .into_iter()
        .find_map(|(field, time)| Some((field, time::time(time?)?)));
    match found {
        Some((field, _)) => trace.record("BS-054", || (field.into(), "timestamp".into())),
        None => trace.warn(Warning::TimeUnreadable, || "timestamp".into()),
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
