//! Where one run keeps its files.

use std::fs::{create_dir_all, read_dir, remove_dir_all};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Pid, test_kill_process};

use super::Error;

/// `target/local/runs/<process>-<number>`: settings, log, and until it is dropped the temporary files.
///
/// Folders of processes that are gone are removed when a new one is made, so that the last run can be looked into.
#[derive(Debug)]
pub(crate) struct RunFolder(PathBuf);

static NUMBER: AtomicUsize = AtomicUsize::new(1);

impl RunFolder {
    pub(crate) fn new(local: &Path) -> Result<Self, Error> {
        let runs = local.join("runs");
        remove_finished(&runs);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = Self(runs.join(format!("{}-{number}", std::process::id())));
        create_dir_all(folder.temporary()).map_err(Error::machine(format!("make {}", folder.0.display())))?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// For what may be large, such as unpacked functions.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed now goes with the next run.
        let _ = remove_dir_all(self.temporary());
    }
}

fn remove_finished(runs: &Path) {
    let Ok(entries) = read_dir(runs) else { return };
    for folder in entries.flatten() {
        let name = folder.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.split('-').next())
            .and_then(|id| id.parse().ok());
        let is_running = process
            .and_then(Pid::from_raw)
            .is_some_and(|process| test_kill_process(process).is_ok());
        if !is_running {
            let _ = remove_dir_all(folder.path());
        }
    }
}
