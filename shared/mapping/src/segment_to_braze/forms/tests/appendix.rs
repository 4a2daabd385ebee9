//! The codes and names against Appendix A of the page of rules, which is what counts.

use super::*;
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../../spec/segment-to-braze.md");

/// The list that follows a heading of the appendix, on one line.
fn list(heading: &str) -> String {
    let (_, appendix) = PAGE.split_once("# Appendix A: codes").unwrap();
    let (_, after) = appendix.split_once(heading).unwrap();
    let (_, block) = after.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    block.replace('\n', " ")
}

/// Alpha-2, alpha-3 and name of every country.
fn countries() -> Vec<(String, String, String)> {
    let list = list("Countries,");
    let part = |entry: &str, at: usize| entry.trim().splitn(3, ' ').nth(at).unwrap().to_owned();
    list.split(';')
        .map(|entry| (part(entry, 0), part(entry, 1), part(entry, 2)))
        .collect()
}

fn aliases() -> Vec<(String, String)> {
    let list = list("Aliases,");
    let entries = list.split(';').map(|entry| entry.trim().split_once(' ').unwrap());
    entries
        .map(|(code, alias)| (code.to_owned(), alias.to_owned()))
        .collect()
}

/// Every text of so many small letters.
fn all_words(letters: u32) -> impl Iterator<Item = String> {
    (0..26_u32.pow(letters)).map(move |number| {
        let letter = |at| char::from(b'a' + u8::try_from(number / 26_u32.pow(at) % 26).unwrap());
        (0..letters).rev().map(letter).collect()
    })
}

#[test]
fn the_accepted_country_codes_are_those_of_the_appendix() {
    event::rules!["SB-095"];
    let countries = countries();
    assert_eq!(countries.len(), 249);
    for (alpha_2, alpha_3, _) in &countries {
        assert_eq!(country::country(alpha_2), Some(alpha_2.as_str()));
        assert_eq!(country::country(alpha_3), Some(alpha_2.as_str()));
    }
    let listed: BTreeSet<String> = countries
        .iter()
        .flat_map(|(alpha_2, alpha_3, _)| [alpha_2, alpha_3])
        .map(|code| code.to_ascii_lowercase())
        .chain(aliases().into_iter().map(|(_, alias)| alias))
        .collect();
    for code in all_words(2).chain(all_words(3)) {
        assert_eq!(
            country::country(&code).is_some(),
            listed.contains(&code),
            "{code}"
        );
    }
}

#[test]
fn the_country_names_are_those_of_the_appendix() {
    event::rules!["SB-095"];
    let countries = countries();
    let named = countries
        .iter()
        .map(|(code, _, name)| (code.as_str(), name.as_str()));
    let aliases = aliases();
    let aliases = aliases
        .iter()
        .map(|(code, alias)| (code.as_str(), alias.as_str()));
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (code, name) in named.chain(aliases) {
        assert_eq!(country::country(name), Some(code), "{name}");
        assert_eq!(country::country(&format!("the {name}")), Some(code), "{name}");
        assert_eq!(country::country(&name.to_uppercase()), Some(code), "{name}");
        known.extend(country::names().filter(|own| *own == country::folded(name)));
    }
    assert_eq!(
        country::names().count(),
        known.len(),
        "a name that the appendix has not"
    );
    assert!(country::names().is_sorted(), "names are found by halving");
}

#[test]
fn the_accepted_languages_are_those_of_the_appendix() {
    event::rules!["SB-096"];
    let list = list("Languages:");
    let listed: BTreeSet<&str> = list.split_whitespace().collect();
    assert_eq!(listed.len(), 184);
    for code in all_words(2).chain(all_words(3)) {
        let own = listed.contains(code.as_str()).then(|| code.clone());
        let wanted = match code.as_str() {
            "iw" => Some("he".to_owned()),
            "in" => Some("id".to_owned()),
            "ji" => Some("yi".to_owned()),
            "jw" => Some("jv".to_owned()),
            "mo" => Some("ro".to_owned()),
            "fil" => Some("tl".to_owned()),
            _ => own,
        };
        assert_eq!(country::language(&code), wanted);
    }
}

#[test]
fn the_currencies_are_those_of_the_appendix() {
    event::rules!["SB-175"];
    let list = list("Currencies:");
    let listed: Vec<&str> = list.split_whitespace().collect();
    assert_eq!(event::currency::codes(), listed);
}
