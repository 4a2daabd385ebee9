//! Whether an event meets a condition (section 4).

use super::form::number;
use super::node::{Below, Node};
use crate::forms::text::text;
use event::json::{Decimal, Json, Kind, Object};
use event::settings::{Comparison, Condition, Pattern, Step, Test};
use event::sha256;
use std::borrow::Cow;

/// Shares of [`Test::Percent`].
const SHARES: u64 = 10_000;

/// An event on which conditions look.
#[derive(Clone, Copy)]
pub(super) enum Seen<'e, 'a> {
    /// Its members as they were received.
    Members(&'e Object<'a>),
    /// The event as rows have changed it.
    Node(&'e Node<'a>),
}

/// Whether a condition holds.
pub(super) fn holds(condition: &Condition, event: Seen<'_, '_>) -> bool {
    let mut any = condition.any.iter();
    any.any(|all| {
        all.iter().all(|(path, test)| match event {
            // A path without `[*]` names one value at most: it is looked up once for all that is asked of it.
            Seen::Members(members) if path.is_plain() => {
                let value = member_at(members, path.steps());
                passes(test, &|holds| value.is_some_and(holds))
            }
            Seen::Members(members) => passes(test, &|holds| any_member(members, path.steps(), holds)),
            Seen::Node(node) => match node.unopened() {
                Some(json) if path.is_plain() => {
                    let value = value_at(json, path.steps());
                    passes(test, &|holds| value.is_some_and(holds))
                }
                _ => passes(test, &|holds| any_of_node(node, path.steps(), holds)),
            },
        })
    })
}

/// The value that a path of keys names.
fn value_at<'a>(value: Json<'a>, path: &[Step]) -> Option<Json<'a>> {
    if path.is_empty() {
        return Some(value);
    }
    member_at(&value.as_object()?, path)
}

fn member_at<'a>(members: &Object<'a>, path: &[Step]) -> Option<Json<'a>> {
    match path.split_first() {
        Some((Step::Key(key), rest)) => value_at(members.get(key)?, rest),
        _ => None,
    }
}

/// What must hold of a value.
type Holds<'h> = &'h dyn Fn(Json<'_>) -> bool;

/// Whether the values of a path pass a test; `some` says whether something holds of one of them.
fn passes(test: &Test, some: &dyn Fn(Holds<'_>) -> bool) -> bool {
    match test {
        Test::Text(pattern) => some(&|value| matches(pattern, value)),
        Test::Number(wanted) => some(&|value| decimal(value).is_some_and(|number| number == *wanted)),
        Test::Boolean(wanted) => some(&|value| value.as_bool() == Some(*wanted)),
        Test::Exists(wanted) => some(&|value| !value.is_null()) == *wanted,
        Test::Compares(comparison, with) => {
            some(&|value| decimal(value).is_some_and(|number| compares(&number, *comparison, with)))
        }
        Test::Contains { element, text } => some(&|value| contains(value, element, text.as_deref())),
        Test::Percent(below) => some(&|value| share(value).is_some_and(|share| share < *below)),
        Test::Not(test) => !passes(test, some),
        Test::OneOf(tests) => tests.iter().any(|test| passes(test, some)),
        Test::All(tests) => tests.iter().all(|test| passes(test, some)),
    }
}

/// Whether something holds of some value that a path names.
fn any_value(value: Json<'_>, path: &[Step], holds: Holds<'_>) -> bool {
    match path.split_first() {
        None => holds(value),
        Some((Step::Key(_), _)) => value
            .as_object()
            .is_some_and(|members| any_member(&members, path, holds)),
        Some((Step::Each, rest)) => {
            let mut elements = value.as_array().into_iter().flatten();
            elements.any(|element| any_value(element, rest, holds))
        }
        Some((Step::Keys(_), _)) => false,
    }
}

fn any_member(members: &Object<'_>, path: &[Step], holds: Holds<'_>) -> bool {
    let Some((Step::Key(key), rest)) = path.split_first() else {
        return false;
    };
    members
        .get(key)
        .is_some_and(|member| any_value(member, rest, holds))
}

fn any_of_node(value: &Node<'_>, path: &[Step], holds: Holds<'_>) -> bool {
    if let Some(json) = value.unopened() {
        return any_value(json, path, holds);
    }
    match path.split_first() {
        None => holds(Json::known(&value.text())),
        Some((Step::Key(key), rest)) => match value.get(key) {
            Some(Below::Opened(member)) => any_of_node(member, rest, holds),
            Some(Below::Received(json)) => any_value(json, rest, holds),
            None => false,
        },
        Some((Step::Each, rest)) => {
            let mut elements = value.opened_elements().iter();
            elements.any(|element| any_of_node(element, rest, holds))
        }
        Some((Step::Keys(_), _)) => false,
    }
}

/// A string that is not blank, a number by its JSON text, or a boolean by its word.
fn matches(pattern: &Pattern, value: Json<'_>) -> bool {
    let text = match value.kind() {
        Kind::Bool => Some(Cow::Borrowed(value.raw())),
        _ => text(value),
    };
    text.is_some_and(|text| pattern.matches(&text))
}

/// A number, or a string that is one.
fn decimal(value: Json<'_>) -> Option<Decimal> {
    Decimal::parse(&number(value)?)
}

fn compares(number: &Decimal, comparison: Comparison, with: &Decimal) -> bool {
    match comparison {
        Comparison::Above => number > with,
        Comparison::AtLeast => number >= with,
        Comparison::Below => number < with,
        Comparison::AtMost => number <= with,
    }
}

fn contains(value: Json<'_>, element: &Test, text: Option<&str>) -> bool {
    if let Some(elements) = value.as_array() {
        let mut elements = elements.into_iter();
        return elements.any(|value| passes(element, &|holds| holds(value)));
    }
    let string = value.as_str();
    string.is_some_and(|string| text.is_some_and(|text| string.contains(text)))
}

/// Where a text lies among all texts, from 0 up to and excluding 10,000.
fn share(value: Json<'_>) -> Option<i64> {
    let text = text(value)?;
    let first = sha256(text.as_bytes())
        .first_chunk()
        .copied()
        .map(u64::from_be_bytes)?;
    i64::try_from(first % SHARES).ok()
}
