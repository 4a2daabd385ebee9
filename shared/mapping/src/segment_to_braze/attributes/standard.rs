//! Attributes that Braze defines (6.1): the fields, where they are read from, and in what form.

use super::super::forms::{Form, Reading};
use super::super::identity::phone_rules;
use super::super::scene::Scene;
use super::super::value::Rewrite;
use super::Traits;
use crate::Notes;
use event::json::{Json, Kind, Object, ObjectWriter};
use event::reasons::Warning;
use event::settings::EmptyStrings;

/// A field of Braze's user attributes.
struct Field {
    name: &'static str,
    candidates: &'static [Candidate],
    form: FieldForm,
    /// Whether null unsets it.
    null_is_sent: bool,
}

/// Where a value may stand.
#[derive(Clone, Copy)]
enum Candidate {
    /// A trait.
    Trait(&'static str),
    /// A key of the trait `address`.
    OfAddress(&'static str),
    /// A key of `context`, if the settings want language and time zone from there.
    Locale(&'static str),
    /// `context.location`, if the settings want it.
    Location,
}

#[derive(Clone, Copy)]
enum FieldForm {
    /// A single value.
    Of(Form),
    /// An object of the user's own.
    Object,
}

use Candidate::{Locale, Location, OfAddress, Trait};

const fn field(
    name: &'static str,
    candidates: &'static [Candidate],
    form: Form,
    null_is_sent: bool,
) -> Field {
    Field {
        name,
        candidates,
        form: FieldForm::Of(form),
        null_is_sent,
    }
}

const fn object(name: &'static str, candidates: &'static [Candidate]) -> Field {
    Field {
        name,
        candidates,
        form: FieldForm::Object,
        null_is_sent: true,
    }
}

const FIELDS: [Field; 21] = [
    field(
        "first_name",
        &[Trait("first_name"), Trait("firstName")],
        Form::Name,
        true,
    ),
    field(
        "last_name",
        &[Trait("last_name"), Trait("lastName")],
        Form::Name,
        true,
    ),
    field("email", &[Trait("email")], Form::Email, true),
    field("phone", &[Trait("phone")], Form::Phone, true),
    field("gender", &[Trait("gender")], Form::Gender, true),
    field("dob", &[Trait("dob"), Trait("birthday")], Form::Date, true),
    field(
        "country",
        &[Trait("country"), OfAddress("country")],
        Form::Country,
        true,
    ),
    field(
        "home_city",
        &[Trait("home_city"), OfAddress("city")],
        Form::Name,
        true,
    ),
    field(
        "image_url",
        &[Trait("image_url"), Trait("avatar")],
        Form::Url,
        true,
    ),
    field(
        "language",
        &[Trait("language"), Locale("locale")],
        Form::Language,
        true,
    ),
    field(
        "time_zone",
        &[Trait("time_zone"), Locale("timezone")],
        Form::Name,
        true,
    ),
    field("email_subscribe", &[Trait("email_subscribe")], Form::State, false),
    field("push_subscribe", &[Trait("push_subscribe")], Form::State, false),
    field(
        "email_open_tracking_disabled",
        &[Trait("email_open_tracking_disabled")],
        Form::Flag,
        false,
    ),
    field(
        "email_click_tracking_disabled",
        &[Trait("email_click_tracking_disabled")],
        Form::Flag,
        false,
    ),
    field(
        "date_of_first_session",
        &[Trait("date_of_first_session")],
        Form::Time,
        false,
    ),
    field(
        "date_of_last_session",
        &[Trait("date_of_last_session")],
        Form::Time,
        false,
    ),
    field(
        "marked_email_as_spam_at",
        &[Trait("marked_email_as_spam_at")],
        Form::Time,
        false,
    ),
    field(
        "current_location",
        &[Trait("current_location"), Location],
        Form::Location,
        false,
    ),
    object("facebook", &[Trait("facebook")]),
    object("twitter", &[Trait("twitter")]),
];

/// The traits that become subscription groups.
pub const GROUP_TRAITS: [&str; 2] = ["subscription_groups", "braze_subscription_groups"];
/// The trait with push tokens.
pub const TOKENS_TRAIT: &str = "push_tokens";
/// The trait of which city and country are read.
pub const ADDRESS_TRAIT: &str = "address";

/// Whether a trait becomes a field, and so no custom attribute.
pub fn is_field(name: &str) -> bool {
    let is_of = |field: &Field| {
        field.name == name
            || field
                .candidates
                .iter()
                .any(|candidate| matches!(candidate, Trait(own) if *own == name))
    };
    FIELDS.iter().any(is_of) || GROUP_TRAITS.contains(&name) || name == TOKENS_TRAIT
}

/// Writes the fields that the traits give.
pub fn write(
    out: &mut ObjectWriter<'_>,
    members: &Object<'_>,
    traits: &Traits<'_, '_>,
    scene: &Scene<'_, '_>,
    identity_field: Option<&'static str>,
    notes: &mut Notes,
) {
    let source = Source {
        members,
        traits,
        scene,
    };
    for field in &FIELDS {
        if let Some(json) = source.value(field, notes)
            && identity_field != Some(field.name)
        {
            out.raw(field.name, &json);
        }
    }
}

struct Source<'s, 'e, 'a> {
    members: &'s Object<'a>,
    traits: &'s Traits<'e, 'a>,
    scene: &'s Scene<'e, 'a>,
}

impl<'a> Source<'_, '_, 'a> {
    /// What a field is sent as: the first candidate that is null or valid, else what an empty one asks for.
    fn value(&self, field: &Field, notes: &mut Notes) -> Option<String> {
        let mut has_blank = false;
        for candidate in field.candidates {
            let Some(value) = self.at(*candidate) else {
                continue;
            };
            let path = || self.path(*candidate);
            if value.is_null() {
                return null(field, path, notes);
            }
            let reading = match field.form {
                FieldForm::Of(form) => form.read(value, phone_rules(self.scene.settings)),
                FieldForm::Object => self.object(value, &path, notes),
            };
            let (json, warning) = match reading {
                Reading::Sent(json) => (json, None),
                Reading::SentDespite(json, warning) => (json, Some(warning)),
                Reading::Silent => return None,
                Reading::Blank => {
                    has_blank = true;
                    continue;
                }
                Reading::Invalid(warning) => {
                    notes.warn(warning, path);
                    continue;
                }
            };
            if let Some(warning) = warning {
                notes.warn(warning, path);
            }
            notes.tell("SB-080", || (path(), format!("{} = {json}", field.name)));
            return Some(json);
        }
        has_blank.then(|| self.blank(field)).flatten()
    }

    fn object(&self, value: Json<'_>, path: &dyn Fn() -> String, notes: &mut Notes) -> Reading {
        match value.kind() {
            Kind::Object => {
                let tidied = Rewrite {
                    cut_at: 0,
                    tidies: true,
                };
                Reading::Sent(tidied.inside(value, path, notes).into_owned())
            }
            Kind::String if value.as_str().is_some_and(|text| text.trim().is_empty()) => Reading::Blank,
            _ => Reading::Invalid(Warning::InvalidValue),
        }
    }

    fn blank(&self, field: &Field) -> Option<String> {
        let is_text = matches!(field.form, FieldForm::Of(Form::Name));
        match self.scene.settings.empty_strings {
            EmptyStrings::Keep if is_text => Some("\"\"".into()),
            EmptyStrings::Unset if field.null_is_sent => Some("null".into()),
            EmptyStrings::Keep | EmptyStrings::Unset | EmptyStrings::Drop => None,
        }
    }

    fn at(&self, candidate: Candidate) -> Option<Json<'a>> {
        let settings = self.scene.settings;
        let context = &self.scene.event.context;
        let from_context = self.traits.is_identify && self.scene.platform.is_some();
        match candidate {
            Trait(name) => self.members.get(name),
            OfAddress(name) => {
                let address = self.members.get(ADDRESS_TRAIT)?;
                match address.kind() {
                    Kind::Null => Some(address),
                    Kind::Object => address.as_object()?.get(name),
                    _ => None,
                }
            }
            Locale(key) if from_context && settings.locale_from_context => context.present(key),
            Location if from_context && settings.location_from_context => context.present("location"),
            Locale(_) | Location => None,
        }
    }

    fn path(&self, candidate: Candidate) -> String {
        match candidate {
            Trait(name) => format!("{}.{name}", self.traits.path),
            OfAddress(name) => format!("{}.{ADDRESS_TRAIT}.{name}", self.traits.path),
            Locale(key) => format!("context.{key}"),
            Location => "context.location".into(),
        }
    }
}

fn null(field: &Field, path: impl Fn() -> String, notes: &mut Notes) -> Option<String> {
    if !field.null_is_sent {
        notes.warn(Warning::NullIgnored, path);
        return None;
    }
    notes.tell("SB-083", || (path(), format!("{} = null: unset", field.name)));
    Some("null".into())
}
