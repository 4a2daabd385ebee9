//! By what Braze knows the user: one kind of identifier.

use super::forms::{PhoneRules, e164};
use super::gate::{EventType, event_type};
use super::properties::matches;
use super::received::{Place, Received};
use crate::Trace;
use crate::forms::text::email;
use crate::forms::text::{is_blank, text};
use crate::forms::{Placeholders, list};
use event::calls::UserKey;
use event::json::{Json, Object, ObjectWriter, write_string};
use event::reasons::Warning;
use event::settings::{Anonymous, Pattern, SegmentToBraze};
use std::borrow::Cow;

/// The `type` of an external id that the event's context names.
const CONTEXT_ID_TYPE: &str = "brazeExternalId";

/// The keys of an alias.
pub(super) const ALIAS_KEYS: [&str; 2] = ["alias_name", "alias_label"];

/// An alias: two texts.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct UserAlias {
    /// `alias_name`
    pub name: String,
    /// `alias_label`
    pub label: String,
}

/// The one identifier of a user.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Identity {
    ExternalId(String),
    BrazeId(String),
    UserAlias(UserAlias),
    Email(String),
    Phone(String),
}

impl UserAlias {
    /// Writes its members.
    pub(super) fn write(&self, out: &mut ObjectWriter<'_>) {
        out.string("alias_name", &self.name);
        out.string("alias_label", &self.label);
    }

    /// The key by which calls of this user stay in order.
    pub(super) fn user_key(&self) -> UserKey {
        UserKey::new("user_alias", &format!("{}\u{0}{}", self.label, self.name))
    }
}

impl Identity {
    /// The key of the identifier in attributes, events and purchases.
    pub(super) const fn field(&self) -> &'static str {
        match self {
            Self::ExternalId(_) => "external_id",
            Self::BrazeId(_) => "braze_id",
            Self::UserAlias(_) => "user_alias",
            Self::Email(_) => "email",
            Self::Phone(_) => "phone",
        }
    }

    /// Its JSON text.
    pub(super) fn json(&self) -> String {
        let mut json = String::new();
        self.write_at(&mut json);
        json
    }

    /// Writes it under its own key.
    pub(super) fn write(&self, out: &mut ObjectWriter<'_>) {
        self.write_at(out.place(self.field()));
    }

    fn write_at(&self, out: &mut String) {
        match self {
            Self::UserAlias(alias) => alias.write(&mut ObjectWriter::new(out)),
            Self::ExternalId(id) | Self::BrazeId(id) | Self::Email(id) | Self::Phone(id) => {
                write_string(out, id);
            }
        }
    }

    /// The key by which calls of this user stay in order.
    pub(super) fn user_key(&self) -> UserKey {
        match self {
            Self::UserAlias(alias) => alias.user_key(),
            Self::ExternalId(id) | Self::BrazeId(id) | Self::Email(id) | Self::Phone(id) => {
                UserKey::new(self.field(), id)
            }
        }
    }

    /// Whether it is an alias.
    pub(super) const fn is_alias(&self) -> bool {
        matches!(self, Self::UserAlias(_))
    }
}

/// Reads the ids of one event.
pub(super) struct Ids<'e, 'a> {
    event: &'e Received<'a>,
    settings: &'e SegmentToBraze,
}

impl<'e, 'a> Ids<'e, 'a> {
    /// The ids of an event.
    pub(super) const fn new(event: &'e Received<'a>, settings: &'e SegmentToBraze) -> Self {
        Self { event, settings }
    }

    /// The first identifier of the table's seven steps.
    pub(super) fn identity(&self, trace: &mut Trace) -> Option<Identity> {
        let contact = |trace: &mut Trace| {
            self.settings
                .contact_identity
                .then(|| self.contact(trace))
                .flatten()
        };
        self.without_contact(trace).or_else(|| contact(trace))
    }

    /// That of the first five steps: e-mail and phone may be those of several people.
    pub(super) fn without_contact(&self, trace: &mut Trace) -> Option<Identity> {
        self.external_id(trace)
            .map(Identity::ExternalId)
            .or_else(|| self.braze_id(trace).map(Identity::BrazeId))
            .or_else(|| self.user_alias(trace).map(Identity::UserAlias))
            .or_else(|| self.anonymous_alias(trace).map(Identity::UserAlias))
    }

    /// That of a subscription, which knows neither Braze's ids nor aliases.
    pub(super) fn subscriber(&self, trace: &mut Trace) -> Option<Identity> {
        let external_id = self.external_id(trace).map(Identity::ExternalId);
        external_id.or_else(|| self.contact(trace))
    }

    /// The external id of the first two steps.
    pub(super) fn external_id(&self, trace: &mut Trace) -> Option<String> {
        for key in ["externalId", "externalIds"] {
            let given = self.event.context.present(key);
            let elements = given.and_then(list);
            if given.is_some_and(|given| elements.is_none() && !is_blank(given)) {
                trace.warn("SB-048", Warning::NotAnObject, || format!("context.{key}"));
            }
            for (at, element) in elements.into_iter().flatten().enumerate() {
                let Some(element) = element.as_object() else {
                    trace.warn("SB-048", Warning::NotAnObject, || format!("context.{key}[{at}]"));
                    continue;
                };
                let of_type = element.get("type").and_then(Json::as_str);
                if of_type.as_deref() != Some(CONTEXT_ID_TYPE) {
                    continue;
                }
                let path = || format!("context.{key}[{at}].id");
                let id = self.id(element.get("id"), path, trace);
                if let Some(id) = recorded(id, "external_id", path, trace) {
                    return Some(id);
                }
                // Only the first element of the type counts.
                break;
            }
        }
        let path = || "userId".to_owned();
        let id = self.id(self.event.get("userId"), path, trace);
        recorded(id, "external_id", path, trace)
    }

    /// Where the event names what `find` finds.
    pub(super) fn path_of<T>(&self, find: impl FnOnce(&Self, &mut Trace) -> Option<T>) -> String {
        let mut found = Trace::explaining();
        find(self, &mut found);
        let last = found.entries().last();
        last.map_or_else(String::new, |note| note.path.clone())
    }

    /// Where the external id stands.
    pub(super) fn external_id_path(&self) -> String {
        self.path_of(Self::external_id)
    }

    /// The anonymous id, if it is text.
    pub(super) fn anonymous_id(&self, trace: &mut Trace) -> Option<String> {
        self.named("anonymousId", trace)
    }

    /// One of the event's own keys that hold an id, if it is text.
    pub(super) fn named(&self, key: &'static str, trace: &mut Trace) -> Option<String> {
        self.id(self.event.get(key), || key.to_owned(), trace)
    }

    /// The alias that an anonymous id is known by.
    pub(super) fn alias_of(&self, anonymous_id: String) -> UserAlias {
        UserAlias {
            name: anonymous_id,
            label: self.settings.alias_label.clone(),
        }
    }

    /// The alias that a value spells. One that is no object, or lacks a name or a label, is warned of unless it `is_told`
    /// elsewhere.
    pub(super) fn alias_at(
        &self,
        value: Json<'_>,
        path: impl Fn() -> String,
        is_told: bool,
        trace: &mut Trace,
    ) -> Option<UserAlias> {
        let object = value.as_object();
        let has = |key: &&str| {
            let given = object.as_ref().and_then(|object| object.present(key));
            given.is_some_and(|given| !is_blank(given))
        };
        match &object {
            Some(object) if ALIAS_KEYS.iter().all(has) => {
                self.alias_in(object, || format!("{}.", path()), trace)
            }
            _ => {
                if !is_told && !is_blank(value) {
                    trace.warn("SB-049", Warning::InvalidValue, path);
                }
                None
            }
        }
    }

    /// The alias that an object spells, if name and label are text.
    pub(super) fn alias_in(
        &self,
        object: &Object<'_>,
        path: impl Fn() -> String,
        trace: &mut Trace,
    ) -> Option<UserAlias> {
        let given = object.present("alias_label");
        let Some(label) = given.and_then(text).map(Cow::into_owned) else {
            if given.is_some_and(|given| !is_blank(given)) {
                trace.warn("SB-049", Warning::InvalidValue, || {
                    format!("{}alias_label", path())
                });
            }
            return None;
        };
        let name = self.id(
            object.get("alias_name"),
            || format!("{}alias_name", path()),
            trace,
        )?;
        Some(UserAlias { name, label })
    }

    fn braze_id(&self, trace: &mut Trace) -> Option<String> {
        let mut places = self
            .event
            .integration_settings(self.settings.compat)
            .map(|integration| (integration.place, integration.settings.get("braze_id")))
            .chain(
                self.event
                    .profiles()
                    .map(|(path, profile)| (Place::Object(path), profile.get("braze_id"))),
            );
        places.find_map(|(place, value)| {
            let path = || place.below("braze_id");
            let id = self.id(value, path, trace);
            recorded(id, "braze_id", path, trace)
        })
    }

    /// The alias that the event spells beside its other ids.
    pub(super) fn user_alias(&self, trace: &mut Trace) -> Option<UserAlias> {
        let mut places = self
            .event
            .integration_settings(self.settings.compat)
            .flat_map(|integration| {
                let of = |key| (integration.place, key, integration.settings.get(key));
                ["user_alias", "alias"].map(of)
            })
            .chain(
                self.event
                    .profiles()
                    .map(|(path, profile)| (Place::Object(path), "user_alias", profile.get("user_alias"))),
            );
        places.find_map(|(place, key, value)| {
            let value = value.filter(|value| !value.is_null())?;
            let path = || place.below(key);
            let alias = self.alias_at(value, path, self.is_told(place, key), trace);
            recorded(alias, "user_alias", path, trace)
        })
    }

    fn anonymous_alias(&self, trace: &mut Trace) -> Option<UserAlias> {
        if self.settings.anonymous != Anonymous::Alias {
            return None;
        }
        let alias = self.anonymous_id(trace).map(|id| self.alias_of(id));
        recorded(alias, "user_alias", || "anonymousId".into(), trace)
    }

    fn contact(&self, trace: &mut Trace) -> Option<Identity> {
        let address = |given: Json<'_>| email(&given.as_str()?);
        let number = |given: Json<'_>| e164(given, PhoneRules::of(self.settings));
        let found = self.contact_by("email", Warning::InvalidEmail, address, trace);
        let found = found.map(Identity::Email);
        found.or_else(|| {
            let found = self.contact_by("phone", Warning::InvalidPhone, number, trace);
            found.map(Identity::Phone)
        })
    }

    /// The first value of its form under one key of the event's profiles.
    fn contact_by(
        &self,
        key: &'static str,
        warning: Warning,
        form: impl Fn(Json<'_>) -> Option<String>,
        trace: &mut Trace,
    ) -> Option<String> {
        self.event.profiles().find_map(|(place, profile)| {
            let place = Place::Object(place);
            let path = || place.below(key);
            let given = profile.present(key)?;
            let found = form(given);
            if found.is_none() && !is_blank(given) && !self.is_told(place, key) {
                trace.warn("SB-049", warning, path);
            }
            recorded(found, key, path, trace)
        })
    }

    /// Whether the rules of the event's type send what a place says of the user, or warn of it: as an attribute, or as a
    /// property.
    fn is_told(&self, place: Place, key: &str) -> bool {
        let settings = self.settings;
        let is_kept = |dropped: &[Pattern]| !matches(dropped, key);
        let (event_type, Place::Object(place)) = (event_type(self.event).ok(), place) else {
            return false;
        };
        match (place, event_type) {
            ("traits", Some(EventType::Identify)) => is_kept(&settings.drop_traits),
            ("context.traits", Some(EventType::Identify)) => {
                self.event.traits.is_none() && is_kept(&settings.drop_traits)
            }
            ("context.traits", Some(EventType::Track | EventType::Page | EventType::Screen)) => {
                settings.traits_on_track && is_kept(&settings.drop_traits)
            }
            ("properties", Some(EventType::Track | EventType::Page | EventType::Screen)) => {
                is_kept(&settings.drop_properties)
            }
            _ => false,
        }
    }

    /// An id is text and, if the settings say so, none of the words that stand for no id.
    fn id(&self, value: Option<Json<'_>>, path: impl Fn() -> String, trace: &mut Trace) -> Option<String> {
        let value = value.filter(|value| !value.is_null())?;
        let Some(id) = text(value) else {
            if !is_blank(value) {
                trace.warn("SB-049", Warning::InvalidValue, path);
            }
            return None;
        };
        if placeholders(self.settings).is_nobody(&id) {
            trace.warn("SB-043", Warning::PlaceholderUserId, path);
            return None;
        }
        Some(Cow::into_owned(id))
    }
}

/// What the settings say of words that are nobody's id.
pub(super) fn placeholders(settings: &SegmentToBraze) -> Placeholders<'_> {
    Placeholders::new(settings.reject_placeholder_ids, &settings.placeholder_ids)
}

/// Records an identifier that was found.
fn recorded<T>(
    found: Option<T>,
    field: &'static str,
    path: impl Fn() -> String,
    trace: &mut Trace,
) -> Option<T> {
    if found.is_some() {
        trace.record("SB-040", || (path(), format!("{field} of every object")));
    }
    found
}
