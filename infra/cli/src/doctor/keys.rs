//! Whether the vendors take the keys of the stack, found out without changing anything there.

use std::time::Duration;

use event::Destination;
use event::settings::Settings;
use reqwest::{Client, redirect};
use secrets::{BranchKey, BrazeKey, Malformed, ReceiverSecret, SecretContent as _, SegmentKeys};
use telemetry::Secret;

use super::facts::{Content, KeyAnswer, KeyState};
use crate::account::Error;

/// Where Segment answers for the settings of a source (SEG-009).
const SEGMENT_CDN: &str = "https://cdn.segment.com";
/// A request that holds nothing: Braze asks for the key first, and then refuses it with 400 (SB-538). Nothing can be written.
const NOTHING: &str = "{}";
/// How Branch's keys begin (SR-312).
const BRANCH_LIVE: &str = "key_live_";
const BRANCH_TEST: &str = "key_test_";
const TIMEOUT: Duration = Duration::from_secs(10);

/// A key, with its place in the secret.
pub(crate) struct Key {
    destination: Destination,
    place: String,
    key: Secret,
}

impl Key {
    /// The function whose secret it is in.
    pub(crate) fn function(&self) -> &'static str {
        self.destination.descriptor().function
    }
}

/// What the text of a function's secret holds, and the keys in it.
pub(crate) fn read(function: &str, text: &str) -> (Content, Vec<Key>) {
    let malformed = |malformed: Malformed| (Content::Malformed(malformed.member), Vec::new());
    let found = match function {
        "deliver-braze" => BrazeKey::parse(text).map(|found| {
            let key = found.rest_api_key;
            single(Destination::Braze, key)
        }),
        "deliver-branch" => BranchKey::parse(text).map(|found| single(Destination::Branch, found.branch_key)),
        "deliver-segment" => SegmentKeys::parse(text).map(|found| {
            let mut keys = single(Destination::Segment, found.write_key);
            let of_platforms = found.write_keys.into_iter().map(|(platform, key)| Key {
                destination: Destination::Segment,
                place: format!("write_keys.{platform}"),
                key,
            });
            keys.extend(of_platforms);
            keys
        }),
        _ => return receiver(function, text).unwrap_or_else(malformed),
    };
    match found {
        Ok(keys) if keys.is_empty() => (Content::Empty, keys),
        Ok(keys) => (Content::Filled, keys),
        Err(error) => malformed(error),
    }
}

fn single(destination: Destination, key: Option<Secret>) -> Vec<Key> {
    let place = destination.descriptor().key_member.to_owned();
    key.map(|key| Key {
        destination,
        place,
        key,
    })
    .into_iter()
    .collect()
}

/// A receiver's secret: its keys are the owner's own, and no vendor is asked.
fn receiver(function: &str, text: &str) -> Result<(Content, Vec<Key>), Malformed> {
    let secret = ReceiverSecret::parse(text)?;
    let is_signed = function == "receive-segment" && !secret.shared_secrets.is_empty();
    let content = match (is_signed, secret.tokens.is_empty()) {
        (_, false) => Content::Filled,
        (true, true) => Content::NoToken,
        (false, true) => Content::Empty,
    };
    Ok((content, Vec::new()))
}

/// Asks the vendors.
pub(crate) struct Vendors<'s> {
    client: Client,
    settings: &'s Settings,
}

impl<'s> Vendors<'s> {
    pub(crate) fn new(settings: &'s Settings) -> Result<Self, Error> {
        Ok(Self {
            client: client()?,
            settings,
        })
    }

    /// What the vendor of a key says; `None` if the settings do not say where it is, which is a finding of its own.
    pub(crate) async fn ask(&self, key: &Key) -> Option<KeyState> {
        let answer = match key.destination {
            Destination::Branch => key.key.lend(branch_form),
            Destination::Braze => {
                let host = delivery::destinations::braze::base_url(&self.settings.braze);
                let url = format!("{}/users/track", host.ok()??);
                let request = self.client.post(url).header("content-type", "application/json");
                let request = key.key.lend(|key| request.bearer_auth(key)).body(NOTHING);
                judged(request, &[400]).await
            }
            Destination::Segment => {
                let given = self.settings.segment.endpoint_url.trim().trim_end_matches('/');
                let host = if given.is_empty() { SEGMENT_CDN } else { given };
                let path = |key: &str| form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>();
                let url = format!("{host}/v1/projects/{}/settings", key.key.lend(path));
                match judged(self.client.get(url), &[]).await {
                    KeyAnswer::WrongHost(status) => KeyAnswer::Refused(status),
                    answer => answer,
                }
            }
        };
        Some(KeyState {
            destination: key.destination,
            place: key.place.clone(),
            answer,
        })
    }
}

/// A client for requests that hold a key: no redirect leads it elsewhere.
pub(crate) fn client() -> Result<Client, Error> {
    Client::builder()
        .timeout(TIMEOUT)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("switchyard/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|source| Error::NoAnswer {
            operation: "the HTTP client".to_owned(),
            source,
        })
}

fn branch_form(key: &str) -> KeyAnswer {
    if key.starts_with(BRANCH_LIVE) {
        KeyAnswer::WellFormed
    } else if key.starts_with(BRANCH_TEST) {
        KeyAnswer::TestKey
    } else {
        KeyAnswer::WrongForm
    }
}

/// What an answer means. `accepted` are the statuses that, beside success, prove that the key was taken.
async fn judged(request: reqwest::RequestBuilder, accepted: &[u16]) -> KeyAnswer {
    let status = match request.send().await {
        Ok(answer) => answer.status().as_u16(),
        Err(_) => return KeyAnswer::Unknown(None),
    };
    of_status(status, accepted)
}

fn of_status(status: u16, accepted: &[u16]) -> KeyAnswer {
    match status {
        200..=299 => KeyAnswer::Accepted,
        _ if accepted.contains(&status) => KeyAnswer::Accepted,
        300..=399 | 404 => KeyAnswer::WrongHost(status),
        408 | 425 | 429 | 500.. => KeyAnswer::Unknown(Some(status)),
        _ => KeyAnswer::Refused(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_key_is_known_by_how_it_begins() {
        event::rules!["SR-312"];
        for (key, answer) in [
            ("key_live_abc", KeyAnswer::WellFormed),
            ("key_test_abc", KeyAnswer::TestKey),
            ("secret_live_abc", KeyAnswer::WrongForm),
            ("KEY_LIVE_abc", KeyAnswer::WrongForm),
        ] {
            assert_eq!(branch_form(key), answer, "{key}");
        }
    }

    #[test]
    fn each_status_says_yes_no_or_nothing() {
        for (status, answer) in [
            (201, KeyAnswer::Accepted),
            (400, KeyAnswer::Accepted),
            (401, KeyAnswer::Refused(401)),
            (403, KeyAnswer::Refused(403)),
            (302, KeyAnswer::WrongHost(302)),
            (404, KeyAnswer::WrongHost(404)),
            (429, KeyAnswer::Unknown(Some(429))),
            (503, KeyAnswer::Unknown(Some(503))),
        ] {
            assert_eq!(of_status(status, &[400]), answer, "{status}");
        }
        assert_eq!(
            of_status(400, &[]),
            KeyAnswer::Refused(400),
            "Segment's question has no body"
        );
    }

    #[test]
    fn a_secret_is_filled_empty_or_malformed() {
        use Content::{Empty, Filled, Malformed, NoToken};
        for (function, text, content, keys) in [
            ("receive-branch", r#"{"tokens":["t"]}"#, Filled, 0),
            ("receive-branch", r#"{"tokens":[" "]}"#, Empty, 0),
            ("receive-braze", r#"{"shared_secrets":["s"]}"#, Empty, 0),
            ("receive-segment", r#"{"shared_secrets":["s"]}"#, NoToken, 0),
            ("receive-segment", r#"{"tokens":["t"]}"#, Filled, 0),
            (
                "receive-segment",
                r#"{"tokens":"t"}"#,
                Malformed(Some("tokens")),
                0,
            ),
            ("deliver-braze", "", Empty, 0),
            ("deliver-braze", r#"{"rest_api_key":"k"}"#, Filled, 1),
            ("deliver-braze", "k", Malformed(None), 0),
            ("deliver-branch", r#"{"branch_key":""}"#, Empty, 0),
            (
                "deliver-segment",
                r#"{"write_key":"w","write_keys":{"ios":"i","web":""}}"#,
                Filled,
                2,
            ),
        ] {
            let (found, places) = read(function, text);
            assert_eq!((found, places.len()), (content, keys), "{function} {text}");
        }
        let (_, keys) = read("deliver-segment", r#"{"write_keys":{"ios":"i"}}"#);
        assert_eq!(keys[0].place, "write_keys.ios");
    }
}
