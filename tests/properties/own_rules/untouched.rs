//! Which values no row names: they keep every character and their order.

use crate::rows::Row;
use event::json::Json;
use event::settings::{Path, Step};

/// A scalar of an event: the way to it, and its text.
pub type Leaf = (Vec<String>, String);

/// The scalars of a value, in their order. Elements are named by `[0]`.
pub fn leaves(value: Json<'_>, way: &mut Vec<String>, into: &mut Vec<Leaf>) {
    let mut below = |part: String, value: Json<'_>| {
        way.push(part);
        leaves(value, way, into);
        way.pop();
    };
    if let Some(members) = value.as_object() {
        members
            .iter()
            .for_each(|(key, value)| below(key.to_owned(), value));
    } else if let Some(elements) = value.as_array() {
        let elements = elements.into_iter().enumerate();
        elements.for_each(|(at, value)| below(format!("[{at}]"), value));
    } else {
        into.push((way.clone(), value.raw().to_owned()));
    }
}

/// Whether a row may change a scalar: one of its paths leads to it, on the way to it, or beyond it.
pub fn is_named(way: &[String], rows: &[Row]) -> bool {
    let paths = rows.iter().flat_map(|row| &row.paths);
    let mut paths = paths.map(|path| Path::parse(path).unwrap());
    paths.any(|path| {
        path.steps().iter().zip(way).all(|(step, part)| match step {
            Step::Key(key) => key == part,
            Step::Each => part.starts_with('['),
            Step::Keys(_) => true,
        })
    })
}
