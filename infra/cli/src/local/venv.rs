//! Python programs, each in a virtual environment of its own under `target/local`.

use std::fs::{File, TryLockError, create_dir_all};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::Error;
use super::error::tail;
use super::workspace::Workspace;
use crate::terminal::Progress;

/// MiniStack and what its SAM transform needs.
pub(crate) const MINISTACK: Packages<'_> = Packages {
    name: "MiniStack",
    folder: "ministack",
    list: include_str!("../../ministack.txt"),
};
/// Exits with 3 if Python is too old, and with an ImportError's text if it cannot make environments.
const CHECK: &str = "import sys\nif sys.version_info < (3, 10): sys.exit(3)\nimport venv, ensurepip";
const TOO_OLD: i32 = 3;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What an environment holds.
#[derive(Debug, Clone, Copy)]
pub struct Packages<'a> {
    /// For the user, such as `MiniStack`.
    pub name: &'a str,
    /// The environment's folder under `target/local`.
    pub folder: &'a str,
    /// Packages and their versions, as in a requirements file.
    pub list: &'a str,
}

/// Makes sure that an environment holds `packages`, and returns its folder of programs.
///
/// Processes that ask at the same time wait for the first one.
///
/// # Errors
/// What is missing: Python, its half that makes environments, or the packages.
pub async fn prepare(packages: &Packages<'_>, progress: &mut impl Progress) -> Result<PathBuf, Error> {
    let local = Workspace::find().await?.local();
    let folder = local.join(packages.folder);
    let programs = folder.join("bin");
    let stamp = folder.join("packages.txt");
    let is_ready = || std::fs::read_to_string(&stamp).is_ok_and(|held| held == packages.list);
    if is_ready() {
        return Ok(programs);
    }
    let doing = || Error::machine(format!("prepare {}", folder.display()));
    create_dir_all(&local).map_err(doing())?;
    let lock = File::create(local.join(format!("{}.lock", packages.folder))).map_err(doing())?;
    progress.begin(&format!("preparing {} (once)", packages.name));
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
        let list = folder.join("requirements.txt");
        std::fs::write(&list, packages.list).map_err(doing())?;
        install(&programs, &list, packages.name).await?;
        std::fs::write(&stamp, packages.list).map_err(doing())?;
    }
    progress.end(&format!(
        "{} is in target/local/{}",
        packages.name, packages.folder
    ));
    Ok(programs)
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
            detail: last_line(&checked),
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
            detail: last_line(&made),
        })
    }
}

async fn install(programs: &Path, list: &Path, name: &str) -> Result<(), Error> {
    let installed = Command::new(programs.join("python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(list)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Error::machine("run pip"))?;
    if installed.status.success() {
        Ok(())
    } else {
        Err(Error::Packages {
            name: name.to_owned(),
            detail: tail(&String::from_utf8_lossy(&installed.stderr), 12),
        })
    }
}

fn python3() -> Command {
    let mut command = Command::new("python3");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn last_line(output: &std::process::Output) -> String {
    let printed = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    printed
        .concat()
        .lines()
        .next_back()
        .unwrap_or("it prints nothing")
        .to_owned()
}
