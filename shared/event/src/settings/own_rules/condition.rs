//! Conditions: which events a row, a trigger or a catalog entry is for.

use super::path::Path;
use super::place::{Place, number};
use crate::json::Decimal;
use crate::settings::problem::did_you_mean_or;
use crate::settings::{Pattern, Problems};
use toml::de::DeValue;

/// A condition on an event. The default holds always.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// One of these must hold whole: a path and what must be true of some value that it names.
    pub any: Vec<Vec<(Path, Test)>>,
}

impl Default for Condition {
    fn default() -> Self {
        Self {
            any: vec![Vec::new()],
        }
    }
}

/// What must be true of the values that a path names.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// One is text or a boolean and matches.
    Text(Pattern),
    /// One is a number of this value.
    Number(Decimal),
    /// One is this boolean.
    Boolean(bool),
    /// One of these tests holds.
    OneOf(Vec<Test>),
    /// All of these tests hold.
    All(Vec<Test>),
    /// One is there and not null, or none is.
    Exists(bool),
    /// The test does not hold.
    Not(Box<Test>),
    /// One is a number that compares so.
    Compares(Comparison, Decimal),
    /// One is an array with an element of which this holds, or a string in which the text occurs.
    Contains {
        /// What must hold of an element: [`Test::Text`], [`Test::Number`] or [`Test::Boolean`].
        element: Box<Test>,
        /// What must occur in a string, verbatim.
        text: Option<String>,
    },
    /// One is text whose share, from 0 up to and excluding 10,000, is below this.
    Percent(i64),
}

/// How a number is compared with the one of the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It is greater.
    Above,
    /// It is equal or greater.
    AtLeast,
    /// It is less.
    Below,
    /// It is equal or less.
    AtMost,
}

/// Every operator.
const OPERATORS: [&str; 8] = [
    "exists", "not", "above", "at_least", "below", "at_most", "contains", "percent",
];

/// The words of other tools for operators.
const ELSEWHERE: [(&str, &str); 14] = [
    ("gt", "above"),
    ("greater_than", "above"),
    ("gte", "at_least"),
    ("ge", "at_least"),
    ("min", "at_least"),
    ("lt", "below"),
    ("less_than", "below"),
    ("lte", "at_most"),
    ("le", "at_most"),
    ("max", "at_most"),
    ("ne", "not"),
    ("neq", "not"),
    ("not_equals", "not"),
    ("includes", "contains"),
];

/// What other tools have operators for, and a value alone says here.
const EQUALS: [&str; 6] = ["equals", "equal", "is", "eq", "in", "matches"];

/// What to write for a path of several parts.
pub(super) const PATH_IN_QUOTES: &str =
    "a path of several parts is one key in quotes, such as \"traits.plan\"";

/// Reads a condition; nothing of it is used if there is a problem.
pub(super) fn read(place: Place<'_>, key: &str, problems: &mut Problems) -> Condition {
    let mut any = Vec::new();
    match place.elements() {
        Some(tables) => {
            if tables.is_empty() {
                problems.add(
                    key,
                    "is an empty list, which no event meets; write { } for all events",
                );
            }
            for (at, table) in tables.into_iter().enumerate() {
                any.push(read_table(table, &format!("{key}.{at}"), problems));
            }
        }
        None => any.push(read_table(place, key, problems)),
    }
    Condition { any }
}

fn read_table(place: Place<'_>, key: &str, problems: &mut Problems) -> Vec<(Path, Test)> {
    let Some(members) = place.members() else {
        let is = place.described();
        let remedy = "it must be a table of paths, such as { type = \"track\" }, or a list of such tables";
        problems.add(key, format!("is {is}; {remedy}"));
        return Vec::new();
    };
    let read = |(path, value): (&str, Place<'_>)| {
        let key = format!("{key}.{path}");
        let test = if value.is_of_dotted_key() {
            let remedy = in_braces(path, value).unwrap_or_else(|| PATH_IN_QUOTES.to_owned());
            problems.add(&key, format!("is in the table `{path}`; {remedy}"));
            None
        } else {
            read_test(value, &key, problems)
        };
        match Path::parse(path) {
            Ok(path) => Some((path, test?)),
            Err(error) => {
                problems.add(&key, format!("is no path: \"{path}\" {error}"));
                None
            }
        }
    };
    members.into_iter().filter_map(read).collect()
}

/// What to write for operators behind a dot, such as `userId.exists = true`.
fn in_braces(path: &str, value: Place<'_>) -> Option<String> {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let quote = if path.chars().all(is_bare) { "" } else { "'" };
    let operators = operators(value)?;
    Some(format!(
        "write operators in braces: {quote}{path}{quote} = {operators}"
    ))
}

/// A table of operators in braces; `None` if there is another key.
fn operators(table: Place<'_>) -> Option<String> {
    let members = table.members()?.into_iter();
    let written = members.map(|(key, value)| {
        OPERATORS.contains(&key).then_some(())?;
        if value.is_of_dotted_key() {
            Some(format!("{key} = {}", operators(value)?))
        } else {
            Some(format!("{key} = {}", value.written()))
        }
    });
    Some(format!(
        "{{ {} }}",
        written.collect::<Option<Vec<_>>>()?.join(", ")
    ))
}

fn read_test(place: Place<'_>, key: &str, problems: &mut Problems) -> Option<Test> {
    match place.get() {
        DeValue::Array(_) => {
            let entries = place.elements().unwrap_or_default();
            if entries.is_empty() {
                problems.add(key, "is an empty list, which no value meets; write the values");
            }
            let tests = entries.into_iter().enumerate();
            let tests = tests.map(|(at, entry)| read_test(entry, &format!("{key}.{at}"), problems));
            Some(Test::OneOf(tests.collect::<Option<_>>()?))
        }
        DeValue::Table(_) => {
            let operators = place.members().unwrap_or_default();
            if operators.is_empty() {
                let message = format!("is an empty table; write an operator: {}", OPERATORS.join(", "));
                problems.add(key, message);
            }
            let tests = operators.into_iter();
            let tests = tests.map(|(operator, value)| {
                read_operator(operator, value, &format!("{key}.{operator}"), problems)
            });
            Some(Test::All(tests.collect::<Option<_>>()?))
        }
        _ => read_scalar(place, key, problems),
    }
}

/// A text, number or boolean.
fn read_scalar(place: Place<'_>, key: &str, problems: &mut Problems) -> Option<Test> {
    match place.get() {
        DeValue::String(text) => Some(Test::Text(Pattern::new(text.as_ref()))),
        DeValue::Boolean(value) => Some(Test::Boolean(*value)),
        DeValue::Integer(_) | DeValue::Float(_) => read_number(place, key, problems).map(Test::Number),
        _ => {
            let is = place.described();
            problems.add(
                key,
                format!("is {is}; it must be a text, a number or true or false"),
            );
            None
        }
    }
}

fn read_number(place: Place<'_>, key: &str, problems: &mut Problems) -> Option<Decimal> {
    let read = number(place.get()).and_then(|text| Decimal::parse(&text));
    if read.is_none() {
        let is = place.described();
        let remedy = match number(place.get()) {
            Some(_) => "it must have at most 1,024 characters and an exponent of at most ±1,424",
            None => "it must be a finite number, such as 19.90",
        };
        problems.add(key, format!("is {is}; {remedy}"));
    }
    read
}

fn read_operator(operator: &str, value: Place<'_>, key: &str, problems: &mut Problems) -> Option<Test> {
    let comparison = match operator {
        "above" => Comparison::Above,
        "at_least" => Comparison::AtLeast,
        "below" => Comparison::Below,
        "at_most" => Comparison::AtMost,
        "exists" => {
            let wanted = value.get().as_bool();
            if wanted.is_none() {
                let is = value.described();
                problems.add(key, format!("is {is}; it must be true or false"));
            }
            return wanted.map(Test::Exists);
        }
        "not" => return Some(Test::Not(Box::new(read_test(value, key, problems)?))),
        "contains" => {
            return Some(Test::Contains {
                element: Box::new(read_scalar(value, key, problems)?),
                text: value.get().as_str().map(str::to_owned),
            });
        }
        "percent" => return read_percent(value, key, problems).map(Test::Percent),
        unknown => {
            let hint = if EQUALS.contains(&unknown) {
                format!("; write the value itself: {}", value.written())
            } else {
                did_you_mean_or(unknown, OPERATORS, &ELSEWHERE)
            };
            let hint = if hint.is_empty() {
                format!("; {PATH_IN_QUOTES}")
            } else {
                hint
            };
            problems.add(
                key,
                format!("is no operator; there are {}{hint}", OPERATORS.join(", ")),
            );
            return None;
        }
    };
    Some(Test::Compares(comparison, read_number(value, key, problems)?))
}

/// The share of 10,000 below which a text must lie.
fn read_percent(value: Place<'_>, key: &str, problems: &mut Problems) -> Option<i64> {
    let percent = read_number(value, key, problems)?;
    if percent < Decimal::from(0) || percent > Decimal::from(100) {
        let is = value.described();
        problems.add(key, format!("is {is}; it must be 0 to 100"));
        return None;
    }
    let share = percent.times(&Decimal::from(100));
    let floor = share.floor()?;
    // A whole number is below a share with a fraction if it is below the next whole number.
    Some(if share.is_whole() { floor } else { floor + 1 })
}
