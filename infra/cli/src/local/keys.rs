//! The keys of a local run. They open nothing but this machine.

use event::{Destination, Source};
use sandbox::Keys;

use super::{Error, Options, Stack};

/// What Segment signs with.
pub(crate) const SEGMENT_SHARED_SECRET: &str = "local-shared-secret";

/// What a source presents.
pub(crate) const fn token(source: Source) -> &'static str {
    match source {
        Source::Segment => "local-segment-token",
        Source::Braze => "local-braze-token",
        Source::Branch => "local-branch-token",
    }
}

/// The environment variable that holds a real destination's key, and the key that the sandbox takes.
const fn destination_key(destination: Destination) -> (&'static str, &'static str) {
    match destination {
        Destination::Braze => ("BRAZE_REST_API_KEY", "local-braze-key"),
        Destination::Branch => ("BRANCH_KEY", "key_live_local"),
        Destination::Segment => ("SEGMENT_WRITE_KEY", "local-write-key"),
    }
}

/// The keys that the sandbox takes.
pub(crate) fn sandbox_keys() -> Keys {
    let key = |destination| destination_key(destination).1.to_owned();
    Keys {
        braze_rest_api_key: key(Destination::Braze),
        branch_key: key(Destination::Branch),
        segment_write_keys: vec![key(Destination::Segment)],
    }
}

/// The key for a destination: the user's, if the user has named an address and given one, else the sandbox's.
fn key(options: &Options, destination: Destination) -> String {
    let (variable, local) = destination_key(destination);
    let given = options
        .address(destination)
        .and_then(|_| std::env::var_os(variable)?.into_string().ok());
    given
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| local.to_owned())
}

/// Stores the secret of every function.
pub(crate) async fn store(stack: &Stack, options: &Options) -> Result<(), Error> {
    let tokens = |source| format!(r#""tokens":["{}"]"#, token(source));
    let mut secrets = vec![
        (
            "receive-segment",
            format!(
                r#""shared_secrets":["{SEGMENT_SHARED_SECRET}"],{}"#,
                tokens(Source::Segment)
            ),
        ),
        ("receive-braze", tokens(Source::Braze)),
        ("receive-branch", tokens(Source::Branch)),
    ];
    for destination in Destination::ALL {
        let name = match destination {
            Destination::Braze => "rest_api_key",
            Destination::Branch => "branch_key",
            Destination::Segment => "write_key",
        };
        let members = member(name, &key(options, destination))?;
        secrets.push((destination.descriptor().function, members));
    }
    for (function, members) in secrets {
        stack.store_secret(function, &format!("{{{members}}}")).await?;
    }
    Ok(())
}

fn member(name: &str, key: &str) -> Result<String, Error> {
    let quoted = serde_json::to_string(key).map_err(|error| Error::Unexpected {
        operation: format!("writing {name}"),
        detail: error.to_string(),
    })?;
    Ok(format!(r#""{name}":{quoted}"#))
}
