//! Attributes that Braze defines (6.1), and where they are read from.

use super::super::forms::Form;

/// A field of Braze's user attributes.
pub(super) struct Field {
    pub name: &'static str,
    /// Where it is read from, in order.
    pub candidates: &'static [Candidate],
    /// What it takes.
    pub form: FieldForm,
    /// Whether null unsets it.
    pub null_is_sent: bool,
}

/// Where a value may stand.
#[derive(Clone, Copy)]
pub(super) enum Candidate {
    Trait(&'static str),
    /// A key of the trait `address`.
    OfAddress(&'static str),
    /// A key of `context`, if the settings want language and time zone from there.
    Locale(&'static str),
    /// `context.location`, if the settings want it.
    Location,
    /// A key of that.
    OfLocation(&'static str),
}

/// What a field takes.
#[derive(Clone, Copy)]
pub(super) enum FieldForm {
    /// A single value.
    Of(Form),
    /// An object of the user's own.
    Object,
}

impl FieldForm {
    /// The rule that says what the field takes.
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::Of(form) => form.rule(),
            Self::Object => "SB-090",
        }
    }
}

use Candidate::{Locale, Location, OfAddress, OfLocation, Trait};

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

/// The fields in the order in which they are sent.
pub(super) const FIELDS: [Field; 21] = [
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
        &[Trait("country"), OfAddress("country"), OfLocation("country")],
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
pub(super) const GROUP_TRAITS: [&str; 2] = ["subscription_groups", "braze_subscription_groups"];
/// The trait with push tokens.
pub(super) const TOKENS_TRAIT: &str = "push_tokens";
/// The trait of which city and country are read.
pub(super) const ADDRESS_TRAIT: &str = "address";

/// Whether a trait becomes a field, and so no custom attribute.
pub(super) fn is_field(name: &str) -> bool {
    let is_of = |field: &Field| {
        field.name == name
            || field
                .candidates
                .iter()
                .any(|candidate| matches!(candidate, Trait(own) if *own == name))
    };
    FIELDS.iter().any(is_of) || GROUP_TRAITS.contains(&name) || name == TOKENS_TRAIT
}
