//! Addresses of the web.

/// The trimmed text, if it begins like an address of the web.
pub(super) fn url(text: &str) -> Option<&str> {
    let text = text.trim();
    let begins_with = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    (begins_with("http://") || begins_with("https://")).then_some(text)
}
