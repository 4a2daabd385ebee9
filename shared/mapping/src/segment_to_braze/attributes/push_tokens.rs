//! Push tokens (6.5).

use super::super::identity::Identity;
use super::super::number::text;
use super::super::scene::Scene;
use super::Traits;
use super::fields::TOKENS_TRAIT;
use crate::Notes;
use event::json::{Json, Kind, Object, ObjectWriter};
use event::reasons::Warning;
use std::borrow::Cow;

/// One token with the text that is sent.
struct Token {
    token: String,
    json: String,
}

/// Writes the push tokens of the traits and, if the settings say so, that of the device.
pub fn write(out: &mut ObjectWriter<'_>, traits: &Traits<'_, '_>, scene: &Scene<'_, '_>, notes: &mut Notes) {
    let mut tokens: Vec<Token> = Vec::new();
    let path = || traits.below(TOKENS_TRAIT);
    for (at, element) in elements(traits.members.get(TOKENS_TRAIT), &path, notes)
        .into_iter()
        .enumerate()
    {
        match token(element.as_object().as_ref(), scene, "device_id") {
            Some(token) => tokens.push(token),
            None => notes.warn(Warning::InvalidPushToken, || format!("{}[{at}]", path())),
        }
    }
    if traits.is_identify && scene.settings.push_token_from_context {
        add_that_of_the_device(&mut tokens, scene, notes);
    }
    if tokens.is_empty() {
        if traits.members.get(TOKENS_TRAIT).is_some() {
            notes.tell("SB-130", || (path(), "left out: no token".into()));
        }
        return;
    }
    if !matches!(scene.identity, Identity::ExternalId(_)) {
        return notes.warn(Warning::InvalidPushToken, path);
    }
    traits.tell("SB-130", path, TOKENS_TRAIT, notes);
    let mut list = out.array(TOKENS_TRAIT);
    tokens.iter().for_each(|token| list.raw(&token.json));
}

fn elements<'a>(value: Option<Json<'a>>, path: &dyn Fn() -> String, notes: &mut Notes) -> Vec<Json<'a>> {
    let Some(value) = value else { return Vec::new() };
    match value.kind() {
        Kind::Object => return vec![value],
        Kind::Array => return value.as_array().unwrap_or_default(),
        Kind::Null => notes.warn(Warning::NullIgnored, path),
        _ => notes.warn(Warning::InvalidPushToken, path),
    }
    Vec::new()
}

fn add_that_of_the_device(tokens: &mut Vec<Token>, scene: &Scene<'_, '_>, notes: &mut Notes) {
    let device = scene.event.of_context("device");
    let Some(given) = device.get("token").and_then(text) else {
        return;
    };
    if tokens.iter().any(|own| own.token == given) {
        return;
    }
    match token(Some(&device), scene, "id") {
        Some(token) => {
            notes.tell("SB-131", || {
                (
                    "context.device.token".into(),
                    format!("attributes[0].{TOKENS_TRAIT}"),
                )
            });
            tokens.push(token);
        }
        None => notes.warn(Warning::InvalidPushToken, || "context.device.token".into()),
    }
}

/// The token of an object that has one, of an app that is known.
fn token(object: Option<&Object<'_>>, scene: &Scene<'_, '_>, device_key: &str) -> Option<Token> {
    let object = object?;
    let token = object.get("token").and_then(text)?;
    // The device of an event names no app of Braze's; an element of the trait may.
    let own_app = (device_key == "device_id")
        .then(|| object.get("app_id").and_then(text))
        .flatten();
    let app_id = own_app.or_else(|| scene.app_id.as_ref().map(|app| Cow::Borrowed(&*app.id)))?;
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
