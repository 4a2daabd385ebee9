//! The forms of `convert` (section 5).

use crate::forms::{self, any_number_of_text};
use event::json::{Json, Kind, well_formed, write_string};
use event::settings::Form;
use event::{hex, sha256};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use time::{Date, Month};

/// The years of a date.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

/// The last bits of an address that `mask_ip` takes away.
const MASKED_V4_BITS: u32 = 8;
const MASKED_V6_BITS: u32 = 80;

/// What a form makes of a value.
pub(super) enum Converted {
    /// It is of the form already.
    Already,
    /// This JSON text.
    To(String),
    /// The form has no way for it.
    Cannot,
}

impl Converted {
    fn of(json: Option<String>) -> Self {
        json.map_or(Self::Cannot, Self::To)
    }
}

/// Brings a value into a form. What is null stays, whatever the form.
pub(super) fn convert(json: Json<'_>, form: Form) -> Converted {
    let kind = json.kind();
    let is_already = match form {
        Form::Text => kind == Kind::String,
        Form::Number => kind == Kind::Number,
        Form::Boolean => kind == Kind::Bool,
        Form::Json => matches!(kind, Kind::Object | Kind::Array),
        Form::DateDmy | Form::DateMdy => json.as_str().is_some_and(|text| is_date(&text)),
        Form::Lower | Form::Upper | Form::Trim | Form::MaskIp | Form::Sha256 => false,
    };
    if is_already || kind == Kind::Null {
        return Converted::Already;
    }
    let string = json.as_str();
    let of_string =
        |make: &dyn Fn(&str) -> String| Converted::of(string.as_deref().map(|text| written(&make(text))));
    let trimmed = string.as_deref().map(str::trim);
    match form {
        Form::Text => match kind {
            Kind::Number | Kind::Bool => Converted::To(written(json.raw())),
            _ => Converted::Cannot,
        },
        Form::Number => Converted::of(string.as_deref().and_then(any_number_of_text)),
        Form::Boolean => Converted::of(boolean(json).map(|value| value.to_string())),
        Form::Lower => of_string(&str::to_lowercase),
        Form::Upper => of_string(&str::to_uppercase),
        Form::Trim => of_string(&|text| text.trim().to_owned()),
        Form::DateDmy => {
            Converted::of(trimmed.and_then(|text| date(text, |[day, month, year]| [year, month, day])))
        }
        Form::DateMdy => {
            Converted::of(trimmed.and_then(|text| date(text, |[month, day, year]| [year, month, day])))
        }
        Form::MaskIp => Converted::of(trimmed.and_then(masked).map(|address| written(&address))),
        Form::Sha256 => of_string(&|text| hex(sha256(text.as_bytes())).collect()),
        Form::Json => Converted::of(trimmed.and_then(held)),
    }
}

fn written(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    json
}

/// The text of a number, or of the number that a string spells.
pub(super) fn number(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json.as_number() {
        Some(number) => Some(Cow::Borrowed(number)),
        None => any_number_of_text(&json.as_str()?).map(Cow::Owned),
    }
}

/// A boolean by the form that all routes share, or one of the words that people use for one.
fn boolean(json: Json<'_>) -> Option<bool> {
    forms::boolean(json).or_else(|| match json.as_str()?.trim().to_lowercase().as_str() {
        "yes" | "on" => Some(true),
        "no" | "off" => Some(false),
        _ => None,
    })
}

/// The date of three numbers, of which `order` makes year, month and day.
fn date(text: &str, order: fn([&str; 3]) -> [&str; 3]) -> Option<String> {
    let separator = text.chars().find(|c| matches!(c, '/' | '.' | '-'))?;
    let mut parts = text.split(separator);
    let written = [parts.next()?, parts.next()?, parts.next()?];
    if parts.next().is_some() {
        return None;
    }
    let [year, month, day] = order(written);
    let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok())?
    };
    let year = i32::from(number(year, 4..=4)?);
    let month = Month::try_from(u8::try_from(number(month, 1..=2)?).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(number(day, 1..=2)?).ok()?).ok()?;
    YEARS
        .contains(&year)
        .then(|| format!("\"{year:04}-{:02}-{:02}\"", u8::from(date.month()), date.day()))
}

/// Whether a text is a date as [`date`] writes it.
fn is_date(text: &str) -> bool {
    let is_long = matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    is_long && date(text, |parts| parts).is_some()
}

fn masked(text: &str) -> Option<String> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => {
            Ipv4Addr::from_bits(address.to_bits() >> MASKED_V4_BITS << MASKED_V4_BITS).to_string()
        }
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() >> MASKED_V6_BITS << MASKED_V6_BITS).to_string()
        }
    })
}

/// The object or array that a string holds.
fn held(text: &str) -> Option<String> {
    let text = well_formed(text);
    let json = Json::parse(&text).ok()?;
    matches!(json.kind(), Kind::Object | Kind::Array).then(|| json.raw().to_owned())
}
