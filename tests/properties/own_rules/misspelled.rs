//! Whoever misspells a word of the grammar learns where it stands and what the right one is.

use crate::config::cases;
use event::settings::{Form, Settings};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A row with one word of the grammar between the brackets, and the words that may stand there.
#[derive(Debug, Clone)]
struct Sentence {
    /// What comes before the row, and what is wrong in it.
    place: &'static str,
    text: String,
    word: &'static str,
    others: Vec<&'static str>,
}

const ROW: [&str; 10] = [
    "name", "when", "drop", "rename", "copy", "values", "convert", "default", "set", "remove",
];
const OPERATORS: [&str; 8] = [
    "exists", "not", "above", "at_least", "below", "at_most", "contains", "percent",
];
const TRIGGER: [&str; 8] = [
    "event",
    "when",
    "campaign_id",
    "canvas_id",
    "send_id",
    "send_to_existing_only",
    "also_track",
    "canvas_key",
];
const CATALOG: [&str; 7] = [
    "event",
    "when",
    "catalog",
    "op",
    "id_property",
    "fields",
    "also_track",
];
const OPERATIONS: [&str; 3] = ["upsert", "update", "delete"];

/// A value with which the word may stand.
fn value_of(word: &str) -> &'static str {
    match word {
        "name" | "event" | "campaign_id" | "canvas_id" | "send_id" | "catalog" | "id_property"
        | "canvas_key" => "'a'",
        "when" => "{ type = 'track' }",
        "drop" | "also_track" | "send_to_existing_only" | "exists" => "true",
        "rename" | "copy" => "{ a = 'b' }",
        "values" => "{ a = { b = 1 } }",
        "convert" => "{ a = 'text' }",
        "remove" | "fields" => "['a']",
        "default" | "set" => "{ a = 1 }",
        "op" => "'update'",
        _ => "1",
    }
}

/// Every word of the grammar in its place, written `<word>`.
fn sentences() -> Vec<Sentence> {
    let mut all = Vec::new();
    let mut add = |place, others: &[&'static str], row: &dyn Fn(&str) -> String| {
        for word in others {
            let (text, others) = (row(word), others.to_vec());
            all.push(Sentence {
                place,
                text,
                word,
                others,
            });
        }
    };
    let keyed = |word: &str| format!("<{word}> = {}", value_of(word));
    add("rules.{}.", &ROW, &keyed);
    add("rules.{}.when.a.", &OPERATORS, &|word| {
        format!("drop = true\nwhen = {{ a = {{ {} }} }}", keyed(word))
    });
    add("rules.{}.when.0.a.not.", &OPERATORS, &|word| {
        format!(
            "drop = true\nwhen = [{{ a = {{ not = {{ {} }} }} }}]",
            keyed(word)
        )
    });
    let forms: Vec<&str> = Form::ALL.iter().map(|form| form.as_str()).collect();
    add("rules.{}.convert.a", &forms, &|word| {
        format!("convert = {{ a = '<{word}>' }}")
    });
    add("triggers.{}.", &TRIGGER, &keyed);
    add("triggers.{}.when.a.", &OPERATORS, &|word| {
        format!("campaign_id = 'c'\nwhen = {{ a = {{ {} }} }}", keyed(word))
    });
    add("catalogs.{}.", &CATALOG, &keyed);
    add("catalogs.{}.op", &OPERATIONS, &|word| {
        format!("event = 'a'\ncatalog = 'c'\nop = '<{word}>'")
    });
    all
}

/// A word with one letter less, more, another, or two that changed places.
fn misspelled(word: &str, edit: usize, at: Index, letter: char) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let place = at.index(letters.len());
    match edit {
        0 => {
            letters.remove(place);
        }
        1 => letters.insert(place, letter),
        2 => letters[place] = letter,
        _ => letters.swap(place, (place + 1) % word.len()),
    }
    letters.into_iter().collect()
}

/// Whether two words are one edit apart.
fn are_near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    let tail = |one: &[char], other: &[char], skip: (usize, usize)| one.get(skip.0..) == other.get(skip.1..);
    let is_swap = one.len() > 1 && other.len() > 1 && one[0] == other[1] && one[1] == other[0];
    tail(one, other, (1, 0))
        || tail(one, other, (0, 1))
        || tail(one, other, (1, 1))
        || (is_swap && tail(one, other, (2, 2)))
}

proptest! {
    #![proptest_config(cases!(3000, "own_rules_misspelled"))]

    #[test]
    fn a_misspelled_word_is_refused_with_place_and_right_word(
        sentence in select(sentences()),
        edit in 0_usize..4,
        at in any::<Index>(),
        letter in select("abcdefghijklmnopqrstuvwxyz_".chars().collect::<Vec<_>>()),
        before in 0_usize..3,
    ) {
        event::rules!["OR-011"];
        let Sentence { place, text, word, others } = sentence;
        let wrong = misspelled(word, edit, at, letter);
        // The swap of the last with the first letter is more than one edit.
        prop_assume!(!others.contains(&wrong.as_str()) && are_near(word, &wrong) && !wrong.is_empty());
        let list = place.split('.').next().unwrap();
        let good = match list {
            "rules" => "set = { a = 1 }",
            "triggers" => "campaign_id = 'c'\nevent = 'E<n>'",
            _ => "catalog = 'c'\nevent = 'E'",
        };
        let mut file = String::new();
        for number in 0..before {
            let row = good.replace("<n>", &number.to_string());
            file.push_str(&format!("[[segment_to_braze.{list}]]\n{row}\n"));
        }
        let row = text.replace(&format!("<{word}>"), &wrong);
        file.push_str(&format!("[[segment_to_braze.{list}]]\n{row}\n"));
        let error = Settings::load(&file).map(|_| ()).unwrap_err().to_string();
        let place = format!("`segment_to_braze.{}", place.replace("{}", &before.to_string()));
        let place = if place.ends_with('.') { format!("{place}{wrong}`") } else { format!("{place}`") };
        let listed = error.lines().find(|line| line.starts_with(&place));
        prop_assert!(listed.is_some(), "{}{}: {}", file, place, error);
        let hint = listed.unwrap().split_once("did you mean ").map(|(_, hint)| hint.trim_matches(['"', '`', '?']));
        let is_right = hint.is_some_and(|hint| others.contains(&hint) && are_near(hint, &wrong));
        prop_assert!(is_right, "{}: {} for {}: {}", file, wrong, word, error);
    }
}
