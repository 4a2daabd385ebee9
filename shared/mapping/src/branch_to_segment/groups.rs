//! Which entries of an event become properties.

use super::identity::{ANONYMOUS_ID, Identity, UNSIGNED_ANONYMOUS_ID};
use super::link::Sign;
use super::products::products;
use super::properties::{Group, Properties};
use super::received::{OWN_FIELDS, OWN_FLAGS, Received};
use super::value::{Value, is_blank, is_nothing};
use crate::forms::{Placeholders, boolean, number};
use event::json::{Json, Kind, Object};
use event::reasons::Warning;
use event::settings::BranchToSegment;
use std::borrow::Cow;

/// The fields of `user_data` that are booleans.
const USER_FLAGS: [&str; 4] = ["limit_ad_tracking", "is_jailbroken", "opted_in", "private_relay"];

/// The fields of `event_data` that are numbers.
const AMOUNTS: [&str; 5] = ["revenue", "revenue_in_usd", "exchange_rate", "shipping", "tax"];

/// How the entries of a group are read.
#[derive(Clone, Copy)]
struct Reading {
    group: Group,
    /// Whether the text `null` is blank: Branch defines the fields.
    null_is_blank: bool,
    /// Whether a leading `~`, `$` or `+` is taken off the names below an entry's.
    strips_signs: bool,
}

/// The properties of an event's call. `other_time` is a second time that the event states. `is_trimmed`: the name
/// `truncated` is taken.
pub(super) fn properties<'e>(
    event: &'e Received<'e>,
    identity: &'e Identity<'e>,
    settings: &BranchToSegment,
    other_time: Option<Json<'e>>,
    is_trimmed: bool,
) -> Properties<'e> {
    let mut all = Groups {
        properties: Properties::new(is_trimmed),
    };
    let extra = settings.extra_properties;
    all.identity(event, identity, super::placeholders(settings));
    all.link(event, Sign::Label);
    all.user(event);
    if extra {
        all.event_data(&event.event_data);
        if let Some(products) = products(&event.content_items, &mut all.properties) {
            let name = Cow::Borrowed("products");
            all.properties
                .add(Group::Products, "content_items", name, Value::Made(products));
        }
    }
    for sign in [Sign::Control, Sign::Added, Sign::Own] {
        all.link(event, sign);
    }
    if extra {
        all.custom_data(&event.custom_data);
        all.attribution(event);
        for (key, value) in &event.unreadable {
            let name = Cow::Borrowed(*key);
            all.properties
                .add(Group::Unreadable, key, name, Value::exact(*value));
        }
        if let Some(time) = other_time {
            let name = Cow::Borrowed("timestamp");
            all.properties
                .add(Group::Time, "timestamp", name, Value::exact(time));
        }
    }
    all.properties
}

struct Groups<'e> {
    properties: Properties<'e>,
}

impl<'e> Groups<'e> {
    fn identity(
        &mut self,
        event: &'e Received<'e>,
        identity: &'e Identity<'e>,
        placeholders: Placeholders<'_>,
    ) {
        let id = event.id.filter(|id| !is_nothing(*id));
        let event_id = id.and_then(|id| placeholders.thing(id));
        let ip = event.user("ip").and_then(super::value::text);
        let anonymous_id = identity.anonymous_id.as_ref().filter(|_| !identity.is_device);
        for (key, name, value) in [
            ("id", "event_id", event_id.as_ref()),
            ("user_data.ip", "IP", ip.as_ref()),
            (ANONYMOUS_ID, "anonymousId", anonymous_id),
        ] {
            if let Some(value) = value {
                self.properties
                    .add(Group::Identity, key, Cow::Borrowed(name), Value::string(value));
            }
        }
    }

    fn link(&mut self, event: &'e Received<'e>, sign: Sign) {
        let reading = Reading {
            group: match sign {
                Sign::Label => Group::Label,
                Sign::Control => Group::Control,
                Sign::Added => Group::Added,
                Sign::Own => Group::Link,
            },
            null_is_blank: sign != Sign::Own,
            strips_signs: true,
        };
        for entry in event.link.group(sign) {
            self.entry(reading, &entry.key, Cow::Borrowed(entry.name()), entry.value);
        }
    }

    fn user(&mut self, event: &'e Received<'e>) {
        let reading = Reading {
            group: Group::Device,
            null_is_blank: true,
            strips_signs: false,
        };
        for (key, value) in event.user.in_key_order() {
            match key {
                "ip" | ANONYMOUS_ID => {}
                flag if USER_FLAGS.contains(&flag) => self.flag(reading, key, value),
                _ => self.entry(reading, key, Cow::Borrowed(key), value),
            }
        }
    }

    fn event_data(&mut self, event_data: &'e Object<'e>) {
        let reading = Reading {
            group: Group::Event,
            null_is_blank: true,
            strips_signs: false,
        };
        for (key, value) in event_data.in_key_order() {
            let is_amount = AMOUNTS.contains(&key) && !is_nothing(value);
            if is_amount && number(value).is_none() {
                self.properties
                    .warn("BS-113", Warning::InvalidNumber, format!("event_data.{key}"));
            }
            if is_amount && value.kind() == Kind::String {
                let number = Value::number_or_exact(value);
                self.properties.add(Group::Event, key, Cow::Borrowed(key), number);
            } else {
                self.entry(reading, key, Cow::Borrowed(key), value);
            }
        }
    }

    fn custom_data(&mut self, custom_data: &'e Object<'e>) {
        let reading = Reading {
            group: Group::Custom,
            null_is_blank: false,
            strips_signs: true,
        };
        for (key, value) in custom_data.in_key_order() {
            if key != ANONYMOUS_ID && key != UNSIGNED_ANONYMOUS_ID {
                self.entry(reading, key, Cow::Borrowed(unsigned(key)), value);
            }
        }
    }

    fn attribution(&mut self, event: &'e Received<'e>) {
        let reading = Reading {
            group: Group::Attribution,
            null_is_blank: true,
            strips_signs: false,
        };
        for (at, (field, value)) in OWN_FIELDS.into_iter().zip(event.own).enumerate() {
            match value {
                Some(value) if at < OWN_FLAGS => self.flag(reading, field, value),
                Some(value) => self.entry(reading, field, Cow::Borrowed(field), value),
                None => {}
            }
        }
    }

    /// An entry of a boolean field: what can be read as a boolean becomes it, all else is an entry like others (BS-006).
    fn flag(&mut self, reading: Reading, key: &'e str, value: Json<'e>) {
        match boolean(value) {
            Some(flag) => self
                .properties
                .add(reading.group, key, Cow::Borrowed(key), Value::bool(flag)),
            None => self.entry(reading, key, Cow::Borrowed(key), value),
        }
    }

    /// One entry: itself, or all that is nested in it.
    fn entry(&mut self, reading: Reading, key: &'e str, name: Cow<'e, str>, value: Json<'e>) {
        let is_nothing = if reading.null_is_blank {
            is_nothing(value)
        } else {
            is_blank(value)
        };
        if is_nothing {
            return;
        }
        let Some(nested) = value.as_object() else {
            self.properties.add(reading.group, key, name, Value::exact(value));
            return;
        };
        for (below, value) in nested.in_key_order() {
            let below = if reading.strips_signs {
                unsigned(below)
            } else {
                below
            };
            let mut joined = String::with_capacity(name.len() + 1 + below.len());
            joined.push_str(&name);
            joined.push('_');
            joined.push_str(below);
            self.entry(reading, key, Cow::Owned(joined), value);
        }
    }
}

/// A name without one leading sign.
fn unsigned(name: &str) -> &str {
    name.strip_prefix(['~', '$', '+']).unwrap_or(name)
}
