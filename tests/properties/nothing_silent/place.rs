//! A place in an event, such as `properties.products[0].price`.

use serde_json::{Map, Value};

#[derive(Clone)]
enum Step {
    Key(String),
    At(usize),
}

/// A place by its path, written as `switchyard map --explain` writes it.
pub struct Place {
    path: String,
    steps: Vec<Step>,
}

impl Place {
    pub fn new(path: &str) -> Self {
        let steps = path.split('.').flat_map(|part| {
            let (key, rest) = part.split_once('[').unwrap_or((part, ""));
            let at = rest.strip_suffix(']').map(|at| Step::At(at.parse().unwrap()));
            [Some(Step::Key(key.to_owned())), at].into_iter().flatten()
        });
        Self {
            path: path.to_owned(),
            steps: steps.collect(),
        }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit_once('.').map_or(&self.path, |(_, name)| name)
    }

    /// Whether one of two places is in the other.
    pub fn touches(&self, other: &Self) -> bool {
        is_in(&self.path, &other.path) || is_in(&other.path, &self.path)
    }

    /// Whether a warning of this path is one of the place.
    pub fn is_named_by(&self, path: &str) -> bool {
        is_in(&self.path, path) || is_in(path, &self.path)
    }

    /// Puts a value here. `false` if something that is no object or list is in the way.
    pub fn set(&self, event: &mut Value, value: Value) -> bool {
        let mut here = event;
        for step in &self.steps {
            if here.is_null() {
                *here = match step {
                    Step::Key(_) => Value::Object(Map::new()),
                    Step::At(_) => Value::Array(Vec::new()),
                };
            }
            here = match (step, here) {
                (Step::Key(key), Value::Object(members)) => members.entry(key.clone()).or_insert(Value::Null),
                (Step::At(at), Value::Array(list)) => {
                    if list.len() <= *at {
                        list.resize(at + 1, Value::Null);
                    }
                    &mut list[*at]
                }
                _ => return false,
            };
        }
        *here = value;
        true
    }

    /// Takes away what is here.
    pub fn clear(&self, event: &mut Value) {
        let Some((last, above)) = self.steps.split_last() else {
            return;
        };
        let parent = above.iter().try_fold(event, |here, step| match step {
            Step::Key(key) => here.get_mut(key),
            Step::At(at) => here.get_mut(at),
        });
        match (last, parent) {
            (Step::Key(key), Some(Value::Object(members))) => {
                members.remove(key);
            }
            (Step::At(at), Some(Value::Array(list))) if *at < list.len() => {
                list.remove(*at);
            }
            _ => {}
        }
    }
}

/// Whether a path is the other or below it.
pub fn is_in(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
