//! Tracks that start campaigns and canvases, and those that change a catalog (Part 2).

use super::attributes::{Traits, bare};
use super::event_context::EventContext;
use super::gate::EventType;
use super::identity::{Identity, Ids};
use super::members::{Member, Parent, members};
use super::properties::{PROPERTIES, is_dropped, matches, stays_in_event, without_dropped, written};
use super::received::Received;
use crate::Trace;
use crate::forms::text::text;
use crate::rejected::{Reason, Rejected};
use event::calls::{BrazeArray, BrazeCall, BrazeEndpoint, BrazeItem, UserKey};
use event::json::{Object, ObjectWriter, compact_size};
use event::reasons::{ParkReason, Warning};
use event::settings::{
    CatalogOperation, CatalogRule, Condition, SegmentToBraze, TriggerRule, is_catalog_name,
};

/// The most bytes of the properties that a campaign takes.
const MAX_TRIGGER_BYTES: usize = 51_200;

/// The setting by which a message goes to users whom Braze does not know.
const EXISTING_ONLY: &str = "settings.segment_to_braze.triggers.send_to_existing_only";

/// Whom of several people with one address a message goes to.
const EMAIL_PRIORITIES: [&str; 2] = ["identified", "most_recently_updated"];

/// What the settings want done beside, or instead of, sending an event as such.
pub(super) struct Wanted<'s> {
    triggers: Vec<&'s TriggerRule>,
    catalogs: Vec<&'s CatalogRule>,
    /// Whether they read the event's traits where those for tracks read the properties (OR-065).
    of_traits: bool,
}

impl<'s> Wanted<'s> {
    /// What they want for an event. `name` is that of a track.
    pub(super) fn of(
        event_type: EventType,
        name: Option<&str>,
        event: &Received<'_>,
        settings: &'s SegmentToBraze,
    ) -> Self {
        let is_for = |own_name: &str, when: Option<&Condition>| {
            (own_name.is_empty() || Some(own_name) == name) && when.is_none_or(|when| event.meets(when))
        };
        let triggers = settings.triggers.iter();
        let catalogs = settings.catalogs.iter();
        Self {
            triggers: triggers
                .filter(|rule| is_for(&rule.event, rule.when.as_ref()))
                .collect(),
            catalogs: catalogs
                .filter(|rule| is_for(&rule.event, rule.when.as_ref()))
                .collect(),
            of_traits: matches!(event_type, EventType::Identify | EventType::Group),
        }
    }

    fn is_nothing(&self) -> bool {
        self.triggers.is_empty() && self.catalogs.is_empty()
    }

    /// What an event has where those for tracks read the properties.
    fn read<'e, 'a>(&self, event: &'e Received<'a>) -> (Parent, Option<&'e Object<'a>>) {
        if self.of_traits {
            (Parent::Object("traits"), event.traits.as_ref())
        } else {
            (PROPERTIES, Some(&event.properties))
        }
    }

    /// Whether a trigger carries the attributes of `context.traits`.
    pub(super) fn reads_traits(&self) -> bool {
        self.triggers.iter().any(|rule| !rule.send_to_existing_only)
    }

    /// Whether the track is sent as such, too.
    pub(super) fn also_track(&self, identity: &Identity) -> bool {
        let cannot_trigger = matches!(identity, Identity::Phone(_));
        let mut rules = self
            .triggers
            .iter()
            .map(|rule| rule.also_track || cannot_trigger)
            .chain(self.catalogs.iter().map(|rule| rule.also_track));
        self.is_nothing() || rules.any(|also| also)
    }

    /// The calls of the triggers: campaigns, then canvases.
    ///
    /// # Errors
    /// The properties are too large for a campaign.
    pub(super) fn trigger_calls(
        &self,
        event_context: &EventContext<'_, '_>,
        trace: &mut Trace,
    ) -> Result<Vec<BrazeCall>, Rejected> {
        if !self.triggers.is_empty() && matches!(event_context.identity, Identity::Phone(_)) {
            trace.warn("SB-407", Warning::TriggerSkipped, || {
                name_or_type(event_context.event).into()
            });
            return Ok(Vec::new());
        }
        let is_campaign = |rule: &&&TriggerRule| !rule.campaign_id.is_empty();
        let campaigns = self.triggers.iter().filter(is_campaign);
        let canvases = self.triggers.iter().filter(|rule| !is_campaign(rule));
        campaigns
            .chain(canvases)
            .map(|rule| trigger(rule, self.read(event_context.event), event_context, trace))
            .collect()
    }

    /// The calls of the catalogs, and whether the track is to be sent because one of them would change nothing (SB-428).
    ///
    /// # Errors
    /// The track names no item.
    pub(super) fn catalog_calls(
        &self,
        event: &Received<'_>,
        settings: &SegmentToBraze,
        trace: &mut Trace,
    ) -> Result<CatalogCalls, Rejected> {
        let mut made = CatalogCalls::default();
        for rule in &self.catalogs {
            match catalog(rule, self.read(event), settings, trace)? {
                Some(call) => made.calls.push(call),
                None => made.has_skipped = true,
            }
        }
        Ok(made)
    }
}

/// The calls of a track that changes catalogs.
#[derive(Default)]
pub(super) struct CatalogCalls {
    /// The calls, in the order of the settings.
    pub calls: Vec<BrazeCall>,
    /// Whether one was left out: without a field it would have emptied the stored item.
    pub has_skipped: bool,
}

/// The calls of an event that is no track: its own, and those of the triggers and catalog entries that it meets.
///
/// # Errors
/// Why it is not sent.
pub(super) fn beside(
    event_type: EventType,
    event: &Received<'_>,
    settings: &SegmentToBraze,
    trace: &mut Trace,
    own: impl FnOnce(&mut Trace) -> Result<Vec<BrazeCall>, Rejected>,
) -> Result<Vec<BrazeCall>, Rejected> {
    let wanted = Wanted::of(event_type, None, event, settings);
    if wanted.is_nothing() {
        return own(trace);
    }
    let mut of_identity = trace.empty();
    let Some(identity) = Ids::new(event, settings).identity(&mut of_identity) else {
        let catalogs = wanted.catalog_calls(event, settings, trace)?.calls;
        if catalogs.is_empty() {
            return own(trace);
        }
        trace.append(of_identity);
        return Ok(catalogs);
    };
    let mut calls = Vec::new();
    let recorded = trace.entries().len();
    let catalogs = wanted.catalog_calls(event, settings, trace);
    let of_catalogs = trace.take_from(recorded);
    let has_skipped = catalogs.as_ref().is_ok_and(|catalogs| catalogs.has_skipped);
    let has_own = wanted.also_track(&identity) || has_skipped;
    if has_own {
        match own(trace) {
            Ok(own) => calls = own,
            // Nothing is sent of the event itself; the trigger is a matter of its own.
            Err(Rejected {
                rule,
                path,
                reason: reason @ Reason::Ignore(_),
            }) => trace.record(rule, || (path.into_owned(), reason.to_string())),
            Err(rejected) => return Err(rejected),
        }
    }
    // Its own calls may be ignored before they ask for the user, or ask for it in another way.
    trace.append_new(of_identity);
    if !has_own {
        trace.record("SB-405", || {
            ("type".into(), "no calls of its own: also_track = false".into())
        });
    }
    let event_context = EventContext::new(event, settings, identity);
    calls.extend(wanted.trigger_calls(&event_context, trace)?);
    trace.put_back(of_catalogs);
    calls.extend(catalogs?.calls);
    Ok(calls)
}

fn trigger(
    rule: &TriggerRule,
    (parent, object): (Parent, Option<&Object<'_>>),
    event_context: &EventContext<'_, '_>,
    trace: &mut Trace,
) -> Result<BrazeCall, Rejected> {
    let is_campaign = !rule.campaign_id.is_empty();
    let properties = object
        .into_iter()
        .flat_map(|object| members(object, parent))
        .collect();
    let properties = written(properties, &mut stays_in_event, event_context.settings, trace);
    let is_too_large = |json: &str| json.len() > MAX_TRIGGER_BYTES && compact_size(json) > MAX_TRIGGER_BYTES;
    if is_campaign
        && properties
            .as_ref()
            .is_some_and(|properties| is_too_large(&properties.json))
    {
        return Err(Rejected::park("SB-406", "properties", ParkReason::TooLarge).at(parent.path()));
    }
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    let from = name_or_type(event_context.event);
    write_recipient(&mut out, &event_context.identity, from, trace);
    if let Some(properties) = properties {
        let key = if is_campaign {
            "trigger_properties"
        } else {
            rule.canvas_key.as_str()
        };
        properties.record("SB-402", format_args!("recipients[0].{key}"), trace);
        out.raw(key, &properties.json);
    }
    if !event_context.identity.is_alias() {
        trace.record("SB-403", || {
            (EXISTING_ONLY.into(), "recipients[0].send_to_existing_only".into())
        });
        out.bool("send_to_existing_only", rule.send_to_existing_only);
    }
    if !rule.send_to_existing_only {
        let none = Object::empty();
        let traits = Traits {
            members: event_context.event.context_traits.as_ref().unwrap_or(&none),
            path: "context.traits",
            into: "recipients[0].attributes",
            is_identify: false,
        };
        let path = match event_context.event.context_traits {
            Some(_) => traits.path,
            None => EXISTING_ONLY,
        };
        trace.record("SB-404", || (path.into(), "recipients[0].attributes".into()));
        out.raw("attributes", &bare(&traits, event_context, trace));
    }
    drop(out);
    let endpoint = if is_campaign {
        BrazeEndpoint::CampaignTrigger {
            campaign_id: rule.campaign_id.clone(),
            send_id: rule.send_id.clone(),
        }
    } else {
        BrazeEndpoint::CanvasTrigger {
            canvas_id: rule.canvas_id.clone(),
        }
    };
    let (_, path) = endpoint.target();
    trace.record("SB-400", || (from.into(), format!("trigger {path}")));
    Ok(BrazeCall {
        endpoint,
        items: vec![event_context.item(BrazeArray::Recipients, json)],
    })
}

/// What an event is known by: a track by its name, all others by their type.
fn name_or_type(event: &Received<'_>) -> &'static str {
    event.get("event").map_or("type", |_| "event")
}

fn write_recipient(out: &mut ObjectWriter<'_>, identity: &Identity, from: &'static str, trace: &mut Trace) {
    let record = |field: &str, trace: &mut Trace| {
        trace.record("SB-401", || (from.into(), format!("recipients[0].{field}")));
    };
    match identity {
        Identity::ExternalId(id) => {
            record("external_user_id", trace);
            out.string("external_user_id", id);
        }
        Identity::BrazeId(_) | Identity::UserAlias(_) | Identity::Phone(_) => identity.write(out),
        Identity::Email(_) => {
            identity.write(out);
            record("prioritization", trace);
            let mut list = out.array("prioritization");
            EMAIL_PRIORITIES.iter().for_each(|priority| list.string(priority));
        }
    }
}

fn catalog(
    rule: &CatalogRule,
    (parent, object): (Parent, Option<&Object<'_>>),
    settings: &SegmentToBraze,
    trace: &mut Trace,
) -> Result<Option<BrazeCall>, Rejected> {
    let id = object
        .and_then(|object| object.get(&rule.id_property))
        .and_then(text);
    let id = id.filter(|id| is_catalog_name(id));
    let id = id.ok_or_else(|| {
        Rejected::park("SB-421", "properties", ParkReason::NoItemId).at(parent.below(&rule.id_property))
    })?;
    let catalog = rule.catalog.clone();
    let endpoint = match rule.op {
        CatalogOperation::Upsert => BrazeEndpoint::CatalogUpsert { catalog },
        CatalogOperation::Update => BrazeEndpoint::CatalogUpdate { catalog },
        CatalogOperation::Delete => BrazeEndpoint::CatalogDelete { catalog },
    };
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    out.string("id", &id);
    let mut has_fields = false;
    if rule.op != CatalogOperation::Delete {
        for member in object.into_iter().flat_map(|object| members(object, parent)) {
            let Member { key, value, .. } = member;
            if key == rule.id_property || is_dropped(&member, settings, trace) {
                continue;
            }
            if key == "id" || !matches(&rule.fields, key) {
                trace.record("SB-422", || {
                    (
                        member.path(),
                        format!("left out of catalog {}: fields", rule.catalog),
                    )
                });
                continue;
            }
            has_fields = true;
            trace.record("SB-422", || (member.path(), format!("items[0].{key}")));
            match without_dropped(&member, settings, trace) {
                Some(left) => out.raw(key, &left),
                None => out.json(key, value),
            }
        }
    }
    if rule.op == CatalogOperation::Delete {
        trace.record("SB-420", || {
            (
                parent.path(),
                format!("left out of catalog {}: op = \"delete\"", rule.catalog),
            )
        });
    }
    if rule.op == CatalogOperation::Update && has_fields {
        trace.record("SB-429", || {
            let result = format!("catalog {}: only the fields that are sent", rule.catalog);
            (parent.path(), result)
        });
    }
    drop(out);
    if !has_fields && rule.op != CatalogOperation::Delete {
        trace.warn("SB-428", Warning::CatalogSkipped, || {
            parent.below(&rule.id_property)
        });
        return Ok(None);
    }
    trace.record("SB-420", || {
        let path = parent.below(&rule.id_property);
        (path, format!("items[0].id = {id}"))
    });
    Ok(Some(BrazeCall {
        endpoint,
        items: vec![BrazeItem {
            array: BrazeArray::Items,
            json,
            users: vec![UserKey::new(
                "catalog_item",
                &format!("{}\u{0}{id}", rule.catalog),
            )],
            operators: false,
            subscriber: None,
        }],
    }))
}
