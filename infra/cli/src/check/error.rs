//! Why `switchyard check` cannot go on. All of it is for the user to change.

use std::path::PathBuf;

/// What is wrong with the settings or the tests.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be read or used.
    #[error(transparent)]
    Settings(#[from] crate::map::Error),
    /// The account cannot be looked at.
    #[error(transparent)]
    Aws(#[from] crate::account::Error),
    /// The parameters of the deploy cannot be used.
    #[error(transparent)]
    Parameters(#[from] super::parameters::Error),
    /// The folder of tests cannot be read.
    #[error("cannot read the tests in {}; name their folder with --tests FOLDER", .folder.display())]
    Folder {
        /// As `--tests` names it.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The folder has no file of tests.
    #[error("there is no file of tests (*.json) in {}; `switchyard check --help` shows one", .folder.display())]
    NoFiles {
        /// The folder.
        folder: PathBuf,
    },
    /// The files of the folder list no test.
    #[error("there is no test in the files of {}; `switchyard check --help` shows one", .folder.display())]
    NoTests {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of tests cannot be read.
    #[error("cannot read the tests in {}", .file.display())]
    File {
        /// By the path that was given, or was found in the folder.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is no list of tests.
    #[error("{} is no list of tests; `switchyard check --help` shows one", .file.display())]
    Form {
        /// By the path that was given, or was found in the folder.
        file: PathBuf,
        /// Where and what.
        source: serde_json::Error,
    },
    /// A test says something that no test can mean.
    #[error("{}: the test \"{name}\" {wrong}", .file.display())]
    Test {
        /// By the path that was given, or was found in the folder.
        file: PathBuf,
        /// By its `name`.
        name: String,
        /// What is wrong, and what to write.
        wrong: String,
    },
}
