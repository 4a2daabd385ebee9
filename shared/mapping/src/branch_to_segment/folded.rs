//! When two names are one.

/// The form in which names are compared: Segment's warehouses join what has one (BS-121).
pub(super) fn folded(name: &str) -> String {
    let mut folded = String::with_capacity(name.len() + 4);
    let mut before = None;
    for c in name.chars() {
        match c {
            ' ' | '.' | '-' | '_' => {
                if !folded.ends_with('_') {
                    folded.push('_');
                }
            }
            c => {
                let is_hump = c.is_ascii_uppercase()
                    && before.is_some_and(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
                if is_hump {
                    folded.push('_');
                }
                folded.push(c.to_ascii_lowercase());
            }
        }
        before = Some(c);
    }
    folded
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
            assert_eq!(folded(name), wanted, "{name}");
        }
    }
}
