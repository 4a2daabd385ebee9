//! The route `braze_to_segment`: the rules are in `spec/braze-to-segment.md`.

mod body;
mod context;
mod dropped;
mod gate;
mod identity;
mod name;
mod paths;
mod properties;
mod readable_name;
mod received;
mod time;
mod trim;
mod value;

use crate::rejected::Rejected;
use crate::route::{self, Arrival, Mapping};
use crate::{Trace, segment_size};
use body::{Head, TRUNCATED};
use event::calls::{Mapped, SegmentCall, UserKey};
use event::json::Json;
use event::reasons::{ParkReason, Warning};
use event::settings::Settings;
use event::{EventId, Source, currents};
use identity::Identity;
use properties::Property;
use received::{Received, Root};
use std::borrow::Cow;
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

/// Maps one event. `text` is the event as received: any one JSON value.
pub fn map(text: &str, settings: &Settings, trace: &mut Trace) -> Mapped<SegmentCall> {
    route::map::<BrazeToSegment>(text, settings, trace)
}

struct BrazeToSegment;

impl Mapping for BrazeToSegment {
    const SOURCE: Source = Source::Braze;
    const MALFORMED: &'static str = "BZ-018";
    const ID: &'static str = "id";
    const WARNINGS: &'static [Warning] = &WARNINGS;
    type Received<'a> = Root<'a>;
    type Accepted<'a> = (Cow<'a, str>, Received<'a>);
    type Call = SegmentCall;

    fn open<'a>(event: Json<'a>, _: &mut Trace) -> Option<Root<'a>> {
        Root::open(event)
    }

    fn id(root: &Root<'_>) -> Option<EventId> {
        identity::event_id(root.id)
    }

    fn gate<'a>(
        root: Self::Received<'a>,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Self::Accepted<'a>, Rejected> {
        let event = root.event(trace)?;
        let event_type = match currents::alias_of(&event.event_type) {
            Some(canonical) => {
                trace.record("BZ-030", || ("event_type".into(), format!("read as {canonical}")));
                Cow::Borrowed(canonical)
            }
            None => event.event_type.clone(),
        };
        gate::filter(&event, &event_type, &settings.braze_to_segment)?;
        Ok((event_type, event))
    }

    fn calls(
        (event_type, event): Self::Accepted<'_>,
        arrival: &Arrival,
        settings: &Settings,
        trace: &mut Trace,
    ) -> Result<Vec<SegmentCall>, Rejected> {
        Ok(vec![call(&event_type, event, arrival, settings, trace)?])
    }
}

fn call(
    event_type: &str,
    event: Received<'_>,
    arrival: &Arrival,
    settings: &Settings,
    trace: &mut Trace,
) -> Result<SegmentCall, Rejected> {
    let own = &settings.braze_to_segment;
    let identity = identity::identity(&event.user, own, trace)?;
    let name = name::name(&event, event_type, own, trace).into_owned();
    let timestamp = time::time(event.time, event.property("time_ms"), trace);
    let (properties, context) = paths::paths(event, event_type, own, trace);
    let message_id = identity::message_id(&arrival.id, own);
    let head = Head {
        name: &name,
        message_id: &message_id,
        timestamp,
        identity: &identity,
        context: &context,
        settings: own,
    };
    // What is added: the mark, the library, the integrations.
    let capacity = arrival.length + 512;
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
        call.body = trimmed(&head, properties, &call, limit, trace)?;
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
    trace: &mut Trace,
) -> Result<String, Rejected> {
    let lists = !head.settings.drop_properties.iter().any(|name| name == TRUNCATED);
    let size = segment_size::sent_size(&whole.body, whole.lacks_timestamp);
    let Some(places) = trim::trim(&properties, size, limit, lists) else {
        return Err(Rejected::park("BZ-253", "properties", ParkReason::EventTooLarge));
    };
    let names: Vec<String> = places
        .iter()
        .filter_map(|at| properties.get(*at))
        .map(|property| property.key.to_string())
        .collect();
    for name in &names {
        trace.record("BZ-252", || {
            (
                format!("properties.{name}"),
                "left out: the event is too large".into(),
            )
        });
        trace.warn(Warning::Trimmed, || format!("properties.{name}"));
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
