//! One event as Braze sends it, its fields brought to where the rules look for them.

use crate::Trace;
use crate::rejected::Rejected;
use event::json::{Json, Kind, Object, same};
use event::reasons::{ParkReason, Warning};
use std::borrow::Cow;

/// The root object of an event, its keys sorted by what they mean.
#[derive(Default)]
pub(super) struct Root<'a> {
    pub id: Option<Json<'a>>,
    event_type: Option<Json<'a>>,
    time: Option<Json<'a>>,
    user: Option<Json<'a>>,
    properties: Option<Json<'a>>,
    others: Vec<(Cow<'a, str>, Json<'a>)>,
}

/// An event with its fields in `user` and `properties`.
pub(super) struct Received<'a> {
    /// `event_type` as received: neither blank nor redacted.
    pub event_type: Cow<'a, str>,
    pub time: Option<Json<'a>>,
    /// The fields of `user` that have a meaning of their own.
    pub user: User<'a>,
    /// All other fields; none is null.
    pub properties: Vec<(Cow<'a, str>, Json<'a>)>,
    /// Which of the properties have the key of a field that was taken already.
    pub displaced: Vec<Displaced<'a>>,
}

/// The fields of `user` that have a meaning of their own; none is null.
#[derive(Default)]
pub(super) struct User<'a> {
    /// `user_id`: Braze's own id.
    pub user_id: Option<Json<'a>>,
    /// `external_user_id`: the customer's id.
    pub external_user_id: Option<Json<'a>>,
    pub device_id: Option<Json<'a>>,
    pub timezone: Option<Json<'a>>,
}

/// A property that has its key because another field kept the shorter one (BZ-024).
pub(super) struct Displaced<'a> {
    /// The key in `properties`, such as `event_platform`.
    pub key: String,
    value: Json<'a>,
    /// The key that the other field kept.
    pub kept: Cow<'a, str>,
    /// Whether the other field is one of `user`.
    pub kept_by_user: bool,
}

impl<'a> User<'a> {
    fn field(&mut self, key: &str) -> Option<&mut Option<Json<'a>>> {
        match key {
            "user_id" => Some(&mut self.user_id),
            "external_user_id" => Some(&mut self.external_user_id),
            "device_id" => Some(&mut self.device_id),
            "timezone" => Some(&mut self.timezone),
            _ => None,
        }
    }
}

impl<'a> Root<'a> {
    /// Opens the text of an event; `None` if it is no JSON object.
    pub(super) fn open(received: Json<'a>) -> Option<Self> {
        let mut root = Self::default();
        for (key, value) in received.as_object()? {
            let place = match key.as_ref() {
                "id" => &mut root.id,
                "event_type" => &mut root.event_type,
                "time" => &mut root.time,
                "user" => &mut root.user,
                "properties" => &mut root.properties,
                _ => {
                    root.others.push((key, value));
                    continue;
                }
            };
            *place = Some(value).filter(|value| !value.is_null());
        }
        Some(root)
    }

    /// Brings the fields to their places (BZ-019 to BZ-025).
    ///
    /// # Errors
    /// Why the event must be parked.
    pub(super) fn event(self, trace: &mut Trace) -> Result<Received<'a>, Rejected> {
        let malformed = |path| move |reason| Rejected::park("BZ-019", path, reason);
        let user = members(self.user).map_err(malformed("user"))?;
        let properties = members(self.properties).map_err(malformed("properties"))?;
        let event_type = self.event_type.and_then(Json::as_str);
        let event_type = event_type
            .filter(|name| super::value::is_name(name))
            .ok_or(Rejected::park(
                "BZ-021",
                "event_type",
                ParkReason::MissingEventType,
            ))?;
        let mut received = Received {
            event_type,
            time: self.time,
            user: User::default(),
            properties: properties
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect(),
            displaced: Vec::new(),
        };
        let mut user_others = Vec::new();
        for (key, value) in user.into_iter().filter(|(_, value)| !value.is_null()) {
            match received.user.field(&key) {
                Some(field) => *field = Some(value),
                None => user_others.push((key, value)),
            }
        }
        let mut displaced = Vec::new();
        for (key, value) in self.others {
            displaced.extend(received.place("event_", key, value, trace));
        }
        for (key, value) in user_others {
            displaced.extend(received.place("user_", key, value, trace));
        }
        for late in displaced {
            received.place_displaced(late, trace);
        }
        Ok(received)
    }
}

impl<'a> Received<'a> {
    /// The property of this key.
    pub(super) fn property(&self, key: &str) -> Option<Json<'a>> {
        self.properties
            .iter()
            .find(|(own, _)| own == key)
            .map(|(_, value)| *value)
    }

    /// Puts a field from another level where the rules look for it. What finds its place taken by another value comes
    /// back, to be placed when all others are.
    fn place(
        &mut self,
        level: &str,
        key: Cow<'a, str>,
        value: Json<'a>,
        trace: &mut Trace,
    ) -> Option<Displaced<'a>> {
        if value.is_null() {
            return None;
        }
        let from = if level == "user_" { "user." } else { "" };
        let (taken, kept_by_user) = match self.user.field(&key) {
            Some(field) => (*field, true),
            None => (self.property(&key), false),
        };
        let Some(taken) = taken else {
            if let Some(field) = self.user.field(&key) {
                *field = Some(value);
                trace.record("BZ-022", || (key.to_string(), format!("read as user.{key}")));
            } else {
                let rule = if from.is_empty() { "BZ-022" } else { "BZ-023" };
                trace.record(rule, || {
                    (format!("{from}{key}"), format!("read as properties.{key}"))
                });
                self.properties.push((key, value));
            }
            return None;
        };
        (!same(taken, value)).then(|| Displaced {
            key: format!("{level}{key}"),
            value,
            kept: key,
            kept_by_user,
        })
    }

    fn place_displaced(&mut self, late: Displaced<'a>, trace: &mut Trace) {
        match self.property(&late.key) {
            None => {
                trace.record("BZ-024", || {
                    (late.kept.to_string(), format!("read as properties.{}", late.key))
                });
                self.properties.push((Cow::Owned(late.key.clone()), late.value));
                self.displaced.push(late);
            }
            Some(taken) if same(taken, late.value) => {}
            Some(_) => {
                trace.record("BZ-025", || {
                    (
                        late.kept.to_string(),
                        format!("left out: properties.{} is taken", late.key),
                    )
                });
                trace.warn("BZ-025", Warning::FieldCollision, || late.kept.to_string());
            }
        }
    }
}

/// The members of `user` or `properties`.
fn members(json: Option<Json<'_>>) -> Result<Object<'_>, ParkReason> {
    match json {
        None => Ok(Object::empty()),
        Some(json) if json.kind() == Kind::Object => json.as_object().ok_or(ParkReason::MalformedEvent),
        Some(_) => Err(ParkReason::MalformedEvent),
    }
}
