//! One event as Branch sends it, opened as far as the rules look.

use super::link::Link;
use super::value::is_nothing;
use crate::Trace;
use crate::forms::{boolean, list};
use event::json::{Json, Kind, Object};
use event::reasons::Warning;
use std::borrow::Cow;

/// The fields of the event itself that become properties, in the order of BS-119.
pub(super) const OWN_FIELDS: [&str; 12] = [
    "attributed",
    "existing_user",
    "first_event_for_user",
    "deep_linked",
    "last_attributed_touch_type",
    "last_attributed_touch_timestamp",
    "days_from_last_attributed_touch_to_event",
    "hours_from_last_attributed_touch_to_event",
    "minutes_from_last_attributed_touch_to_event",
    "seconds_from_last_attributed_touch_to_event",
    "customer_event_alias",
    "origin",
];

/// How many of them, from the first, are booleans.
pub(super) const OWN_FLAGS: usize = 4;

/// The control parameter, without its sign, of an attribution that may not be shown.
const UNSIGNED_FACEBOOK: &str = "fb_data_terms_not_signed";

/// An event; what is absent is empty.
#[derive(Default)]
pub(super) struct Received<'a> {
    pub name: Option<Json<'a>>,
    pub id: Option<Json<'a>>,
    /// `timestamp` and `event_timestamp`
    pub times: [Option<Json<'a>>; 2],
    /// `event`: the name of the legacy format.
    pub legacy_name: Option<Json<'a>>,
    /// Those of [`OWN_FIELDS`].
    pub own: [Option<Json<'a>>; OWN_FIELDS.len()],
    /// `last_attributed_touch_data`
    pub link: Link<'a>,
    /// `user_data`
    pub user: Object<'a>,
    pub event_data: Object<'a>,
    pub content_items: Vec<Json<'a>>,
    pub custom_data: Object<'a>,
    pub metadata: Object<'a>,
    /// Those of the six fields above that are no objects, or no list: key and value.
    pub unreadable: Vec<(&'static str, Json<'a>)>,
    /// Whether its attribution is Facebook's and may not be shown (BS-047).
    pub is_hidden: bool,
}

impl<'a> Received<'a> {
    /// Opens an event; `None` if it is no JSON object.
    pub(super) fn open(received: Json<'a>, trace: &mut Trace) -> Option<Self> {
        let mut event = Self::default();
        let mut unreadable = Vec::new();
        let mut object = |key: &'static str, value: Json<'a>| {
            let object = one_object(value);
            if object.is_none() && !is_nothing(value) {
                unreadable.push((key, value));
            }
            object.unwrap_or_default()
        };
        for (key, value) in received.as_object()? {
            match key.as_ref() {
                "name" => event.name = Some(value),
                "id" => event.id = Some(value),
                "timestamp" => event.times[0] = Some(value),
                "event_timestamp" => event.times[1] = Some(value),
                "event" => event.legacy_name = Some(value),
                "last_attributed_touch_data" => {
                    event.link = Link::new(object("last_attributed_touch_data", value))
                }
                "user_data" => event.user = object("user_data", value),
                "event_data" => event.event_data = object("event_data", value),
                "content_items" => match list(value) {
                    Some(items) => event.content_items = items,
                    None if is_nothing(value) => {}
                    None => event.unreadable.push(("content_items", value)),
                },
                "custom_data" => event.custom_data = object("custom_data", value),
                "metadata" => event.metadata = object("metadata", value),
                other => {
                    let at = OWN_FIELDS.iter().position(|field| *field == other);
                    if let Some(place) = at.and_then(|at| event.own.get_mut(at)) {
                        *place = Some(value);
                    }
                }
            }
        }
        event.unreadable.append(&mut unreadable);
        for (key, _) in &event.unreadable {
            trace.warn("BS-016", Warning::FieldUnreadable, || (*key).into());
        }
        Some(event)
    }

    /// Forgets the attribution if it is Facebook's and the customer has not signed Facebook's data terms (BS-047).
    pub(super) fn hide_unsigned_facebook(&mut self, trace: &mut Trace) {
        let mark = self.link.control(UNSIGNED_FACEBOOK).and_then(boolean);
        if mark != Some(true) {
            return;
        }
        trace.record("BS-047", || {
            (
                format!("last_attributed_touch_data.${UNSIGNED_FACEBOOK}"),
                "no attribution".into(),
            )
        });
        self.is_hidden = true;
        self.link = Link::default();
        for (field, value) in OWN_FIELDS.into_iter().zip(&mut self.own) {
            if field == "attributed" {
                *value = Json::parse("false").ok();
            } else if field.starts_with("last_attributed_touch_")
                || field.ends_with("_from_last_attributed_touch_to_event")
            {
                *value = None;
            }
        }
    }

    /// A field of `user_data`, unless there is nothing in it.
    pub(super) fn user(&self, key: &str) -> Option<Json<'a>> {
        self.user.get(key).filter(|value| !is_nothing(*value))
    }

    /// One of [`OWN_FIELDS`], unless there is nothing in it.
    pub(super) fn own(&self, key: &str) -> Option<Json<'a>> {
        let at = OWN_FIELDS.iter().position(|field| *field == key)?;
        self.own
            .get(at)
            .copied()
            .flatten()
            .filter(|value| !is_nothing(*value))
    }

    /// Whether the event is attributed to a link (BS-044, BS-045).
    pub(super) fn is_attributed(&self) -> bool {
        match self.own("attributed").and_then(boolean) {
            Some(attributed) => attributed,
            None => self.link.holds_data(),
        }
    }

    /// Whether Branch's web SDK has sent it (BS-039).
    pub(super) fn is_web(&self) -> bool {
        let says = |key: &str, fits: fn(&str) -> bool| {
            let text = self.user(key).and_then(Json::as_str);
            text.is_some_and(|text| fits(&text.to_ascii_uppercase()))
        };
        says("environment", |text| text == "FULL_WEB") || says("platform", |text| text.ends_with("WEB"))
    }
}

/// An object, or the one that an array holds.
fn one_object(value: Json<'_>) -> Option<Object<'_>> {
    match value.as_array().as_deref() {
        Some([one]) => one.as_object(),
        _ => value.as_object(),
    }
}

/// A string of a field that Branch defines, unless there is nothing in it.
pub(super) fn string(json: Option<Json<'_>>) -> Option<Cow<'_, str>> {
    json.filter(|json| json.kind() == Kind::String && !is_nothing(*json))
        .and_then(Json::as_str)
}
