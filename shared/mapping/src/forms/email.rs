//! E-mail addresses.

/// Characters of an address, of its local part, and of one label of its domain.
const LONGEST_EMAIL: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;
const LONGEST_LABEL: usize = 63;

/// The trimmed text, if it has the form of an e-mail address.
pub fn email(text: &str) -> Option<&str> {
    let text = text.trim();
    let (local, domain) = text.split_once('@')?;
    let has_length = |part: &str, longest: usize| (1..=longest).contains(&part.chars().count());
    let is_email = !domain.contains('@')
        && has_length(text, LONGEST_EMAIL)
        && has_length(local, LONGEST_LOCAL_PART)
        && domain.contains('.')
        && domain.split('.').all(|label| has_length(label, LONGEST_LABEL))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    is_email.then_some(text)
}
