//! When two names are one.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// A name that is equal to all names which Segment's warehouses join with it (BS-121).
#[derive(Debug, Clone)]
pub(super) struct Folded<'a>(pub Cow<'a, str>);

impl Hash for Folded<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if is_folded(self.0.as_bytes()) {
            state.write(self.0.as_bytes());
        } else {
            state.write(&folded(&self.0).collect::<Vec<u8>>());
        }
    }
}

/// Whether a name certainly is its own folded form, as most of Branch's names are.
fn is_folded(name: &[u8]) -> bool {
    let mut last = 0;
    name.iter().all(|byte| {
        let is_doubled = *byte == b'_' && last == b'_';
        last = *byte;
        !is_doubled && !matches!(byte, b' ' | b'.' | b'-' | b'A'..=b'Z')
    })
}

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        is_one_name(&self.0, &other.0)
    }
}

impl Eq for Folded<'_> {}

/// Whether two names are one to Segment's warehouses.
pub(super) fn is_one_name(one: &str, other: &str) -> bool {
    // Most names differ in their first byte.
    let begin_alike = || folded(one).next() == folded(other).next();
    one == other || begin_alike() && folded(one).eq(folded(other))
}

/// The form in which names are compared, byte by byte: separators are one `_`, and so is what stands before a hump.
fn folded(name: &str) -> impl Iterator<Item = u8> {
    let (mut before, mut last, mut kept) = (None, 0, None);
    let mut bytes = name.bytes();
    std::iter::from_fn(move || {
        if let Some(kept) = kept.take() {
            last = kept;
            return Some(kept);
        }
        loop {
            let byte = bytes.next()?;
            let follows = before.replace(byte);
            let next = match byte {
                b' ' | b'.' | b'-' | b'_' if last == b'_' => continue,
                b' ' | b'.' | b'-' | b'_' => b'_',
                b'A'..=b'Z' if matches!(follows, Some(b'a'..=b'z' | b'0'..=b'9')) => {
                    kept = Some(byte.to_ascii_lowercase());
                    b'_'
                }
                byte => byte.to_ascii_lowercase(),
            };
            last = next;
            return Some(next);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_warehouse_joins_have_one_form() {
        event::rules!["BS-121"];
        for (name, wanted) in [
            ("IP", "ip"),
            ("anonymousId", "anonymous_id"),
            ("anonymous id", "anonymous_id"),
            ("utm.Source", "utm_source"),
            ("a-_. b", "a_b"),
            ("a1B", "a1_b"),
            ("ÉtatA", "État_a"),
            ("_x_", "_x_"),
            ("", ""),
        ] {
            let form = String::from_utf8(folded(name).collect()).unwrap();
            assert_eq!(form, wanted, "{name}");
            assert!(!is_folded(name.as_bytes()) || form == name, "{name}");
            assert!(
                is_folded(wanted.as_bytes()) || wanted.starts_with('É'),
                "{wanted}"
            );
        }
    }
}
