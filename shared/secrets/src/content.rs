//! What the secrets hold. Every entry is trimmed, and blank ones do not count; members that are not known here are allowed.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use telemetry::Secret;
use zeroize::Zeroizing;

/// The text of a secret is no JSON object of the documented form. Counts as a failed fetch: the older value stays in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not of the documented form")]
pub struct Unparsable;

/// The content of a function's secret.
pub trait SecretContent: Sized {
    /// Reads the secret's text.
    ///
    /// # Errors
    /// [`Unparsable`] if it is not of the documented form.
    fn parse(text: &str) -> Result<Self, Unparsable>;
}

/// A token, known by its SHA-256 alone: comparing digests takes the same time whatever was guessed right.
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

/// The key of `deliver-braze`.
pub struct BrazeKey {
    /// The REST API key, if there is one.
    pub rest_api_key: Option<Secret>,
}

/// The key of `deliver-branch`.
pub struct BranchKey {
    /// The Branch key, if there is one.
    pub branch_key: Option<Secret>,
}

/// The keys of `deliver-segment`.
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

type Text = Zeroizing<String>;

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Unparsable> {
    // An array would be read as a list of members.
    let object = text
        .trim_start()
        .starts_with('{')
        .then_some(text)
        .ok_or(Unparsable)?;
    serde_json::from_str(object).map_err(|_| Unparsable)
}

impl SecretContent for ReceiverSecret {
    fn parse(text: &str) -> Result<Self, Unparsable> {
        #[derive(Deserialize)]
        struct Form {
            #[serde(default)]
            shared_secrets: Vec<Text>,
            #[serde(default)]
            tokens: Vec<Text>,
        }
        let form: Form = read(text)?;
        let tokens = form.tokens.iter().filter(|token| !token.trim().is_empty());
        Ok(Self {
            shared_secrets: form
                .shared_secrets
                .iter()
                .filter_map(|secret| entry(secret))
                .collect(),
            tokens: tokens.map(|token| Token::of(token)).collect(),
        })
    }
}

impl SecretContent for BrazeKey {
    fn parse(text: &str) -> Result<Self, Unparsable> {
        #[derive(Deserialize)]
        struct Form {
            #[serde(default)]
            rest_api_key: Text,
        }
        let form: Form = read(text)?;
        Ok(Self {
            rest_api_key: entry(&form.rest_api_key),
        })
    }
}

impl SecretContent for BranchKey {
    fn parse(text: &str) -> Result<Self, Unparsable> {
        #[derive(Deserialize)]
        struct Form {
            #[serde(default)]
            branch_key: Text,
        }
        let form: Form = read(text)?;
        Ok(Self {
            branch_key: entry(&form.branch_key),
        })
    }
}

impl SecretContent for SegmentKeys {
    fn parse(text: &str) -> Result<Self, Unparsable> {
        #[derive(Deserialize)]
        struct Form {
            #[serde(default)]
            write_key: Text,
            #[serde(default)]
            write_keys: BTreeMap<String, Text>,
        }
        let form: Form = read(text)?;
        let by_platform = form
            .write_keys
            .iter()
            .filter_map(|(name, key)| Some((name.clone(), entry(key)?)));
        Ok(Self {
            write_key: entry(&form.write_key),
            write_keys: by_platform.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rs_002_entries_are_trimmed_and_blank_ones_do_not_count() {
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
    fn rs_003_what_is_not_of_the_form_does_not_parse() {
        for text in [
            "",
            "[]",
            "null",
            "x",
            r#"{"tokens":"t"}"#,
            r#"{"shared_secrets":[1]}"#,
        ] {
            assert!(ReceiverSecret::parse(text).is_err(), "{text}");
        }
        assert!(BrazeKey::parse(r#"{"rest_api_key":5}"#).is_err());
    }
}
