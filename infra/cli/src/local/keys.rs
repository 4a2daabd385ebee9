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

/// The key that the sandbox takes for a destination.
fn sandbox_key(destination: Destination) -> String {
    format!("local-{destination}-key")
}

/// The keys that the sandbox takes.
pub(crate) fn sandbox_keys() -> Keys {
    Keys {
        braze_rest_api_key: sandbox_key(Destination::Braze),
        branch_key: sandbox_key(Destination::Branch),
        segment_write_keys: vec![sandbox_key(Destination::Segment)],
    }
}

/// The key for a destination: the user's, if the user has named an address and given one, else the sandbox's.
fn key(options: &Options, destination: Destination) -> String {
    let variable = destination.descriptor().key_variable;
    let given = options
        .address(destination)
        .and_then(|_| std::env::var_os(variable)?.into_string().ok());
    given
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| sandbox_key(destination))
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
        let descriptor = destination.descriptor();
        let members = member(descriptor.key_member, &key(options, destination))?;
        secrets.push((descriptor.function, members));
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
