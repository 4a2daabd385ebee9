//! The virtual environment that MiniStack runs in.

use std::fs::{File, TryLockError, create_dir_all};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::Error;
use super::error::tail;
use super::workspace::Workspace;
use crate::terminal::Progress;

const PACKAGES: &str = include_str!("../../ministack.txt");
/// Exits with 3 if Python is too old, and with an ImportError's text if it cannot make environments.
const CHECK: &str = "import sys\nif sys.version_info < (3, 10): sys.exit(3)\nimport venv, ensurepip";
const TOO_OLD: i32 = 3;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Makes sure that the environment holds what `infra/cli/ministack.txt` lists, and returns its Python.
///
/// Processes that ask at the same time wait for the first one.
pub(crate) async fn prepare(workspace: &Workspace, progress: &mut impl Progress) -> Result<PathBuf, Error> {
    let folder = workspace.local().join("venv");
    let python = folder.join("bin").join("python");
    let stamp = folder.join("packages.txt");
    let is_ready = || std::fs::read_to_string(&stamp).is_ok_and(|held| held == PACKAGES) && python.exists();
    if is_ready() {
        return Ok(python);
    }
    let doing = || Error::machine(format!("prepare {}", folder.display()));
    create_dir_all(workspace.local()).map_err(doing())?;
    let lock = File::create(workspace.local().join("venv.lock")).map_err(doing())?;
    progress.begin("preparing MiniStack (once)");
    let mut tick = tokio::time::interval(LOOK_AGAIN);
    while let Err(busy) = lock.try_lock() {
        if let TryLockError::Error(error) = busy {
            return Err(doing()(error));
        }
        tick.tick().await;
    }
    if !is_ready() {
        check_python().await?;
        make(&folder).await?;
        install(&python).await?;
        std::fs::write(&stamp, PACKAGES).map_err(doing())?;
    }
    progress.end("MiniStack is in target/local/venv");
    Ok(python)
}

async fn check_python() -> Result<(), Error> {
    let checked = python3()
        .args(["-c", CHECK])
        .output()
        .await
        .map_err(|_| Error::NoPython)?;
    match checked.status.code() {
        Some(0) => Ok(()),
        Some(TOO_OLD) => Err(Error::NoPython),
        _ => Err(Error::NoVenv {
            detail: last_words(&checked),
        }),
    }
}

async fn make(folder: &Path) -> Result<(), Error> {
    let mut command = python3();
    command.args(["-m", "venv", "--clear"]).arg(folder);
    let made = command.output().await.map_err(|_| Error::NoPython)?;
    if made.status.success() {
        Ok(())
    } else {
        Err(Error::NoVenv {
            detail: last_words(&made),
        })
    }
}

async fn install(python: &Path) -> Result<(), Error> {
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/ministack.txt");
    let installed = Command::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            list,
        ])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Error::machine("run pip"))?;
    if installed.status.success() {
        Ok(())
    } else {
        Err(Error::Packages {
            detail: tail(&String::from_utf8_lossy(&installed.stderr), 12),
        })
    }
}

fn python3() -> Command {
    let mut command = Command::new("python3");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn last_words(output: &std::process::Output) -> String {
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    said.concat()
        .lines()
        .next_back()
        .unwrap_or("it says nothing")
        .to_owned()
}
