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
pub(super) fn name<'a>(event: &Received<'a>) -> Result<Name<'a>, Rejected> {
    match string(event.name).filter(|name| !name.trim().is_empty()) {
        Some(name) => Ok(Name::new(name)),
        None if string(event.legacy_name).is_some() => {
            Err(Rejected::park("BS-031", "name", ParkReason::LegacyFormat))
        }
        None => Err(Rejected::park("BS-032", "name", ParkReason::NoEventName)),
    }
}

/// Why an event would go back to Segment, where it came from.
pub(super) fn looped(event: &Received<'_>, settings: &BranchToSegment) -> Option<Rejected> {
    if settings.include_segment_origin {
        return None;
    }
    let origin = string(event.own("origin"));
    let rule = if origin.is_some_and(|origin| origin.trim().eq_ignore_ascii_case("SEGMENT")) {
        "BS-033"
    } else if event.custom_data.get(MARK).is_some_and(|mark| !is_nothing(mark)) {
        "BS-034"
    } else {
        return None;
    };
    Some(Rejected::ignore(rule, "name", IgnoreReason::Loop))
}

/// Lets an event pass, or says why it is ignored.
///
/// # Errors
/// Why it is ignored.
pub(super) fn filter(
    event: &Received<'_>,
    name: &Name<'_>,
    settings: &BranchToSegment,
) -> Result<(), Rejected> {
    let ignored = |rule, reason| Err(Rejected::ignore(rule, "name", reason));
    if let Some(looped) = looped(event, settings) {
        return Err(looped);
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
        if event.is_hidden {
            return ignored("BS-047", IgnoreReason::TermsNotSigned);
        }
        return ignored("BS-041", IgnoreReason::NotAttributed);
    }
    Ok(())
}

/// Whether the event is attributed to a partner that the settings deny, by its name or by its key such as `a_facebook`.
fn is_denied_partner(event: &Received<'_>, settings: &BranchToSegment) -> bool {
    if settings.deny_partners.is_empty() {
        return false;
    }
    let denied: Vec<String> = settings.deny_partners.iter().map(|name| plain(name)).collect();
    let is_denied = |name: &str| denied.iter().any(|denied| denied == name);
    let name = event.link.label("advertising_partner_name").and_then(text);
    let key = event.link.control("3p").and_then(text);
    name.is_some_and(|name| is_denied(&plain(&name)))
        || key.is_some_and(|key| {
            let key = plain(&key);
            is_denied(&key) || key.strip_prefix("a_").is_some_and(is_denied)
        })
}

/// The name of a partner for comparison: in lower case, each run of space, `-` and `_` as one `_`.
fn plain(name: &str) -> String {
    let words = name.trim().split([' ', '-', '_']).enumerate();
    let words: Vec<&str> = words
        .filter(|(at, word)| *at == 0 || !word.is_empty())
        .map(|(_, word)| word)
        .collect();
    words.join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_are_compared_without_their_spelling() {
        event::rules!["BS-040"];
        for (name, wanted) in [
            ("Google AdWords", "google_adwords"),
            (" Google - adwords ", "google_adwords"),
            ("a_facebook", "a_facebook"),
            ("TIKTOK", "tiktok"),
            ("", ""),
        ] {
            assert_eq!(plain(name), wanted, "{name}");
        }
    }
}
