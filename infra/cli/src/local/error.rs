//! Why the local system cannot start or go on, and who must do what about it.

use std::path::PathBuf;

/// What stops the local system. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whoever runs the command installs Python.
    #[error(
        "python3 is not on the PATH, or is older than 3.10. MiniStack, which plays AWS here, needs it.\n  \
         Install Python 3.10 or newer (https://www.python.org/downloads/), then try again."
    )]
    NoPython,
    /// Whoever runs the command installs the missing half of Python.
    #[error(
        "python3 cannot make virtual environments: {detail}\n  \
         On Debian and Ubuntu: apt install python3-venv. Then try again."
    )]
    NoVenv {
        /// What python3 printed.
        detail: String,
    },
    /// Whoever runs the command looks at the network or the package index.
    #[error(
        "the Python packages for {name} could not be installed:\n{detail}\n  \
         Is the package index reachable? pip's own settings (PIP_INDEX_URL, PIP_CERT, …) apply."
    )]
    Packages {
        /// What they are for.
        name: String,
        /// The end of what pip printed.
        detail: String,
    },
    /// Whoever runs the command chooses another port.
    #[error("port {port} is in use. Choose another with --port, or leave --port out to get a free one.")]
    PortInUse {
        /// The port that was asked for.
        port: u16,
    },
    /// Whoever runs the command takes a clone in place of a release.
    #[error(
        "this needs a clone of the repository: it compiles the functions.\n  \
         Run `cargo local` in a clone. To see what would be sent for events, `switchyard map` needs none."
    )]
    NoClone,
    /// The compiler has printed why.
    #[error("the functions do not compile; cargo says why above")]
    Build,
    /// The workspace lacks a function of the template.
    #[error("`cargo build --workspace --bins` made no binary `{name}`, which infra/template.yaml asks for")]
    NoBinary {
        /// The function's folder.
        name: String,
    },
    /// MiniStack ended or stays silent.
    #[error("MiniStack did not start. The end of {log}:\n{tail}")]
    NotStarted {
        /// Where its output is.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// The template is not accepted.
    #[error("infra/template.yaml could not be deployed to MiniStack: {reason}")]
    NotDeployed {
        /// What CloudFormation says of the resources that failed.
        reason: String,
    },
    /// A call to the emulator failed.
    #[error(transparent)]
    Aws(#[from] crate::account::Error),
    /// A request to a function got no answer.
    #[error("{operation} got no answer")]
    NoAnswer {
        /// The call.
        operation: String,
        /// What went wrong on the way.
        #[source]
        source: reqwest::Error,
    },
    /// Something answered in a form that is not known.
    #[error("{operation} was answered with something unexpected: {detail}")]
    Unexpected {
        /// The call.
        operation: String,
        /// What was odd.
        detail: String,
    },
    /// The settings are wrong: their author corrects them.
    #[error("the settings are wrong:\n{0}")]
    Settings(String),
    /// A file or process of this machine is at fault.
    #[error("cannot {what}")]
    Machine {
        /// Such as `write target/local/settings.toml`.
        what: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// For `map_err`: names what could not be done.
    pub(crate) fn machine(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Machine { what, source }
    }
}

/// The last `lines` lines of `text`, indented.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let kept = all.iter().skip(all.len().saturating_sub(lines));
    kept.map(|line| format!("    {line}\n")).collect()
}
