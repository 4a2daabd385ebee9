//! `user_data`: the user, the device and where the event happened.

use super::consent;
use super::identity::{FINGERPRINT, Identifiers, System};
use super::properties::Properties;
use super::received::Context;
use super::value::{rounded, string, text};
use crate::Trace;
use crate::forms::boolean;
use event::json::{Decimal, Kind, Object, ObjectWriter};
use event::settings::SegmentToBranch;
use std::borrow::Cow;

/// Dots per inch of an Android screen of density 1.
const BASE_DPI: i64 = 160;

/// Below this a screen's density is a factor, from here on dots per inch.
const LEAST_DPI: i64 = 20;

/// Where the fields come from, properties aside.
pub(super) struct Sources<'s, 'a> {
    /// The user and the device.
    pub identifiers: &'s Identifiers<'a>,
    /// The event's `context`.
    pub context: &'s Context<'a>,
    /// What the settings say of consent and of Meta's id.
    pub settings: &'s SegmentToBranch,
}

/// Writes the object, and takes out the properties that it uses.
pub(super) fn write(
    call: &mut ObjectWriter<'_>,
    sources: &Sources<'_, '_>,
    properties: &mut Properties<'_>,
    trace: &mut Trace,
) {
    let Sources {
        identifiers,
        context,
        settings,
    } = sources;
    let mut out = call.object("user_data");
    identify(&mut out, identifiers);
    other_ids(&mut out, sources, properties, trace);
    let is_app = identifiers.is_app();
    if is_app {
        out.string("environment", "FULL_APP");
    }
    let mut put = |rule: &'static str, path: &str, field: &str, value: Option<Cow<'_, str>>| {
        if let Some(value) = value {
            record(rule, path, field, trace);
            out.string(field, &value);
        }
    };
    if identifiers.system.is_some() {
        put("SR-177", "os.version", "os_version", said(&context.os, "version"));
    }
    put("SR-175", "userAgent", "user_agent", string(context.user_agent));
    put("SR-178", "ip", "ip", string(context.ip));
    put(
        "SR-179",
        "app.version",
        "app_version",
        said(&context.app, "version"),
    );
    put(
        "SR-180",
        "device.manufacturer",
        "brand",
        said(&context.device, "manufacturer"),
    );
    put("SR-181", "device.model", "model", said(&context.device, "model"));
    if let Some(locale) = string(context.locale).and_then(|locale| Locale::read(&locale)) {
        put("SR-185", "locale", "language", Some(Cow::Owned(locale.language)));
        put("SR-186", "locale", "country", locale.country.map(Cow::Owned));
    }
    if !is_app {
        put("SR-187", "page.url", "http_origin", said(&context.page, "url"));
        put(
            "SR-188",
            "page.referrer",
            "http_referrer",
            said(&context.page, "referrer"),
        );
    }
    screen(&mut out, &context.screen, identifiers.system, trace);
    if let Some(enabled) = context.device.get("adTrackingEnabled").and_then(boolean) {
        record("SR-184", "device.adTrackingEnabled", "limit_ad_tracking", trace);
        out.bool("limit_ad_tracking", !enabled);
    }
    consent::write(&mut out, context, &settings.consent, properties, trace);
}

/// Records which value of `context` gives a field.
fn record(rule: &'static str, path: &str, field: &str, trace: &mut Trace) {
    trace.record(rule, || (format!("context.{path}"), format!("user_data.{field}")));
}

/// Identifiers that come as properties (SR-193).
fn other_ids(
    out: &mut ObjectWriter<'_>,
    sources: &Sources<'_, '_>,
    properties: &mut Properties<'_>,
    trace: &mut Trace,
) {
    let placeholders = super::placeholders(sources.settings);
    let is_on = |system| sources.identifiers.system == Some(system);
    let mut take = |key: &str, field: &str| {
        let id = properties.get(key).and_then(|id| placeholders.thing(id))?;
        properties.take(key);
        trace.record("SR-193", || {
            (format!("properties.{key}"), format!("user_data.{field}"))
        });
        Some(id)
    };
    if let Some(id) = take("google_analytics_id", "google_analytics_id") {
        out.string("google_analytics_id", &id);
    }
    if is_on(System::Android)
        && let Some(id) = take("oaid", "advertising_ids.oaid")
    {
        out.object("advertising_ids").string("oaid", &id);
    }
    let meta_anon_id = &sources.settings.meta_anon_id;
    if is_on(System::Ios)
        && !meta_anon_id.is_empty()
        && let Some(id) = take(meta_anon_id, "anon_id")
    {
        out.string("anon_id", &id);
    }
}

fn identify(out: &mut ObjectWriter<'_>, identifiers: &Identifiers<'_>) {
    if let Some(system) = identifiers.system {
        out.string("os", system.as_str());
    }
    if let Some(user_id) = &identifiers.user_id {
        out.string("developer_identity", user_id);
    }
    for (field, id) in [&identifiers.advertising_id, &identifiers.device_id]
        .into_iter()
        .flatten()
    {
        out.string(field, id);
    }
    if let Some(fingerprint) = &identifiers.fingerprint {
        out.string(FINGERPRINT, fingerprint);
    }
}

/// A string or number as text.
fn said<'a>(object: &Object<'a>, key: &str) -> Option<Cow<'a, str>> {
    object
        .get(key)
        .filter(|value| value.kind() != Kind::Bool)
        .and_then(text)
}

fn screen(out: &mut ObjectWriter<'_>, screen: &Object<'_>, system: Option<System>, trace: &mut Trace) {
    let dots = |density: &Decimal| {
        let is_factor = system == Some(System::Android) && *density < Decimal::from(LEAST_DPI);
        if is_factor { BASE_DPI } else { 1 }
    };
    for (rule, path, field, size) in [
        (
            "SR-182",
            "screen.width",
            "screen_width",
            screen.get("width").and_then(|size| rounded(size, |_| 1)),
        ),
        (
            "SR-182",
            "screen.height",
            "screen_height",
            screen.get("height").and_then(|size| rounded(size, |_| 1)),
        ),
        (
            "SR-183",
            "screen.density",
            "screen_dpi",
            screen.get("density").and_then(|size| rounded(size, dots)),
        ),
    ] {
        if let Some(size) = size {
            record(rule, path, field, trace);
            out.raw(field, &size.to_string());
        }
    }
}

/// A locale such as `pt-BR`, `zh_Hant_TW` or `es-419`.
pub(super) struct Locale {
    /// In lower case.
    language: String,
    /// In upper case, if the region is a country.
    country: Option<String>,
}

impl Locale {
    /// Reads a text that begins with a language, followed by nothing or by what is set off from it (SR-185).
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let letters = |text: &str| text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (language, mut rest) = text.split_at_checked(letters(text))?;
        if !(2..=3).contains(&language.len()) || !ends_here(rest) {
            return None;
        }
        let subtag = |rest: &str, length: usize, is_of: fn(&u8) -> bool| -> Option<usize> {
            let behind = rest.strip_prefix(['-', '_'])?;
            let subtag = behind.get(..length)?;
            let after = behind.get(length..)?;
            (subtag.bytes().all(|byte| is_of(&byte)) && ends_here(after)).then_some(length + 1)
        };
        if let Some(end) = subtag(rest, 4, u8::is_ascii_alphabetic) {
            rest = rest.get(end..)?;
        }
        let country = subtag(rest, 2, u8::is_ascii_alphabetic).and_then(|end| rest.get(1..end));
        Some(Self {
            language: language.to_ascii_lowercase(),
            country: country.map(str::to_ascii_uppercase),
        })
    }
}

/// Whether a part of a locale is over: at the end, or where the next part or a modifier is set off.
fn ends_here(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['-', '_', '@', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_gives_a_language_and_perhaps_a_country() {
        event::rules!["SR-185", "SR-186"];
        for (given, wanted) in [
            ("pt-BR", Some(("pt", Some("BR")))),
            (" PT_br ", Some(("pt", Some("BR")))),
            ("zh-Hant_tw", Some(("zh", Some("TW")))),
            ("zh-Hans", Some(("zh", None))),
            ("fil", Some(("fil", None))),
            ("de", Some(("de", None))),
            ("es-419", Some(("es", None))),
            ("de-DE-1996", Some(("de", Some("DE")))),
            ("en-US-posix", Some(("en", Some("US")))),
            ("en_US.UTF-8", Some(("en", Some("US")))),
            ("sr_RS@latin", Some(("sr", Some("RS")))),
            ("sr@latin", Some(("sr", None))),
            ("en-USA", Some(("en", None))),
            ("en-", Some(("en", None))),
            ("de-1996-AT", Some(("de", None))),
            ("e", None),
            ("engl", None),
            ("C", None),
            ("posix", None),
            ("é-BR", None),
            ("de DE", None),
            ("", None),
        ] {
            let got = Locale::read(given);
            let got = got
                .as_ref()
                .map(|locale| (locale.language.as_str(), locale.country.as_deref()));
            assert_eq!(got, wanted, "{given}");
        }
    }
}
