//! The environment that the template gives a function.

use event::Destination;
use event::ports::QueueName;
use event::settings::{Invalid, Problem, Settings};
use std::collections::BTreeMap;

/// What the template and the settings file give a function.
pub struct Environment {
    /// The stack, for metrics.
    pub stack: String,
    /// The name of the function in log lines: its folder, such as `receive-segment`.
    pub function: &'static str,
    /// The ARN or name of its secret; empty for the function that has none.
    pub secret: String,
    /// The URLs of the queues that it may send to.
    pub queues: BTreeMap<QueueName, String>,
    /// Where AWS answers, for emulators; on AWS the region says it.
    pub endpoint: Option<String>,
    /// Where SQS answers, if elsewhere: a VPC endpoint without private names, say.
    pub sqs_endpoint: Option<String>,
    /// Where Currents files lie.
    pub braze_files: BrazeFiles,
    /// The fallback bucket, for receivers.
    pub fallback_bucket: Option<String>,
    /// What the user chose.
    pub settings: Settings,
    /// What a deliverer or the file reader cannot use of it: it starts all the same, and holds its events (RI-048).
    pub unusable: Vec<Problem>,
    /// Keys that were read and mean nothing, by their full names.
    pub unknown_settings: Vec<String>,
}

/// Where Currents files lie, for the function that reads them.
pub struct BrazeFiles {
    /// Its name at AWS; none where Currents files are not read.
    pub bucket: Option<String>,
    /// What their keys begin with; empty for all of them.
    pub prefix: String,
}
/// What is read of a settings file.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    /// Keys that mean nothing, by their full names.
    pub(crate) unknown: Vec<String>,
    /// What a deliverer cannot use.
    pub(crate) unusable: Vec<Problem>,
}

/// Reads the text of a settings file.
pub(crate) type LoadSettings = fn(&str) -> Result<Loaded, Invalid>;

/// Why a function cannot start. The person who deploys has to act.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A variable is missing.
    #[error("the environment variable {0} is not set; infra/template.yaml sets it for every function")]
    Missing(String),
    /// The settings file cannot be read.
    #[error(
        "the settings file {path} cannot be read ({kind}); the settings layer of infra/template.yaml holds it"
    )]
    Unreadable {
        /// The path in `SWITCHYARD_SETTINGS`.
        path: String,
        /// What the system says.
        kind: std::io::ErrorKind,
    },
    /// The settings are wrong.
    #[error("the settings file {path} cannot be used:\n{invalid}")]
    Invalid {
        /// The path in `SWITCHYARD_SETTINGS`.
        path: String,
        /// What is wrong.
        invalid: Invalid,
    },
    /// One setting is missing that this function needs.
    #[error("{0}")]
    Setting(String),
}

/// Where the settings layer puts the file.
const DEFAULT_SETTINGS: &str = "/opt/switchyard.toml";

impl Environment {
    /// Reads the environment and the settings file.
    ///
    /// # Errors
    /// What is missing or wrong, with the variable or key and the remedy.
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where the environment is read"
    )]
    pub(crate) fn read(function: &'static str, load: LoadSettings) -> Result<Self, Unusable> {
        Self::from(function, load, |name| {
            std::env::var(name).ok().filter(|value| !value.trim().is_empty())
        })
    }

    fn from(
        function: &'static str,
        load: LoadSettings,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Unusable> {
        let need = |name: &str| variable(name).ok_or_else(|| Unusable::Missing(name.to_owned()));
        let path = variable("SWITCHYARD_SETTINGS").unwrap_or_else(|| DEFAULT_SETTINGS.to_owned());
        let text = std::fs::read_to_string(&path).map_err(|error| Unusable::Unreadable {
            path: path.clone(),
            kind: error.kind(),
        })?;
        let Loaded {
            settings,
            unknown,
            unusable,
        } = load(&text).map_err(|invalid| Unusable::Invalid { path, invalid })?;
        let mut queues = BTreeMap::from([(QueueName::Parked, need("SWITCHYARD_QUEUE_PARKED")?)]);
        for destination in Destination::ALL {
            if let Some(url) = variable(destination.descriptor().queue_variable) {
                queues.insert(QueueName::Destination(destination), url);
            }
        }
        if let Some(url) = variable("SWITCHYARD_QUEUE_BRAZE_FILES") {
            queues.insert(QueueName::BrazeFiles, url);
        }
        let bucket = variable("SWITCHYARD_BRAZE_FILES_BUCKET");
        Ok(Self {
            stack: need("SWITCHYARD_STACK")?,
            function,
            // What reads files has no secret: the permission to write to the bucket proves the sender (CF-002).
            secret: match &bucket {
                Some(_) => String::new(),
                None => need("SWITCHYARD_SECRET")?,
            },
            braze_files: BrazeFiles {
                bucket,
                prefix: variable("SWITCHYARD_BRAZE_FILES_PREFIX").unwrap_or_default(),
            },
            queues,
            fallback_bucket: variable("SWITCHYARD_BUCKET"),
            endpoint: variable("AWS_ENDPOINT_URL"),
            sqs_endpoint: variable("AWS_ENDPOINT_URL_SQS"),
            settings,
            unusable,
            unknown_settings: unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, Option<&str>)], settings: &str) -> Result<Environment, Unusable> {
        let file = std::env::temp_dir().join(format!("switchyard-environment-{}.toml", fastrand::u64(..)));
        std::fs::write(&file, settings).unwrap();
        let mut variables: BTreeMap<&str, String> = BTreeMap::from([
            ("SWITCHYARD_STACK", "test".to_owned()),
            ("SWITCHYARD_SECRET", "test/receive-segment".to_owned()),
            ("SWITCHYARD_QUEUE_PARKED", "http://q/parked".to_owned()),
            ("SWITCHYARD_QUEUE_BRAZE", "http://q/braze".to_owned()),
            ("SWITCHYARD_SETTINGS", file.display().to_string()),
        ]);
        for (name, value) in changes {
            match value {
                Some(value) => variables.insert(name, (*value).to_owned()),
                None => variables.remove(name),
            };
        }
        let read = Environment::from("receive-segment", crate::start::receiver_settings, |name| {
            variables.get(name).cloned()
        });
        std::fs::remove_file(file).unwrap();
        read
    }

    #[test]
    fn the_environment_names_the_own_secret_and_queues() {
        event::rules!["RS-001"];
        let environment = read(&[], "").unwrap();
        assert_eq!(environment.queues.len(), 2);
        assert_eq!(environment.secret, "test/receive-segment");
        assert_eq!(
            environment.queues[&QueueName::Destination(Destination::Braze)],
            "http://q/braze"
        );
    }

    #[test]
    fn what_reads_files_has_a_bucket_and_no_secret() {
        event::rules!["CF-002"];
        let environment = read(
            &[
                ("SWITCHYARD_SECRET", None),
                ("SWITCHYARD_BRAZE_FILES_BUCKET", Some("acme-currents")),
                ("SWITCHYARD_BRAZE_FILES_PREFIX", Some("currents/")),
                ("SWITCHYARD_QUEUE_BRAZE_FILES", Some("http://q/files")),
            ],
            "",
        )
        .unwrap();
        assert_eq!(environment.secret, "");
        assert_eq!(environment.braze_files.bucket.as_deref(), Some("acme-currents"));
        assert_eq!(environment.queues[&QueueName::BrazeFiles], "http://q/files");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_with_its_remedy() {
        let message = |read: Result<Environment, Unusable>| read.err().unwrap().to_string();
        assert!(message(read(&[("SWITCHYARD_SECRET", None)], "")).contains("SWITCHYARD_SECRET is not set"));
        let error = message(read(
            &[("SWITCHYARD_SETTINGS", Some("/nowhere/switchyard.toml"))],
            "",
        ));
        assert!(
            error.contains("/nowhere/switchyard.toml") && error.contains("layer"),
            "{error}"
        );
        assert!(message(read(&[], "[receipt]\nmax_events = 0")).contains("`receipt.max_events`"));
    }
}
