//! Where things are in this repository.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Error;

/// The repository's folders.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that CARGO_TARGET_DIR and the like apply.
    pub(crate) async fn find() -> Result<Self, Error> {
        let asked = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(clone(env!("CARGO_MANIFEST_DIR"))?)
            .output()
            .await
            .map_err(Error::machine("run `cargo metadata`"))?;
        let metadata: Metadata =
            serde_json::from_slice(&asked.stdout).map_err(|error| Error::Unexpected {
                operation: "cargo metadata".to_owned(),
                detail: format!("{error}\n{}", String::from_utf8_lossy(&asked.stderr)),
            })?;
        Ok(Self {
            root: metadata.workspace_root,
            target: metadata.target_directory,
        })
    }

    /// The repository's root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The text of `infra/template.yaml`.
    pub(crate) fn template(&self) -> Result<String, Error> {
        read(&self.root.join("infra/template.yaml"))
    }

    /// The text of the settings file that is deployed.
    pub(crate) fn settings(&self) -> Result<String, Error> {
        read(&self.root.join("infra/settings/switchyard.toml"))
    }

    /// What the local system writes: the virtual environment, and a folder for each run.
    pub(crate) fn local(&self) -> PathBuf {
        self.target.join("local")
    }
}

/// The folder in which this program was compiled, if it is on this machine: that of a release is not.
fn clone(folder: &str) -> Result<&Path, Error> {
    let folder = Path::new(folder);
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(Error::NoClone)
    }
}

/// The cargo that runs us, or else the one on the PATH. It ends when we do.
pub(crate) fn cargo() -> tokio::process::Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = tokio::process::Command::new(cargo);
    command.kill_on_drop(true);
    command
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(Error::machine(format!("read {}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_a_release_asks_for_a_clone() {
        assert!(clone(env!("CARGO_MANIFEST_DIR")).is_ok());
        let refused = clone("/nowhere/infra/cli").unwrap_err();
        assert!(
            refused.to_string().contains("clone of the repository"),
            "{refused}"
        );
    }
}
