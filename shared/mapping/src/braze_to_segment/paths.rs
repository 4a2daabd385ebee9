//! From the fields of an event to the properties and the context of its call, in the order of BZ-194.

use super::context::Context;
use super::properties::{Field, Properties, Property, is_documented_string};
use super::received::Received;
use super::value::{Usable, Value};
use crate::Trace;
use crate::forms::boolean;
use event::json::{Json, Kind, same};
use event::reasons::Warning;
use event::settings::{BrazeToSegment, InControlGroup};
use std::borrow::Cow;

/// The one type whose `url` gives way to `link_url`.
const EMAIL_CLICK: &str = "users.messages.email.Click";

/// The work of section 6 on one event.
struct Paths<'a, 'w> {
    properties: Properties<'a>,
    context: Context<'a>,
    settings: &'w BrazeToSegment,
    trace: &'w mut Trace,
}

/// The properties and the context of an event's call. `event_type` is the canonical name (BZ-030).
pub(super) fn paths<'a>(
    mut event: Received<'a>,
    event_type: &str,
    settings: &'a BrazeToSegment,
    trace: &mut Trace,
) -> (Vec<Property<'a>>, Context<'a>) {
    super::dropped::drop_fields(&mut event, settings, trace);
    let mut paths = Paths {
        properties: Properties::with_capacity(event.properties.len() + 4),
        context: Context::default(),
        settings,
        trace,
    };
    for (key, value) in event.properties {
        paths.take_in(key, value);
    }
    paths.traits();
    paths.link(event_type);
    paths.card();
    paths.device();
    paths.of_user(event.user.device_id, event.user.timezone);
    paths.documented_strings();
    if settings.parse_json {
        paths.parse_json();
    }
    if settings.event_type_property && !paths.properties.has("braze_event_type") {
        let value = Value::string(&event.event_type);
        paths.properties.add(Cow::Borrowed("braze_event_type"), value);
    }
    if settings.flatten_custom {
        for field in [Field::CustomProperties, Field::PurchaseProperties] {
            paths.flatten(field);
        }
    }
    (
        paths.properties.into_list(&settings.drop_properties),
        paths.context,
    )
}

impl<'a> Paths<'a, '_> {
    /// One received property, without its nulls.
    fn take_in(&mut self, key: Cow<'a, str>, value: Json<'a>) {
        match Value::without_nulls(value) {
            // Its members leave it one by one, each borrowed from the event.
            Some(_) if self.settings.flatten_custom && is_custom(&key) && value.kind() == Kind::Object => {
                self.properties.add(key, Value::Received(value));
            }
            Some(value) => self.properties.add(key, value),
            None => self.trace.record("BZ-153", || {
                (format!("properties.{key}"), "left out: holds nulls only".into())
            }),
        }
    }

    fn usable(&self, field: Field) -> Option<Usable<'a>> {
        self.properties.received(field).and_then(Usable::of)
    }

    fn record(&mut self, rule: &'static str, field: Field, to: &str) {
        self.trace
            .record(rule, || (format!("properties.{}", field.key()), to.to_owned()));
    }

    /// Takes a field out of the properties if it is usable.
    fn moved(&mut self, rule: &'static str, field: Field, to: &str) -> Option<Usable<'a>> {
        let value = self.usable(field)?;
        self.properties.take(field);
        self.record(rule, field, to);
        Some(value)
    }

    /// Looks up a field that stays in the properties.
    fn copied(&mut self, rule: &'static str, field: Field, to: &str) -> Option<Usable<'a>> {
        let value = self.usable(field)?;
        self.record(rule, field, to);
        Some(value)
    }

    fn traits(&mut self) {
        let address = self.properties.received(Field::EmailAddress);
        if let Some(address) = address.and_then(Usable::address) {
            self.properties.take(Field::EmailAddress);
            self.record("BZ-166", Field::EmailAddress, "context.traits.email");
            self.context.email = Some(address);
        }
        let phone = [Field::ToPhoneNumber, Field::UserPhoneNumber, Field::PhoneNumber]
            .into_iter()
            .find(|field| self.usable(*field).is_some_and(|phone| !phone.is_hashed()));
        if let Some(field) = phone {
            self.context.phone = self.moved("BZ-180", field, "context.traits.phone");
        }
    }

    /// `url` of a click becomes `link_url`; in e-mails it gives way.
    fn link(&mut self, event_type: &str) {
        let last = event_type.rsplit('.').next().unwrap_or(event_type);
        if !last.ends_with("Click") || self.properties.get(Field::LinkUrl).is_some() {
            return;
        }
        if event_type == EMAIL_CLICK && !self.settings.keep_renamed {
            self.renamed("BZ-167", Field::Url, Field::LinkUrl);
        } else if let Some(value) = self.properties.get(Field::Url).cloned() {
            self.properties.add(Cow::Borrowed(Field::LinkUrl.key()), value);
            self.record("BZ-167", Field::Url, "properties.link_url");
        }
    }

    fn card(&mut self) {
        if self.properties.get(Field::CardId).is_some() {
            return;
        }
        if !self.settings.keep_renamed {
            self.renamed("BZ-170", Field::ContentCardId, Field::CardId);
        } else if let Some(value) = self.properties.get(Field::ContentCardId).cloned() {
            self.properties.add(Cow::Borrowed(Field::CardId.key()), value);
            self.record("BZ-192", Field::ContentCardId, "properties.card_id");
        }
    }

    fn renamed(&mut self, rule: &'static str, from: Field, to: Field) {
        if let Some(value) = self.properties.take(from) {
            self.properties.add(Cow::Borrowed(to.key()), value);
            self.trace.record(rule, || {
                (
                    format!("properties.{}", from.key()),
                    format!("properties.{}", to.key()),
                )
            });
        }
    }

    fn device(&mut self) {
        self.context.user_agent = self.copied("BZ-172", Field::UserAgent, "context.userAgent");
        self.context.device_model = self.moved("BZ-183", Field::DeviceModel, "context.device.model");
        self.context.os_version = self.moved("BZ-184", Field::OsVersion, "context.os.version");
        self.context.platform = self.copied("BZ-185", Field::Platform, "context.device.type");
        if self
            .usable(Field::AdId)
            .is_some_and(|id| !super::placeholders(self.settings).is_no_id(&id.text))
        {
            self.context.advertising_id = self.copied("BZ-186", Field::AdId, "context.device.advertisingId");
        }
        self.context.ad_tracking_enabled = self
            .properties
            .received(Field::AdTrackingEnabled)
            .and_then(boolean);
        if self.context.ad_tracking_enabled.is_some() {
            self.record(
                "BZ-187",
                Field::AdTrackingEnabled,
                "context.device.adTrackingEnabled",
            );
        }
        self.context.carrier = self.copied("BZ-188", Field::Carrier, "context.network.carrier");
    }

    /// The two fields of `user` that are no ids.
    fn of_user(&mut self, device_id: Option<Json<'a>>, timezone: Option<Json<'a>>) {
        if let Some(device_id) = device_id {
            let placeholders = super::placeholders(self.settings);
            self.context.device_id = Usable::of(device_id).filter(|id| !placeholders.is_no_id(&id.text));
            self.record_user(
                "BZ-181",
                "device_id",
                "context.device.id",
                self.context.device_id.is_some(),
            );
            self.beside("BZ-181", Field::DeviceId, "user_device_id", device_id);
        }
        if let Some(timezone) = timezone {
            // A hash or a UUID names no zone [Braze docs "Event delivery semantics"].
            self.context.timezone = Usable::of(timezone).filter(|zone| !zone.is_hashed() && !zone.is_uuid());
            self.record_user(
                "BZ-182",
                "timezone",
                "context.timezone",
                self.context.timezone.is_some(),
            );
            if self.context.timezone.is_none() {
                self.beside("BZ-182", Field::Timezone, "user_timezone", timezone);
            }
        }
    }

    fn record_user(&mut self, rule: &'static str, key: &str, to: &str, done: bool) {
        if done {
            self.trace.record(rule, || (format!("user.{key}"), to.to_owned()));
        }
    }

    /// A field of `user` among the properties: under its own name, or under another one if another value has that.
    fn beside(&mut self, rule: &'static str, field: Field, other_key: &'static str, value: Json<'a>) {
        let Some(value) = Value::without_nulls(value) else {
            return;
        };
        let key = match self.properties.get(field) {
            None => field.key(),
            Some(taken) if is_same(taken, &value) => return,
            Some(_) => other_key,
        };
        let entry = || (format!("user.{}", field.key()), format!("properties.{key}"));
        match self.properties.named(key) {
            None => {
                self.trace.record(rule, entry);
                self.properties.add(Cow::Borrowed(key), value);
            }
            Some(taken) if is_same(taken, &value) => {}
            Some(_) => self.trace.warn("BZ-025", Warning::FieldCollision, || entry().0),
        }
    }

    /// Numbers and booleans become strings where Braze's own connector writes strings.
    fn documented_strings(&mut self) {
        for property in self
            .properties
            .iter_mut()
            .filter(|property| is_documented_string(&property.key))
        {
            let Some(json) = property.value.received() else {
                continue;
            };
            let is_flag =
                property.key == "in_control_group" && self.settings.in_control_group == InControlGroup::Bool;
            let changed = match json.kind() {
                Kind::String | Kind::Number if is_flag => {
                    boolean(json).map(|value| Value::Made(value.to_string()))
                }
                Kind::Number | Kind::Bool if !is_flag => Some(Value::Quoted(json)),
                _ => None,
            };
            if let Some(changed) = changed {
                let rule = if property.key == "in_control_group" {
                    "BZ-165"
                } else {
                    "BZ-159"
                };
                let key = &property.key;
                self.trace.record(rule, || {
                    (format!("properties.{key}"), changed.text().into_owned())
                });
                property.value = changed;
            }
        }
    }

    /// Texts that hold an object or array become it.
    fn parse_json(&mut self) {
        for field in [
            Field::MessageExtras,
            Field::ConversionBehavior,
            Field::FlowResponseJson,
            Field::ToolArguments,
        ] {
            let Some(text) = self.properties.received(field).and_then(Json::as_str) else {
                continue;
            };
            match super::value::parsed(&text) {
                None => {}
                Some(Some(made)) => {
                    self.properties.set(field, Value::Made(made));
                    self.record("BZ-196", field, "parsed");
                }
                Some(None) => {
                    self.properties.take(field);
                    self.record("BZ-153", field, "left out: holds nulls only");
                }
            }
        }
    }

    /// The members of an object move up one level; those whose key is taken stay in it.
    fn flatten(&mut self, field: Field) {
        let object = self.properties.received(field).and_then(Json::as_object);
        let Some(object) = object.filter(|object| !object.is_empty()) else {
            return;
        };
        let mut staying = String::new();
        let mut stay = event::json::ObjectWriter::new(&mut staying);
        for (key, value) in object {
            let Some(value) = Value::without_nulls(value) else {
                continue;
            };
            let path = || format!("properties.{}.{key}", field.key());
            if self.properties.has(&key) {
                self.trace
                    .record("BZ-195", || (path(), "stays: the name is taken".into()));
                value.write(&mut stay, &key);
            } else {
                self.trace
                    .record("BZ-195", || (path(), format!("properties.{key}")));
                self.properties.add(key, value);
            }
        }
        let nothing_stays = stay.is_empty();
        drop(stay);
        if nothing_stays {
            self.properties.take(field);
        } else {
            self.properties.set(field, Value::Made(staying));
        }
    }
}

fn is_custom(key: &str) -> bool {
    key == Field::CustomProperties.key() || key == Field::PurchaseProperties.key()
}

fn is_same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (Json::parse(&one.text()), Json::parse(&other.text())) {
        (Ok(one), Ok(other)) => same(one, other),
        _ => false,
    }
}
