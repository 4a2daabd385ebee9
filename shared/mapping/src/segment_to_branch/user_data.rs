//! `user_data`: the user, the device and where the event happened.

use super::identifiers::{FINGERPRINT, Identifiers, System};
use super::received::{Context, Properties};
use super::value::{rounded, string, text};
use crate::Trace;
use crate::forms::boolean::boolean;
use event::json::{Decimal, Json, Kind, Object, ObjectWriter};
use std::borrow::Cow;

/// The properties of the Digital Markets Act, which are booleans.
const DMA: [&str; 3] = ["dma_eea", "dma_ad_personalization", "dma_ad_user_data"];

/// Dots per inch of an Android screen of density 1.
const BASE_DPI: i64 = 160;

/// Below this a screen's density is a factor, from here on dots per inch.
const LEAST_DPI: i64 = 20;

/// Writes the object, and takes out the properties that it uses.
pub fn write(
    call: &mut ObjectWriter<'_>,
    identifiers: &Identifiers<'_>,
    context: &Context<'_>,
    properties: &mut Properties<'_>,
    trace: &mut Trace,
) {
    let mut out = call.object("user_data");
    identify(&mut out, identifiers);
    let is_app = identifiers.is_app();
    if is_app {
        out.string("environment", "FULL_APP");
    }
    let mut put = |field: &str, value: Option<Cow<'_, str>>| {
        if let Some(value) = value {
            out.string(field, &value);
        }
    };
    if identifiers.system.is_some() {
        put("os_version", said(&context.os, "version"));
    }
    put("user_agent", string(context.user_agent));
    put("ip", string(context.ip));
    put("app_version", said(&context.app, "version"));
    put("brand", said(&context.device, "manufacturer"));
    put("model", said(&context.device, "model"));
    if let Some((language, country)) = language_and_country(context.locale) {
        put("language", Some(Cow::Owned(language)));
        put("country", country.map(Cow::Owned));
    }
    if !is_app {
        put("http_origin", said(&context.page, "url"));
        put("http_referrer", said(&context.page, "referrer"));
    }
    screen(&mut out, &context.screen, identifiers.system);
    if let Some(enabled) = context.device.get("adTrackingEnabled").and_then(boolean) {
        out.bool("limit_ad_tracking", !enabled);
    }
    for key in DMA {
        if let Some(value) = properties.get(key).and_then(boolean) {
            trace.record("SR-189", || {
                (format!("properties.{key}"), format!("user_data.{key}"))
            });
            out.bool(key, value);
            properties.take(key);
        }
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

fn screen(out: &mut ObjectWriter<'_>, screen: &Object<'_>, system: Option<System>) {
    let dots = |density: &Decimal| {
        let is_factor = system == Some(System::Android) && *density < Decimal::from(LEAST_DPI);
        if is_factor { BASE_DPI } else { 1 }
    };
    for (field, size) in [
        (
            "screen_width",
            screen.get("width").and_then(|size| rounded(size, |_| 1)),
        ),
        (
            "screen_height",
            screen.get("height").and_then(|size| rounded(size, |_| 1)),
        ),
        (
            "screen_dpi",
            screen.get("density").and_then(|size| rounded(size, dots)),
        ),
    ] {
        if let Some(size) = size {
            out.raw(field, &size.to_string());
        }
    }
}

/// The language and, if there is one, the country of a locale such as `pt-BR` or `zh_Hant_TW`.
fn language_and_country(locale: Option<Json<'_>>) -> Option<(String, Option<String>)> {
    let locale = string(locale)?;
    let mut parts = locale.trim().split(['-', '_']);
    let language = parts.next().filter(|part| is_word(part, 2..=3))?;
    let mut next = parts.next();
    if next.is_some_and(|part| is_word(part, 4..=4)) {
        next = parts.next();
    }
    if !next.is_none_or(|part| is_word(part, 2..=2)) || parts.next().is_some() {
        return None;
    }
    Some((
        language.to_ascii_lowercase(),
        next.map(|country| country.to_ascii_uppercase()),
    ))
}

fn is_word(part: &str, letters: std::ops::RangeInclusive<usize>) -> bool {
    letters.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_gives_language_and_country_or_nothing() {
        event::rules!["SR-185", "SR-186"];
        for (given, wanted) in [
            ("\"pt-BR\"", Some(("pt", Some("BR")))),
            ("\" PT_br \"", Some(("pt", Some("BR")))),
            ("\"zh-Hant_tw\"", Some(("zh", Some("TW")))),
            ("\"zh-Hans\"", Some(("zh", None))),
            ("\"fil\"", Some(("fil", None))),
            ("\"de\"", Some(("de", None))),
            ("\"e\"", None),
            ("\"engl\"", None),
            ("\"en-\"", None),
            ("\"en-USA\"", None),
            ("\"en-US-posix\"", None),
            ("\"es-419\"", None),
            ("\"é-BR\"", None),
            ("7", None),
        ] {
            let got = language_and_country(Some(Json::parse(given).unwrap()));
            let got = got
                .as_ref()
                .map(|(language, country)| (language.as_str(), country.as_deref()));
            assert_eq!(got, wanted, "{given}");
        }
    }
}
