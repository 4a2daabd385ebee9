//! One event as Branch sends it, opened as far as the rules look.

use super::link::Link;
use super::value::is_nothing;
use crate::forms::boolean::boolean;
use event::json::{Json, Kind, Object};
use std::borrow::Cow;

/// The fields of the event itself that become properties, in the order of BS-119.
pub const OWN_FIELDS: [&str; 12] = [
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
pub const OWN_FLAGS: usize = 4;

/// An event. Objects are visited in byte order of their keys; what is absent is empty.
#[derive(Default)]
pub struct Received<'a> {
    /// `name`
    pub name: Option<Json<'a>>,
    /// `id`
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
    /// `event_data`
    pub event_data: Object<'a>,
    /// `content_items`
    pub content_items: Vec<Json<'a>>,
    /// `custom_data`
    pub custom_data: Object<'a>,
    /// `metadata`
    pub metadata: Object<'a>,
}

impl<'a> Received<'a> {
    /// Opens the text of an event; `None` if it is no JSON object.
    pub fn open(received: Json<'a>) -> Option<Self> {
        let object = |value: Json<'a>| value.as_object().unwrap_or_default().sorted();
        let mut event = Self::default();
        for (key, value) in received.as_object()? {
            match key.as_ref() {
                "name" => event.name = Some(value),
                "id" => event.id = Some(value),
                "timestamp" => event.times[0] = Some(value),
                "event_timestamp" => event.times[1] = Some(value),
                "event" => event.legacy_name = Some(value),
                "last_attributed_touch_data" => event.link = Link::new(object(value)),
                "user_data" => event.user = object(value),
                "event_data" => event.event_data = object(value),
                "content_items" => event.content_items = value.as_array().unwrap_or_default(),
                "custom_data" => event.custom_data = object(value),
                "metadata" => event.metadata = object(value),
                other => {
                    let at = OWN_FIELDS.iter().position(|field| *field == other);
                    if let Some(place) = at.and_then(|at| event.own.get_mut(at)) {
                        *place = Some(value);
                    }
                }
            }
        }
        Some(event)
    }

    /// A field of `user_data`, unless there is nothing in it.
    pub fn user(&self, key: &str) -> Option<Json<'a>> {
        self.user.get(key).filter(|value| !is_nothing(*value))
    }

    /// One of [`OWN_FIELDS`], unless there is nothing in it.
    pub fn own(&self, key: &str) -> Option<Json<'a>> {
        let at = OWN_FIELDS.iter().position(|field| *field == key)?;
        self.own
            .get(at)
            .copied()
            .flatten()
            .filter(|value| !is_nothing(*value))
    }

    /// Whether the event is attributed to a link (BS-044, BS-045).
    pub fn is_attributed(&self) -> bool {
        match self.own("attributed").and_then(boolean) {
            Some(attributed) => attributed,
            None => self.link.holds_data(),
        }
    }

    /// Whether Branch's web SDK has sent it (BS-039).
    pub fn is_web(&self) -> bool {
        let says = |key: &str, fits: fn(&str) -> bool| {
            let text = self.user(key).and_then(Json::as_str);
            text.is_some_and(|text| fits(&text.to_ascii_uppercase()))
        };
        says("environment", |text| text == "FULL_WEB") || says("platform", |text| text.ends_with("WEB"))
    }
}

/// A string of a field that Branch defines, unless there is nothing in it.
pub fn string(json: Option<Json<'_>>) -> Option<Cow<'_, str>> {
    json.filter(|json| json.kind() == Kind::String && !is_nothing(*json))
        .and_then(Json::as_str)
}
