//! Which events are for Braze.

use super::closed::Closed;
use super::number::word;
use super::received::{INTEGRATIONS, Received};
use event::json::{Json, Kind, Object};
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::{LoopGuard, Pattern, SegmentToBraze};
use std::borrow::Cow;

/// The types of call that Braze has a use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    /// `identify`
    Identify,
    /// `track`
    Track,
    /// `page`
    Page,
    /// `screen`
    Screen,
    /// `group`
    Group,
    /// `alias`
    Alias,
    /// `delete`
    Delete,
}

/// The names under which Switchyard's own webhook may stand in `integrations`.
const WEBHOOKS: [&str; 3] = ["Webhooks (Actions)", "Webhooks", "Extensible Webhook"];

/// What Braze's own connector calls the events that it sends to Segment.
const CURRENTS_NAMES: [&str; 34] = [
    "Push Notification Sent",
    "Push Notification Tapped",
    "Push Notification Bounced",
    "iOS Foreground Push Opened",
    "Email Sent",
    "Email Delivered",
    "Email Opened",
    "Email Link Clicked",
    "Email Bounced",
    "Email Soft Bounced",
    "Email Marked As Spam",
    "Email Unsubscribed",
    "SMS Sent",
    "SMS Sent to Carrier",
    "SMS Delivered",
    "SMS Delivery Failed",
    "SMS Rejected",
    "SMS Inbound Received",
    "Subscription Group State Changed",
    "In-App Message Viewed",
    "In-App Message Clicked",
    "Content Card Sent",
    "Content Card Viewed",
    "Content Card Clicked",
    "Content Card Dismissed",
    "News Feed Viewed",
    "News Feed Card Viewed",
    "News Feed Card Clicked",
    "Webhook Sent",
    "Campaign Converted",
    "Canvas Converted",
    "Canvas Entered",
    "Campaign Control Group Entered",
    "Application Uninstalled",
];

/// Properties that only such events have.
const CURRENTS_PROPERTIES: [&str; 6] = [
    "app_group_id",
    "dispatch_id",
    "message_variation_id",
    "canvas_variation_id",
    "canvas_step_id",
    "subscription_status",
];

/// Decides by type, origin and destination, and gives the type.
///
/// # Errors
/// Why the event is not sent.
pub fn passed(event: &Received<'_>, settings: &SegmentToBraze) -> Result<EventType, Closed> {
    let malformed = Closed::parked("SB-010", ParkReason::MalformedEvent);
    let given = event.get("type").and_then(super::number::text).ok_or(malformed)?;
    let event_type = match given.trim().to_ascii_lowercase().as_str() {
        "identify" => EventType::Identify,
        "track" => EventType::Track,
        "page" => EventType::Page,
        "screen" => EventType::Screen,
        "group" => EventType::Group,
        "alias" => EventType::Alias,
        "delete" => EventType::Delete,
        _ => return Err(Closed::ignored("SB-011", IgnoreReason::UnsupportedType)),
    };
    if let Some(rule) = loops(event, event_type, settings) {
        return Err(Closed::ignored(rule, IgnoreReason::Loop));
    }
    if settings.respect_integrations && is_off(event) {
        return Err(Closed::ignored("SB-025", IgnoreReason::IntegrationOff));
    }
    Ok(event_type)
}

/// The rule by which an event is known to go round in a circle.
fn loops(event: &Received<'_>, event_type: EventType, settings: &SegmentToBraze) -> Option<&'static str> {
    let name_of = |key: &str| -> Option<String> { word(event.of_context(key).get("name")?) };
    if name_of("integration").as_deref() == Some("braze") {
        return Some("SB-021");
    }
    if settings.loop_guard == LoopGuard::Strict && name_of("library").as_deref() == Some("switchyard") {
        return Some("SB-022");
    }
    let has_mark = |properties: &Object<'_>| {
        let mut marks = CURRENTS_PROPERTIES.iter();
        marks.any(|mark| properties.present(mark).is_some())
    };
    let is_from_currents = event_type == EventType::Track
        && event
            .name()
            .is_some_and(|name| CURRENTS_NAMES.contains(&name.as_ref()))
        && has_mark(&event.properties);
    is_from_currents.then_some("SB-023")
}

fn is_off(event: &Received<'_>) -> bool {
    let own = INTEGRATIONS.map(|name| event.integration(name));
    let said = |value: Option<Json<'_>>| value.and_then(Json::as_bool);
    if own.iter().any(|value| said(*value) == Some(false)) {
        return true;
    }
    let is_wanted = |value: &Json<'_>| value.as_bool() == Some(true) || value.kind() == Kind::Object;
    if own.iter().flatten().any(is_wanted) {
        return false;
    }
    said(event.integration("All")) == Some(false)
        && !WEBHOOKS
            .iter()
            .any(|name| said(event.integration(name)) == Some(true))
}

/// The name under which a track is mapped.
///
/// # Errors
/// Why the track is not sent.
pub fn track_name<'e>(event: &Received<'e>, settings: &'e SegmentToBraze) -> Result<Cow<'e, str>, Closed> {
    let name = event.name();
    let name = name.ok_or(Closed::parked("SB-141", ParkReason::NoEventName))?;
    let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(&name));
    if matches(&settings.deny_events) {
        return Err(Closed::ignored("SB-028", IgnoreReason::EventDenied));
    }
    if !matches(&settings.allow_events) {
        return Err(Closed::ignored("SB-029", IgnoreReason::EventNotAllowed));
    }
    let renamed = settings.rename_events.get(name.as_ref());
    Ok(renamed.map_or(name, |name| Cow::Borrowed(name.as_str())))
}
