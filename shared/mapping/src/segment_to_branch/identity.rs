//! By what Branch knows the user and the device.

use super::received::Received;
use crate::Trace;
use crate::forms::boolean;
use crate::forms::text::identity_text;
use crate::rejected::Rejected;
use event::calls::UserKey;
use event::json::Json;
use event::reasons::{IgnoreReason, Warning};
use event::settings::SegmentToBranch;
use std::borrow::Cow;

/// The property with the id that Branch's web SDK gives a browser.
pub(super) const FINGERPRINT: &str = "browser_fingerprint_id";

/// Digits of a SHA-256 in hexadecimal.
const HASH_DIGITS: usize = 64;

/// Digits of an Android id, a 64-bit number in hexadecimal [Android docs `Settings.Secure.ANDROID_ID`].
const ANDROID_ID_DIGITS: std::ops::RangeInclusive<usize> = 1..=16;

/// The system of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// iOS and its kin.
    Ios,
    Android,
}

impl System {
    /// By the name of a device's type or of its system.
    fn of(name: Json<'_>) -> Option<Self> {
        match name.as_str()?.trim().to_ascii_lowercase().as_str() {
            "ios" | "iphone os" | "iphone" | "ipad" | "ipados" | "tvos" | "watchos" | "visionos" => {
                Some(Self::Ios)
            }
            "android" => Some(Self::Android),
            _ => None,
        }
    }

    /// The value of `os`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ios => "iOS",
            Self::Android => "Android",
        }
    }

    /// Whether a text may be an id that the system gives a device. Segment's mobile libraries put a hash in its place.
    fn makes(self, id: &str) -> bool {
        let is_hexadecimal = id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self {
            Self::Ios => !(is_hexadecimal && id.len() == HASH_DIGITS),
            Self::Android => is_hexadecimal && ANDROID_ID_DIGITS.contains(&id.len()),
        }
    }

    const fn advertising_field(self) -> &'static str {
        match self {
            Self::Ios => "idfa",
            Self::Android => "aaid",
        }
    }

    const fn device_field(self) -> &'static str {
        match self {
            Self::Ios => "idfv",
            Self::Android => "android_id",
        }
    }
}

/// The identifiers of an event, each if it is sent.
pub(super) struct Identifiers<'a> {
    /// `os`
    pub system: Option<System>,
    /// `developer_identity`
    pub user_id: Option<Cow<'a, str>>,
    /// `idfa` or `aaid`
    pub advertising_id: Option<(&'static str, Cow<'a, str>)>,
    /// `idfv` or `android_id`
    pub device_id: Option<(&'static str, Cow<'a, str>)>,
    /// `browser_fingerprint_id`
    pub fingerprint: Option<Cow<'a, str>>,
}

impl<'a> Identifiers<'a> {
    /// The identifiers of an event.
    ///
    /// # Errors
    /// Why an event without usable identifiers is ignored.
    pub(super) fn new(
        event: &Received<'a>,
        settings: &SegmentToBranch,
        trace: &mut Trace,
    ) -> Result<Self, Rejected> {
        let placeholders = super::placeholders(settings);
        let device = &event.context.device;
        let anonymous_id = event.anonymous_id.and_then(identity_text);
        let is_anonymous = |id: &Cow<'_, str>| {
            let own = anonymous_id.as_deref().map(str::trim);
            own.is_some_and(|own| own.eq_ignore_ascii_case(id.trim()))
        };
        let mut read = |key: &str| {
            let id = device.get(key).and_then(|id| placeholders.thing(id))?;
            if is_anonymous(&id) {
                trace.record("SR-155", || {
                    (
                        format!("context.device.{key}"),
                        "left out: it is the anonymousId".into(),
                    )
                });
                return None;
            }
            Some(id)
        };
        let (advertising_id, device_id) = (read("advertisingId"), read("id"));
        let mut system = device.get("type").and_then(System::of);
        let has_device = advertising_id.is_some() || device_id.is_some();
        if system.is_none() && settings.os_name_fallback && has_device {
            system = event.context.os.get("name").and_then(System::of);
            if let Some(system) = system {
                trace.record("SR-159", || {
                    (
                        "context.os.name".into(),
                        format!("user_data.os = {}", system.as_str()),
                    )
                });
            }
        }
        let named = |id: Option<Cow<'a, str>>, field: fn(System) -> &'static str| {
            system.and_then(|system| Some((field(system), id?)))
        };
        let mut identifiers = Self {
            system,
            user_id: event.user_id.and_then(|id| placeholders.user(id)),
            advertising_id: named(advertising_id, System::advertising_field),
            device_id: named(device_id, System::device_field),
            fingerprint: event
                .properties
                .get(FINGERPRINT)
                .and_then(|id| placeholders.thing(id)),
        };
        identifiers.judge_device_id(trace);
        let is_limited = device.get("adTrackingEnabled").and_then(boolean) == Some(false);
        if is_limited
            && identifiers.device_id.is_some()
            && !settings.send_limited_advertising_id
            && identifiers.advertising_id.take().is_some()
        {
            trace.record("SR-161", || {
                let result = "left out: adTrackingEnabled is false";
                ("context.device.advertisingId".into(), result.into())
            });
        }
        identifiers.check(settings)?;
        for (path, id) in [("userId", event.user_id), ("anonymousId", event.anonymous_id)] {
            if placeholders.refuses(id) {
                trace.warn("SR-149", Warning::PlaceholderUserId, || path.into());
            }
        }
        identifiers.record(trace);
        Ok(identifiers)
    }

    /// Keeps what is no id of a device only where there is no other identifier (SR-153, SR-168).
    fn judge_device_id(&mut self, trace: &mut Trace) {
        let is_refused = match (self.system, &self.device_id) {
            (Some(system), Some((_, id))) => !system.makes(id.trim()),
            _ => false,
        };
        if !is_refused {
            return;
        }
        let has_other = self.user_id.is_some() || self.advertising_id.is_some() || self.fingerprint.is_some();
        let rule = if has_other { "SR-168" } else { "SR-153" };
        trace.warn(rule, Warning::NotADeviceId, || "context.device.id".into());
        if has_other {
            self.device_id = None;
        }
    }

    fn has_device(&self) -> bool {
        self.advertising_id.is_some() || self.device_id.is_some()
    }

    fn check(&self, settings: &SegmentToBranch) -> Result<(), Rejected> {
        if self.has_device() || self.fingerprint.is_some() {
            return Ok(());
        }
        let (rule, suffices, reason) = if self.system.is_some() {
            (
                "SR-164",
                settings.app_user_id_only,
                IgnoreReason::NoDeviceIdentifier,
            )
        } else if self.user_id.is_some() {
            ("SR-166", settings.web_user_id_only, IgnoreReason::NoIdentifier)
        } else {
            ("SR-167", false, IgnoreReason::NoIdentifier)
        };
        if suffices && self.user_id.is_some() {
            Ok(())
        } else {
            Err(Rejected::ignore(rule, "context", reason))
        }
    }

    /// Whether the event happened in an app.
    pub(super) fn is_app(&self) -> bool {
        self.system.is_some() && (self.has_device() || self.fingerprint.is_none())
    }

    /// The user whose calls stay in order.
    pub(super) fn user_key(&self) -> Option<UserKey> {
        let named = |id: &Option<(&'static str, Cow<'_, str>)>| {
            id.as_ref().map(|(field, id)| UserKey::new(field, id))
        };
        let user = self
            .user_id
            .as_ref()
            .map(|id| UserKey::new("developer_identity", id));
        user.or_else(|| named(&self.device_id))
            .or_else(|| named(&self.advertising_id))
            .or_else(|| self.fingerprint.as_ref().map(|id| UserKey::new(FINGERPRINT, id)))
    }

    fn record(&self, trace: &mut Trace) {
        if self.system.is_some() && self.has_device() {
            trace.record("SR-150", || {
                ("context.device".into(), "sent as an event of an app".into())
            });
        }
        for (rule, from, field) in [
            (
                "SR-151",
                "userId",
                self.user_id.as_ref().map(|_| "developer_identity"),
            ),
            (
                "SR-152",
                "context.device.advertisingId",
                self.advertising_id.as_ref().map(|(field, _)| *field),
            ),
            (
                "SR-153",
                "context.device.id",
                self.device_id.as_ref().map(|(field, _)| *field),
            ),
            (
                "SR-156",
                "properties.browser_fingerprint_id",
                self.fingerprint.as_ref().map(|_| FINGERPRINT),
            ),
        ] {
            if let Some(field) = field {
                trace.record(rule, || (from.to_owned(), format!("user_data.{field}")));
            }
        }
    }
}
