//! The properties of a call, while the rules work on them.

use super::value::Value;
use crate::segment_track::{self, Removal};
use event::json::{Json, ObjectWriter, compact_size};
use std::borrow::Cow;
use std::cmp::Reverse;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $key:literal,)*) => {
        /// The input fields that a rule looks at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Field {
            $($(#[$doc])* #[doc = concat!("`", $key, "`")] $name,)*
        }

        impl Field {
            const COUNT: usize = [$(Self::$name,)*].len();

            /// The field's key.
            pub(super) const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            fn of(key: &str) -> Option<Self> {
                match key {
                    $($key => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    AdId = "ad_id",
    AdTrackingEnabled = "ad_tracking_enabled",
    CardId = "card_id",
    Carrier = "carrier",
    ContentCardId = "content_card_id",
    ConversionBehavior = "conversion_behavior",
    CustomProperties = "custom_properties",
    DeviceId = "device_id",
    DeviceModel = "device_model",
    EmailAddress = "email_address",
    FlowResponseJson = "flow_response_json",
    LinkUrl = "link_url",
    MessageExtras = "message_extras",
    OsVersion = "os_version",
    PhoneNumber = "phone_number",
    Platform = "platform",
    PurchaseProperties = "purchase_properties",
    Timezone = "timezone",
    ToolArguments = "tool_arguments",
    ToPhoneNumber = "to_phone_number",
    Url = "url",
    UserAgent = "user_agent",
    UserPhoneNumber = "user_phone_number",
}

/// The properties that Braze documents as strings for Segment: the 20 names of its own connector (BZ-159).
pub(super) fn is_documented_string(key: &str) -> bool {
    matches!(
        key,
        "in_control_group"
            | "link_url"
            | "button_id"
            | "card_id"
            | "subscription_group_id"
            | "subscription_status"
            | "user_agent"
            | "link_id"
            | "link_alias"
            | "machine_open"
            | "app_id"
            | "send_id"
            | "dispatch_id"
            | "campaign_id"
            | "campaign_name"
            | "message_variation_id"
            | "canvas_id"
            | "canvas_name"
            | "canvas_variation_id"
            | "canvas_step_id"
    )
}

/// What goes first from an event that is too large, in this order: long texts and objects whose loss costs least (BZ-250).
const FIRST_TRIMMED: [&str; 8] = [
    "message_extras",
    "raw_response",
    "output",
    "input",
    "tool_arguments",
    "flow_response_json",
    "custom_properties",
    "purchase_properties",
];

pub(super) struct Property<'a> {
    pub key: Cow<'a, str>,
    pub value: Value<'a>,
}

impl segment_track::Property for Property<'_> {
    fn name(&self) -> &str {
        &self.key
    }

    fn value_size(&self) -> usize {
        compact_size(&self.value.text())
    }

    fn removal(&self, value_size: usize) -> Option<Removal> {
        let rank = FIRST_TRIMMED.iter().position(|first| *first == self.key);
        (!is_documented_string(&self.key)).then(|| Removal {
            rank: rank.unwrap_or(FIRST_TRIMMED.len()),
            size: Reverse(value_size),
        })
    }

    fn write(&self, out: &mut ObjectWriter<'_>) {
        self.value.write(out, &self.key);
    }
}

/// Properties in their order, with the places of the fields that rules look at.
pub(super) struct Properties<'a> {
    list: Vec<Option<Property<'a>>>,
    places: [Option<usize>; Field::COUNT],
}

impl<'a> Properties<'a> {
    /// None, with room for so many.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            list: Vec::with_capacity(capacity),
            places: [None; Field::COUNT],
        }
    }

    /// Adds a property whose key no other has.
    pub(super) fn add(&mut self, key: Cow<'a, str>, value: Value<'a>) {
        if let Some(place) = Field::of(&key).and_then(|field| self.places.get_mut(field as usize)) {
            *place = Some(self.list.len());
        }
        self.list.push(Some(Property { key, value }));
    }

    /// Whether there is a property of this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.iter().any(|property| property.key == key)
    }

    /// The property of this key.
    pub(super) fn named(&self, key: &str) -> Option<&Value<'a>> {
        self.iter()
            .find(|property| property.key == key)
            .map(|property| &property.value)
    }

    /// The value of a field.
    pub(super) fn get(&self, field: Field) -> Option<&Value<'a>> {
        let at = self.places.get(field as usize).copied().flatten()?;
        self.list.get(at)?.as_ref().map(|property| &property.value)
    }

    /// The value of a field, as received.
    pub(super) fn received(&self, field: Field) -> Option<Json<'a>> {
        self.get(field).and_then(Value::received)
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, field: Field) -> Option<Value<'a>> {
        let at = self.places.get_mut(field as usize).and_then(Option::take)?;
        self.list.get_mut(at)?.take().map(|property| property.value)
    }

    /// Gives a field another value.
    pub(super) fn set(&mut self, field: Field, value: Value<'a>) {
        let at = self.places.get(field as usize).copied().flatten();
        if let Some(Some(property)) = at.and_then(|at| self.list.get_mut(at)) {
            property.value = value;
        }
    }

    /// All of them, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Property<'a>> {
        self.list.iter().flatten()
    }

    /// All of them, to change their values.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Property<'a>> {
        self.list.iter_mut().flatten()
    }

    /// Takes out all whose keys are named, and gives the rest.
    pub(super) fn into_list(self, dropped: &[String]) -> Vec<Property<'a>> {
        let mut list: Vec<_> = self.list.into_iter().flatten().collect();
        if !dropped.is_empty() {
            list.retain(|property| !dropped.iter().any(|name| *name == property.key));
        }
        list
    }
}
