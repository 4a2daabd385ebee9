//! Paths: which value of an event is meant, such as `traits.address.city` or `properties.products[*].price`.

use crate::settings::Pattern;
use std::fmt;

/// The most parts of a path. Segment, Braze and Branch nest a handful; the bound keeps what rows build within the depth
/// that [`Json`](crate::json::Json) reads.
const MAX_PARTS: usize = 32;

/// Which value of an event is meant, or which values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
}

/// One step down from a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into the member of this key.
    Key(String),
    /// Into every member whose key matches: only at the end of a path of `remove`.
    Keys(Pattern),
    /// Into every element.
    Each,
}

/// What is wrong with a path; the user has to change it. Each follows `the path "…"` in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No text.
    #[error("is empty; write the keys on the way to the value, such as \"traits.address.city\"")]
    Empty,
    /// Nothing between two dots, or before or behind one.
    #[error("has an empty part; write one `.` between two keys, and \"…\" around a key that holds a dot")]
    EmptyPart,
    /// A bracket that is not `[*]`.
    #[error(
        "has a bracket that is no `[*]`, which means every element of an array; one element alone cannot be named. \
         Write \"…\" around a key that holds a bracket"
    )]
    Bracket,
    /// A quote without its second.
    #[error("has a quote that is not closed")]
    UnclosedQuote,
    /// A quote beside other characters of its part.
    #[error(
        "has a quote within a part; put \"…\" around the whole key, and a backslash before a quote in it"
    )]
    Quote,
    /// A `*` that would mean nothing but itself.
    #[error(
        "has a `*` that is no pattern: only the last part of a path of `remove` is one. Write `[*]` behind a key for \
         every element of its array, and \"…\" around a key that holds a star"
    )]
    Star,
    /// Too many parts.
    #[error("has over {MAX_PARTS} parts")]
    TooLong,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Self::parse_with(text, false)
    }

    /// Reads a path of `remove`: in its last part `*` stands for any run of characters.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse_of_removal(text: &str) -> Result<Self, PathError> {
        Self::parse_with(text, true)
    }

    fn parse_with(text: &str, ends_with_pattern: bool) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut rest = text;
        if rest.is_empty() {
            return Err(PathError::Empty);
        }
        loop {
            let quoted = rest.strip_prefix('"');
            let (key, after) = quoted.map_or_else(|| bare_key(rest), quoted_key)?;
            let is_last = after.trim_start_matches("[*]").is_empty();
            // In quotes a star is a star.
            let has_star = quoted.is_none() && key.contains('*');
            let is_pattern = has_star && is_last && ends_with_pattern;
            if has_star && !is_pattern {
                return Err(PathError::Star);
            }
            steps.push(if is_pattern {
                Step::Keys(Pattern::new(key))
            } else {
                Step::Key(key)
            });
            rest = after;
            while let Some(after) = rest.strip_prefix("[*]") {
                steps.push(Step::Each);
                rest = after;
            }
            if rest.is_empty() {
                break;
            }
            rest = match rest.strip_prefix('.') {
                Some(after) => after,
                None if rest.starts_with(['[', ']']) => return Err(PathError::Bracket),
                None => return Err(PathError::Quote),
            };
        }
        if steps.len() > MAX_PARTS {
            return Err(PathError::TooLong);
        }
        Ok(Self { steps })
    }

    /// The steps from the event to the value; at least one.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it names one value at most.
    pub fn is_plain(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Key(_)))
    }

    /// The steps up to and including the last `[*]`, and those behind it.
    pub fn split_at_last_each(&self) -> (&[Step], &[Step]) {
        let last = self.steps.iter().rposition(|step| *step == Step::Each);
        self.steps
            .split_at_checked(last.map_or(0, |at| at + 1))
            .unwrap_or_default()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 && *step != Step::Each {
                f.write_str(".")?;
            }
            match step {
                Step::Each => f.write_str("[*]")?,
                Step::Key(key) => write_key(f, key)?,
                Step::Keys(pattern) => f.write_str(pattern.as_str())?,
            }
        }
        Ok(())
    }
}

/// The characters for which a key of a path stands in quotes.
const QUOTED: [char; 5] = ['*', '.', '[', ']', '"'];

/// Writes a key as a path has it: in quotes if it holds what means something else there.
///
/// # Errors
/// What the writer says.
pub fn write_key(out: &mut impl fmt::Write, key: &str) -> fmt::Result {
    if key.contains(QUOTED) {
        write!(out, "\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        out.write_str(key)
    }
}

/// A key in quotes, of which the first is taken off, and what follows the second.
fn quoted_key(text: &str) -> Result<(String, &str), PathError> {
    let mut key = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if key.is_empty() => return Err(PathError::EmptyPart),
            '"' => return Ok((key, text.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => key.push(escaped),
                Some((_, other)) => key.extend(['\\', other]),
                None => return Err(PathError::UnclosedQuote),
            },
            other => key.push(other),
        }
    }
    Err(PathError::UnclosedQuote)
}

/// A key without quotes, and what follows it.
fn bare_key(text: &str) -> Result<(String, &str), PathError> {
    let end = text.find(['.', '[', ']', '"']).unwrap_or(text.len());
    let (key, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    if key.is_empty() {
        let is_bracket = rest.starts_with(['[', ']']);
        return Err(if is_bracket {
            PathError::Bracket
        } else {
            PathError::EmptyPart
        });
    }
    Ok((key.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Step {
        Step::Key(text.to_owned())
    }

    #[test]
    fn a_path_is_read_into_the_keys_as_they_are() {
        crate::rules!["OR-020"];
        for (text, wanted) in [
            ("userId", vec![key("userId")]),
            ("Traits.city", vec![key("Traits"), key("city")]),
            (
                "properties.products[*].price",
                vec![key("properties"), key("products"), Step::Each, key("price")],
            ),
            ("a[*][*]", vec![key("a"), Step::Each, Step::Each]),
            ("traits.\"a.b\"", vec![key("traits"), key("a.b")]),
            (
                "\"a[0]\"[*].\"say \\\"x\\\" \\\\ \\n\"",
                vec![key("a[0]"), Step::Each, key("say \"x\" \\ \\n")],
            ),
            ("a b.\"*\"", vec![key("a b"), key("*")]),
            ("\"a*\".b", vec![key("a*"), key("b")]),
        ] {
            let path = Path::parse(text).unwrap();
            assert_eq!(path.steps(), wanted, "{text}");
            assert_eq!(Path::parse(&path.to_string()), Ok(path), "{text}");
        }
        let removed = Path::parse_of_removal("\"a*\".card_*[*]").unwrap();
        let pattern = Step::Keys(Pattern::new("card_*"));
        assert_eq!(removed.steps(), [key("a*"), pattern, Step::Each]);
        let literal = Path::parse_of_removal("properties.\"*\"").unwrap();
        assert_eq!(literal.steps(), [key("properties"), key("*")]);
        assert_eq!(Path::parse_of_removal(&literal.to_string()), Ok(literal));
    }

    #[test]
    fn a_path_that_cannot_be_read_is_refused() {
        crate::rules!["OR-021"];
        for (text, wanted) in [
            ("", PathError::Empty),
            (".", PathError::EmptyPart),
            ("a.", PathError::EmptyPart),
            (".a", PathError::EmptyPart),
            ("a..b", PathError::EmptyPart),
            ("a.\"\"", PathError::EmptyPart),
            ("a[0]", PathError::Bracket),
            ("a[]", PathError::Bracket),
            ("[*].a", PathError::Bracket),
            ("a.[*]", PathError::Bracket),
            ("a]", PathError::Bracket),
            ("a[*]b", PathError::Quote),
            ("a.\"b", PathError::UnclosedQuote),
            ("a.\"b\\", PathError::UnclosedQuote),
            ("*", PathError::Star),
            ("a.*", PathError::Star),
            ("a.*.b", PathError::Star),
            ("a*[*].b", PathError::Star),
            ("a\"b\"", PathError::Quote),
            ("\"a\"b", PathError::Quote),
        ] {
            assert_eq!(Path::parse(text), Err(wanted), "{text}");
        }
        for text in ["*.a", "a.*.b", "a.b*[*].c"] {
            assert_eq!(Path::parse_of_removal(text), Err(PathError::Star), "{text}");
        }
        assert!(Path::parse(&vec!["a"; MAX_PARTS].join(".")).is_ok());
        let long = vec!["a"; MAX_PARTS + 1].join(".");
        assert_eq!(Path::parse(&long), Err(PathError::TooLong));
    }
}
