//! Push tokens (6.5).

use super::super::event_context::EventContext;
use super::super::identity::Identity;
use super::super::platform::warn_of_app_ids;
use super::Traits;
use super::fields::TOKENS_TRAIT;
use crate::Trace;
use crate::forms::text::{is_blank, text};
use crate::forms::{json_text, list};
use event::json::{Json, Kind, Object, ObjectWriter};
use event::reasons::Warning;
use std::borrow::Cow;

/// Where the token of an event's device stands.
const DEVICE_TOKEN: &str = "context.device.token";

/// One token with the text that is sent.
struct Token {
    token: String,
    json: String,
}

/// Writes the push tokens of the traits and, if the settings say so, that of the device.
pub(super) fn write(
    out: &mut ObjectWriter<'_>,
    traits: &Traits<'_, '_>,
    event_context: &EventContext<'_, '_>,
    trace: &mut Trace,
) {
    let mut tokens: Vec<Token> = Vec::new();
    let path = || traits.below(TOKENS_TRAIT);
    let given = traits.members.get(TOKENS_TRAIT);
    let opened = given.and_then(json_text);
    let opened = opened.as_deref().and_then(|text| Json::parse(text).ok());
    for (at, element) in elements(opened.or(given), &path, trace).into_iter().enumerate() {
        let element = element.as_object();
        match token(element.as_ref(), event_context, "device_id", trace) {
            Some(token) => tokens.push(token),
            None => trace.warn("SB-130", Warning::InvalidPushToken, || {
                format!("{}[{at}]", path())
            }),
        }
        for key in ["app_id", "device_id"] {
            if element.as_ref().is_some_and(|element| is_no_text(element, key)) {
                trace.warn("SB-130", Warning::InvalidPushToken, || {
                    format!("{}[{at}].{key}", path())
                });
            }
        }
    }
    let of_traits = tokens.len();
    if of_traits == 0 && traits.members.get(TOKENS_TRAIT).is_some() {
        trace.record("SB-130", || (path(), "left out: no token".into()));
    }
    if traits.is_identify && event_context.settings.push_token_from_context {
        tokens.extend(that_of_the_device(&tokens, event_context, trace));
    }
    if tokens.is_empty() {
        return;
    }
    let is_sent = matches!(event_context.identity, Identity::ExternalId(_));
    let mut record = |rule, path: &dyn Fn() -> String| {
        if is_sent {
            traits.record(rule, path, TOKENS_TRAIT, trace);
        } else {
            trace.warn("SB-132", Warning::InvalidPushToken, path);
        }
    };
    if of_traits > 0 {
        record("SB-130", &path);
    }
    if tokens.len() > of_traits {
        record("SB-131", &|| DEVICE_TOKEN.into());
    }
    if !is_sent {
        return;
    }
    let mut list = out.array(TOKENS_TRAIT);
    tokens.iter().for_each(|token| list.raw(&token.json));
}

fn elements<'a>(value: Option<Json<'a>>, path: &dyn Fn() -> String, trace: &mut Trace) -> Vec<Json<'a>> {
    let Some(value) = value else { return Vec::new() };
    let found = list(value);
    if found.is_none() {
        let (rule, warning) = match value.kind() {
            Kind::Null => ("SB-083", Warning::NullIgnored),
            _ => ("SB-130", Warning::InvalidPushToken),
        };
        trace.warn(rule, warning, path);
    }
    found.unwrap_or_default()
}

/// The token of the event's device, unless it is one of `tokens`.
fn that_of_the_device(
    tokens: &[Token],
    event_context: &EventContext<'_, '_>,
    trace: &mut Trace,
) -> Option<Token> {
    let device = event_context.event.of_context("device");
    let given = device.present("token")?;
    let Some(given) = text(given) else {
        if !is_blank(given) {
            trace.warn("SB-131", Warning::InvalidPushToken, || DEVICE_TOKEN.into());
        }
        return None;
    };
    if tokens.iter().any(|own| own.token == given) {
        return None;
    }
    let token = token(Some(&device), event_context, "id", trace);
    if token.is_some() && is_no_text(&device, "id") {
        trace.warn("SB-131", Warning::InvalidPushToken, || "context.device.id".into());
    }
    if token.is_none() {
        trace.warn("SB-131", Warning::InvalidPushToken, || DEVICE_TOKEN.into());
    }
    token
}

/// Whether a member is there, and can be neither sent nor passed over.
fn is_no_text(object: &Object<'_>, key: &str) -> bool {
    let given = object.present(key);
    given.is_some_and(|given| text(given).is_none() && !is_blank(given))
}

/// The token of an object that has one, of an app that is known.
fn token(
    object: Option<&Object<'_>>,
    event_context: &EventContext<'_, '_>,
    device_key: &str,
    trace: &mut Trace,
) -> Option<Token> {
    let object = object?;
    let token = object.get("token").and_then(text)?;
    // The device of an event names no app of Braze's; an element of the trait may.
    let own_app = (device_key == "device_id")
        .then(|| object.get("app_id").and_then(text))
        .flatten();
    let app_id = own_app.or_else(|| {
        warn_of_app_ids(event_context.event, event_context.settings, trace);
        let app = event_context.app_id.as_ref()?;
        Some(Cow::Borrowed(&*app.id))
    })?;
    let mut json = String::new();
    let mut out = ObjectWriter::new(&mut json);
    out.string("app_id", &app_id);
    out.string("token", &token);
    if let Some(device_id) = object.get(device_key).and_then(text) {
        out.string("device_id", &device_id);
    }
    drop(out);
    Some(Token {
        token: token.into_owned(),
        json,
    })
}
