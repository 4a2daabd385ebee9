//! Where an event happened, and which of Braze's apps that is.

use super::received::{Integration, Place, Received};
use crate::Trace;
use crate::forms::text::{is_blank, text, word};
use event::calls::Platform;
use event::reasons::Warning;
use event::settings::SegmentToBraze;
use std::borrow::Cow;

/// The platform of an event; none for what a server sends.
pub(super) fn platform_of(event: &Received<'_>) -> Option<Platform> {
    let word_at = |of: &str, key: &str| word(event.of_context(of).get(key)?);
    match word_at("device", "type").as_deref() {
        Some("ios") => return Some(Platform::Ios),
        Some("android") => return Some(Platform::Android),
        _ => {}
    }
    match word_at("os", "name").as_deref() {
        Some("ios" | "iphone os" | "ipados") => return Some(Platform::Ios),
        Some("android") => return Some(Platform::Android),
        _ => {}
    }
    let library = word_at("library", "name");
    let is_web = library.is_some_and(|name| name.starts_with("analytics.js"))
        || event
            .context
            .get("page")
            .is_some_and(|page| page.as_object().is_some());
    is_web.then_some(Platform::Web)
}

/// The identifier of an app at Braze.
pub(super) struct AppId<'e> {
    pub id: Cow<'e, str>,
    place: Place,
    key: &'static str,
}

impl AppId<'_> {
    /// Where it stands, in the event or in the settings.
    pub(super) fn path(&self) -> String {
        self.place.below(self.key)
    }
}

/// Where an integration may name the app.
const APP_ID_KEYS: [&str; 2] = ["app_id", "appId"];

/// Warns of what an integration names the app by, and is no text.
pub(super) fn warn_of_app_ids(event: &Received<'_>, settings: &SegmentToBraze, trace: &mut Trace) {
    for integration in event.integration_settings(settings.compat) {
        for key in APP_ID_KEYS {
            let given = integration.settings.present(key);
            if given.is_some_and(|given| text(given).is_none() && !is_blank(given)) {
                trace.warn_once("SB-049", Warning::InvalidValue, || integration.place.below(key));
            }
        }
    }
}

/// The identifier of the app at Braze, if one is known.
pub(super) fn app_id<'e>(
    event: &Received<'e>,
    platform: Option<Platform>,
    settings: &'e SegmentToBraze,
) -> Option<AppId<'e>> {
    let given = |integration: Integration<'e>| {
        APP_ID_KEYS.into_iter().find_map(|key| {
            Some(AppId {
                id: integration.settings.get(key).and_then(text)?,
                place: integration.place,
                key,
            })
        })
    };
    if let Some(given) = event.integration_settings(settings.compat).find_map(given) {
        return Some(given);
    }
    let own = match platform {
        Some(Platform::Ios) => settings.app_ids.ios.as_str(),
        Some(Platform::Android) => settings.app_ids.android.as_str(),
        Some(Platform::Web) => settings.app_ids.web.as_str(),
        None => "",
    };
    let of_platform = platform.map_or("", Platform::as_str);
    let of_settings = [
        (
            own,
            Place::Object("settings.segment_to_braze.app_ids"),
            of_platform,
        ),
        (
            settings.app_id.as_str(),
            Place::Object("settings.segment_to_braze"),
            "app_id",
        ),
    ];
    of_settings
        .into_iter()
        .find(|(id, ..)| !id.trim().is_empty())
        .map(|(id, place, key)| AppId {
            id: Cow::Borrowed(id),
            place,
            key,
        })
}
