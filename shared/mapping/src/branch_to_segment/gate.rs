//! Which events are sent.

use super::name::{Class, Name};
use super::received::{Received, string};
use super::value::{is_nothing, text};
use crate::rejected::Rejected;
use event::branch_events::Category;
use event::reasons::{IgnoreReason, ParkReason};
use event::settings::{BranchToSegment, RequireAttribution};

/// The mark that the route from Segment to Branch leaves in `custom_data`.
const MARK: &str = "segment_message_id";

/// The event's name.
///
/// # Errors
/// Why an event without one is parked.
pub fn name<'a>(event: &Received<'a>) -> Result<Name<'a>, Rejected> {
    match string(event.name).filter(|name| !name.trim().is_empty()) {
        Some(name) => Ok(Name::new(name)),
        None if string(event.legacy_name).is_some() => {
            Err(Rejected::park("BS-031", "name", ParkReason::LegacyFormat))
        }
        None => Err(Rejected::park("BS-032", "name", ParkReason::NoEventName)),
    }
}

/// Lets an event pass, or says why it is ignored.
///
/// # Errors
/// Why it is ignored.
pub fn filter(event: &Received<'_>, name: &Name<'_>, settings: &BranchToSegment) -> Result<(), Rejected> {
    let ignored = |rule, reason| Err(Rejected::ignore(rule, "name", reason));
    if !settings.include_segment_origin {
        let origin = string(event.own("origin"));
        if origin.is_some_and(|origin| origin.trim().eq_ignore_ascii_case("SEGMENT")) {
            return ignored("BS-033", IgnoreReason::Loop);
        }
        if event.custom_data.get(MARK).is_some_and(|mark| !is_nothing(mark)) {
            return ignored("BS-034", IgnoreReason::Loop);
        }
    }
    let is_asked_for = || name.is_among(&settings.also_send_events);
    if name.class == Class::NeverSent && !is_asked_for() {
        return ignored("BS-035", IgnoreReason::ExcludedEvent);
    }
    if name.is_blocked() {
        return ignored("BS-036", IgnoreReason::FraudBlocked);
    }
    if name.is_among(&settings.deny_events) {
        return ignored("BS-037", IgnoreReason::EventDenied);
    }
    if let Class::Of(category) = name.class
        && !settings.categories.contains(&category)
        && !is_asked_for()
    {
        return ignored("BS-038", IgnoreReason::CategoryOff);
    }
    if settings.skip_web && event.is_web() {
        return ignored("BS-039", IgnoreReason::WebEvent);
    }
    if is_denied_partner(event, settings) {
        return ignored("BS-040", IgnoreReason::PartnerDenied);
    }
    let needs_attribution = settings.require_attribution == RequireAttribution::All
        || matches!(
            name.class,
            Class::Of(Category::Install | Category::Reinstall | Category::Open)
        );
    if needs_attribution && !event.is_attributed() {
        return ignored("BS-041", IgnoreReason::NotAttributed);
    }
    Ok(())
}

fn is_denied_partner(event: &Received<'_>, settings: &BranchToSegment) -> bool {
    if settings.deny_partners.is_empty() {
        return false;
    }
    let plain = |name: &str| name.trim().to_lowercase();
    let partner = event.link.label("advertising_partner_name").and_then(text);
    partner.is_some_and(|partner| {
        let partner = plain(&partner);
        settings
            .deny_partners
            .iter()
            .any(|denied| plain(denied) == partner)
    })
}
