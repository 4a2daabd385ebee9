//! What the secrets hold. Every entry is trimmed, and blank ones do not count; members that are not known here are allowed.

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use telemetry::Secret;
use zeroize::Zeroizing;

/// A secret is not of the documented form; a person has to store it again. Counts as a failed fetch: the older value stays in
/// use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not of the documented form: {}", .member.unwrap_or("it is no JSON object"))]
pub struct Malformed {
    /// The member whose value is of the wrong type; `None` if the whole is no JSON object.
    pub member: Option<&'static str>,
}

/// The content of a function's secret.
pub trait SecretContent: Sized {
    /// Reads the secret's text.
    ///
    /// # Errors
    /// [`Malformed`], with the member, if it is not of the documented form. An empty text is a secret without entries.
    fn parse(text: &str) -> Result<Self, Malformed>;
}

/// A token, known by its SHA-256 alone: comparing digests takes the same time for every guess.
#[derive(Clone, Copy)]
pub struct Token([u8; 32]);

impl Token {
    /// The token of a text, white space around it dropped.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.trim().as_bytes()).into())
    }

    /// Its SHA-256.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What a receiver verifies its senders with: the first entry of each list is the current one.
///
/// None of the secrets can be printed or copied:
/// ```compile_fail,E0277
/// fn print(secret: secrets::ReceiverSecret) -> String {
///     format!("{secret:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn print(keys: (secrets::BrazeKey, secrets::BranchKey, secrets::SegmentKeys)) -> String {
///     format!("{keys:?}")
/// }
/// ```
/// ```compile_fail,E0599
/// fn copy(secret: secrets::ReceiverSecret) -> secrets::ReceiverSecret {
///     secret.clone()
/// }
/// ```
pub struct ReceiverSecret {
    /// Segment's shared secrets.
    pub shared_secrets: Vec<Secret>,
    /// Static tokens.
    pub tokens: Vec<Token>,
}

/// The key of `deliver-braze`. A text with anything but visible ASCII is no key, as if there were none: no header takes it.
pub struct BrazeKey {
    /// The REST API key, if there is one.
    pub rest_api_key: Option<Secret>,
}

/// The key of `deliver-branch`. A text with anything but visible ASCII is no key, as if there were none.
pub struct BranchKey {
    /// The Branch key, if there is one.
    pub branch_key: Option<Secret>,
}

/// The keys of `deliver-segment`. A text with anything but visible ASCII is no key, as if there were none. If such a text stands
/// in `write_keys`, `write_key` counts as none too: it would take that platform's calls to a source that they are not meant for.
pub struct SegmentKeys {
    /// The write key of all calls that have no key of their own.
    pub write_key: Option<Secret>,
    /// Write keys by platform: `ios`, `android`, `web`.
    pub write_keys: BTreeMap<String, Secret>,
}

fn entry(text: &str) -> Option<Secret> {
    let text = text.trim();
    (!text.is_empty()).then(|| Secret::new(text.to_owned()))
}

/// A key that a vendor gave: visible ASCII. What a paste adds (a zero-width space, a line break) makes it none, so that events
/// are held until somebody corrects it; sent, it would fail like a network that comes back.
fn key(text: &str) -> Option<Secret> {
    let text = text.trim();
    text.bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then(|| entry(text))
        .flatten()
}

type Text = Zeroizing<String>;

/// The key in a member of a secret's text, for destinations that have one: visible ASCII, or none.
///
/// # Errors
/// [`Malformed`], if the text is no JSON object, or the member no text.
pub fn key_member(text: &str, member: &'static str) -> Result<Option<Secret>, Malformed> {
    let value: Text = Members::of(text)?.get(member)?;
    Ok(key(&value))
}

/// The members of a secret, each still as its text.
struct Members<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Members<'a> {
    fn of(text: &'a str) -> Result<Self, Malformed> {
        if text.trim().is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        serde_json::from_str(text)
            .map(Self)
            .map_err(|_| Malformed { member: None })
    }

    /// A member, or its default if it is absent.
    fn get<T: Deserialize<'a> + Default>(&self, member: &'static str) -> Result<T, Malformed> {
        self.0.get(member).map_or_else(
            || Ok(T::default()),
            |raw| serde_json::from_str(raw.get()).map_err(|_| Malformed { member: Some(member) }),
        )
    }
}

impl SecretContent for ReceiverSecret {
    fn parse(text: &str) -> Result<Self, Malformed> {
        let members = Members::of(text)?;
        let shared_secrets: Vec<Text> = members.get("shared_secrets")?;
        let tokens: Vec<Text> = members.get("tokens")?;
        Ok(Self {
            shared_secrets: shared_secrets.iter().filter_map(|secret| entry(secret)).collect(),
            tokens: tokens
                .iter()
                .filter(|token| !token.trim().is_empty())
                .map(|token| Token::of(token))
                .collect(),
        })
    }
}

impl SecretContent for BrazeKey {
    fn parse(text: &str) -> Result<Self, Malformed> {
        Ok(Self {
            rest_api_key: key_member(text, "rest_api_key")?,
        })
    }
}

impl SecretContent for BranchKey {
    fn parse(text: &str) -> Result<Self, Malformed> {
        Ok(Self {
            branch_key: key_member(text, "branch_key")?,
        })
    }
}

impl SecretContent for SegmentKeys {
    fn parse(text: &str) -> Result<Self, Malformed> {
        let members = Members::of(text)?;
        let write_key: Text = members.get("write_key")?;
        let given: BTreeMap<String, Text> = members.get("write_keys")?;
        let mut write_keys = BTreeMap::new();
        let mut all_usable = true;
        for (name, text) in given.iter().filter(|(_, text)| !text.trim().is_empty()) {
            match key(text) {
                Some(key) => drop(write_keys.insert(name.clone(), key)),
                None => all_usable = false,
            }
        }
        Ok(Self {
            write_key: key(&write_key).filter(|_| all_usable),
            write_keys,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_trimmed_and_blank_ones_do_not_count() {
        event::rules!["RS-002"];
        let secret =
            ReceiverSecret::parse(r#"{"shared_secrets":[" a ",""," "],"tokens":["t"," \n"],"other":1}"#)
                .unwrap();
        assert_eq!(secret.shared_secrets.len(), 1);
        assert!(secret.shared_secrets[0].lend(|text| text == "a"));
        assert_eq!(secret.tokens.len(), 1);
        let keys = SegmentKeys::parse(r#"{"write_key":" ","write_keys":{"ios":" k ","web":""}}"#).unwrap();
        assert!(keys.write_key.is_none());
        assert_eq!(keys.write_keys.keys().collect::<Vec<_>>(), ["ios"]);
        assert!(BrazeKey::parse("{}").unwrap().rest_api_key.is_none());
        assert!(
            BranchKey::parse(r#"{"branch_key":"key_live_x"}"#)
                .unwrap()
                .branch_key
                .is_some()
        );
    }

    #[test]
    fn a_delivery_key_of_more_than_visible_ascii_is_no_entry() {
        event::rules!["RS-004"];
        let secret =
            |member: &str, text: &str| format!(r#"{{"{member}":{}}}"#, serde_json::to_string(text).unwrap());
        let (braze, branch, segment) = (
            |text: &str| {
                BrazeKey::parse(&secret("rest_api_key", text))
                    .unwrap()
                    .rest_api_key
            },
            |text: &str| BranchKey::parse(&secret("branch_key", text)).unwrap().branch_key,
            |text: &str| SegmentKeys::parse(&secret("write_key", text)).unwrap().write_key,
        );
        for text in [
            "k\u{200b}",
            "\u{feff}k",
            "\u{201c}k\u{201d}",
            "k\n1",
            "k 1",
            "k\u{7f}",
            "\u{e9}",
        ] {
            assert!(
                braze(text).is_none() && branch(text).is_none() && segment(text).is_none(),
                "{text:?}"
            );
        }
        let good = " ~k-1_!\r\n";
        for key in [braze(good), branch(good), segment(good)] {
            assert!(key.unwrap().lend(|text| text == "~k-1_!"));
        }
        let receiver = ReceiverSecret::parse(r#"{"tokens":["té 1"],"shared_secrets":["sé 1"]}"#).unwrap();
        assert_eq!(
            (receiver.tokens.len(), receiver.shared_secrets.len()),
            (1, 1),
            "any text"
        );
    }

    #[test]
    fn calls_of_a_platform_with_an_unusable_key_go_nowhere() {
        event::rules!["RS-004"];
        let keys = |ios: &str| {
            let text = format!(r#"{{"write_key":"w","write_keys":{{"ios":"{ios}","web":"k"}}}}"#);
            SegmentKeys::parse(&text).unwrap()
        };
        for (ios, has_general) in [("k\u{200b}", false), (" ", true)] {
            let keys = keys(ios);
            assert_eq!(keys.write_keys.keys().collect::<Vec<_>>(), ["web"]);
            assert_eq!(keys.write_key.is_some(), has_general);
        }
    }

    #[test]
    fn what_is_not_of_the_form_names_its_member() {
        event::rules!["RS-003"];
        for (text, member) in [
            ("[]", None),
            ("null", None),
            ("x", None),
            (r#"{"tokens":"t"}"#, Some("tokens")),
            (r#"{"shared_secrets":[1]}"#, Some("shared_secrets")),
        ] {
            assert_eq!(
                ReceiverSecret::parse(text).err(),
                Some(Malformed { member }),
                "{text}"
            );
        }
        let failed = |malformed: Option<Malformed>| malformed.unwrap().to_string();
        let error = failed(BrazeKey::parse(r#"{"rest_api_key":5}"#).err());
        assert!(error.ends_with(": rest_api_key"), "{error}");
        let error = failed(SegmentKeys::parse(r#"{"write_keys":{"ios":5}}"#).err());
        assert!(error.ends_with(": write_keys"), "{error}");
        assert!(BranchKey::parse(r#"{"branch_key":null}"#).is_err());
    }
}
