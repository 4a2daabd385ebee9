//! E-mail addresses.

use super::clean_address;
use std::borrow::Cow;

/// Characters of an address, of its local part, and of one label of its domain.
const LONGEST_EMAIL: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;
const LONGEST_LABEL: usize = 63;

/// What an address may hold only in quotes, which Braze does not take.
const QUOTED_ONLY: &str = "\"(),:;<>[\\]";

/// The clean address, if it has the form that RFC 5321 gives it. A domain of other than ASCII letters is encoded.
pub fn email(text: &str) -> Option<String> {
    let text = clean_address(text);
    let (local, domain) = text.split_once('@')?;
    let domain = if domain.is_ascii() {
        Cow::Borrowed(domain)
    } else {
        Cow::Owned(idna::domain_to_ascii(domain).ok()?)
    };
    let is_refused = |c: char| c.is_whitespace() || c.is_control() || QUOTED_ONLY.contains(c);
    let is_email = is_short(local, LONGEST_LOCAL_PART)
        && local.split('.').all(|piece| !piece.is_empty())
        && !local.contains(is_refused)
        && domain.contains('.')
        && domain.split('.').all(is_label);
    let address = format!("{local}@{domain}");
    (is_email && is_short(&address, LONGEST_EMAIL)).then_some(address)
}

fn is_short(part: &str, longest: usize) -> bool {
    (1..=longest).contains(&part.chars().count())
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    is_short(label, LONGEST_LABEL)
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}
