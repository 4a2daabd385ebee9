//! Countries as ISO 3166-1 alpha-2, languages as ISO 639-1, and points on earth.

use crate::forms::number;
use event::json::{Decimal, Json, Object, ObjectWriter};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// English names and what else countries are called, folded, each with its code, in ascending order of bytes.
const NAMES: &str = include_str!("../../../data/country_names.tsv");

static NAMED: LazyLock<Vec<(&str, &str)>> =
    LazyLock::new(|| NAMES.lines().filter_map(|line| line.split_once('\t')).collect());

/// The alpha-2 code of a code or an English name.
pub(super) fn country(text: &str) -> Option<&'static str> {
    let text = text.trim();
    of_code(text).or_else(|| of_name(text))
}

fn of_code(text: &str) -> Option<&'static str> {
    if !matches!(text.len(), 2 | 3) {
        return None;
    }
    let code = text.to_ascii_uppercase();
    let country = match code.len() {
        2 => rust_iso3166::from_alpha2(&code),
        _ => rust_iso3166::from_alpha3(&code),
    };
    country.map(|country| country.alpha2)
}

fn of_name(text: &str) -> Option<&'static str> {
    let name = folded(text);
    let at = NAMED.binary_search_by(|(own, _)| (*own).cmp(&name)).ok()?;
    NAMED.get(at).map(|(_, code)| *code)
}

/// Every name that is known.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|(name, _)| *name)
}

/// A name without what people write differently: capitals, accents, punctuation, `&`, `St.` and `the`.
pub(super) fn folded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            '.' | '\'' | '\u{2019}' => {}
            '\u{f8}' => plain.push('o'),
            '\u{142}' => plain.push('l'),
            '\u{111}' => plain.push('d'),
            '&' => plain.push_str(" and "),
            '(' | ')' | '[' | ']' | ',' | '/' | '-' | '\u{2010}'..='\u{2015}' => plain.push(' '),
            _ => plain.push(c),
        }
    }
    let words = plain.split_whitespace().filter(|word| *word != "the");
    let words: Vec<&str> = words
        .map(|word| if word == "st" { "saint" } else { word })
        .collect();
    words.join(" ")
}

/// Codes that ISO 639 has withdrawn, which Java and Android still print, and longer ones, with those that Braze takes.
const OTHER_CODES: [(&str, &str); 6] = [
    ("iw", "he"),
    ("in", "id"),
    ("ji", "yi"),
    ("jw", "jv"),
    ("mo", "ro"),
    ("fil", "tl"),
];

/// The code of the language that a tag such as `en-GB` or `pt_BR` begins with.
pub(super) fn language(text: &str) -> Option<String> {
    let code = text.split(['-', '_']).next()?.trim().to_ascii_lowercase();
    if let Some((_, own)) = OTHER_CODES.iter().find(|(other, _)| *other == code) {
        return Some((*own).to_owned());
    }
    isolang::Language::from_639_1(&code).map(|_| code)
}

/// Degrees to either side.
const LATITUDE: i64 = 90;
const LONGITUDE: i64 = 180;

/// The object that Braze takes.
pub(super) fn location(json: Json<'_>) -> Option<String> {
    let given = json.as_object()?;
    let latitude = degrees(&given, "latitude", LATITUDE)?;
    let longitude = degrees(&given, "longitude", LONGITUDE)?;
    let mut sent = String::new();
    let mut out = ObjectWriter::new(&mut sent);
    out.raw("latitude", &latitude);
    out.raw("longitude", &longitude);
    drop(out);
    Some(sent)
}

fn degrees(given: &Object<'_>, key: &str, most: i64) -> Option<String> {
    let number = number(given.get(key)?)?;
    (Decimal::parse(&number)?.abs() <= Decimal::from(most)).then(|| number.into_owned())
}
