//! The forms of values: what a standard field accepts, and how it is sent.

mod contact;
mod country;
mod date;
mod gender;
mod phone;
mod subscription_state;

pub(super) use phone::{PhoneRules, e164};
pub(super) use subscription_state::group_state;

use crate::forms::boolean;
use crate::forms::text::email;
use crate::forms::text::is_blank;
use crate::forms::time;
use event::json::{Json, write_string};
use event::reasons::Warning;
use event::settings::SegmentToBraze;

/// What a form says of a value that is present (not null).
pub(super) enum Reading {
    /// The JSON text to send.
    Sent(String),
    /// The JSON text to send, and the warning to raise all the same.
    SentDespite(String, Warning),
    /// An empty value: the settings decide what it does.
    Blank,
    /// A valid value that says nothing: the field is left out, no warning.
    Silent,
    /// Not valid: raise this warning and try the next candidate.
    Invalid(Warning),
}

/// What kind of value a standard field takes.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// A string or a number, sent as a string.
    Name,
    /// An e-mail address.
    Email,
    /// A phone number, sent as E.164.
    Phone,
    /// One of five letters.
    Gender,
    /// A day, never shifted by a zone.
    Date,
    /// A country, sent as ISO 3166-1 alpha-2.
    Country,
    /// A language, sent as ISO 639-1.
    Language,
    /// An address of the web.
    Url,
    /// A state of subscription.
    State,
    /// A boolean.
    Flag,
    /// A point in time, sent in UTC with milliseconds.
    Time,
    /// A latitude and a longitude.
    Location,
}

impl Form {
    /// Reads a value that is not null.
    pub(super) fn read(self, value: Json<'_>, settings: &SegmentToBraze) -> Reading {
        if self.is_empty(value) {
            return Reading::Blank;
        }
        let sent = match self {
            Self::Phone => return phone::read(value, PhoneRules::of(settings)),
            Self::Gender => return gender::read(value),
            Self::Name => name(value),
            Self::Email => string(value, |text| email(text).map(|address| quoted(&address))),
            Self::Date => date::date(value, settings.dob_order).map(|date| quoted(&date)),
            Self::Country => string(value, |text| country::country(text).map(quoted)),
            Self::Language => string(value, |text| country::language(text).map(|code| quoted(&code))),
            Self::Url => string(value, |text| contact::url(text).map(quoted)),
            Self::State => subscription_state::state(value).map(quoted),
            Self::Flag => boolean(value).map(|flag| flag.to_string()),
            Self::Time => time::time(value).map(|time| quoted(&time.to_string())),
            Self::Location => country::location(value),
        };
        sent.map_or(Reading::Invalid(self.warning()), Reading::Sent)
    }

    /// Whether a value says nothing in this form. A name may be of spaces.
    fn is_empty(self, value: Json<'_>) -> bool {
        match self {
            Self::Name => value.raw() == "\"\"",
            _ => is_blank(value),
        }
    }

    /// The rule that says what the form accepts.
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::Phone => "SB-092",
            Self::Gender => "SB-093",
            Self::Date => "SB-094",
            Self::Country => "SB-095",
            Self::Language => "SB-096",
            Self::State => "SB-129",
            Self::Time => "SB-062",
            Self::Name | Self::Email | Self::Url | Self::Flag | Self::Location => "SB-090",
        }
    }

    const fn warning(self) -> Warning {
        match self {
            Self::Email => Warning::InvalidEmail,
            Self::Phone => Warning::InvalidPhone,
            Self::Gender => Warning::InvalidGender,
            Self::Date => Warning::InvalidDob,
            Self::Country => Warning::InvalidCountry,
            Self::Language => Warning::InvalidLanguage,
            Self::Url => Warning::InvalidUrl,
            Self::State => Warning::SubscriptionLost,
            Self::Name | Self::Flag | Self::Time | Self::Location => Warning::InvalidValue,
        }
    }
}

/// A string as received, or a number as a string.
fn name(value: Json<'_>) -> Option<String> {
    match value.as_number() {
        Some(number) => Some(quoted(number)),
        None => value.as_str().map(|_| value.raw().to_owned()),
    }
}

fn string(value: Json<'_>, read: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    read(&value.as_str()?)
}

/// A string as JSON.
fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    json
}

#[cfg(test)]
mod tests;
