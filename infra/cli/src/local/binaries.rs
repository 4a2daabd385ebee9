//! Compiles the functions, and packs them as Lambda wants them.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::Error;
use super::workspace::{Workspace, cargo};

const EXECUTABLE: u32 = 0o755;
const READABLE: u32 = 0o644;

#[derive(Deserialize)]
struct CargoMessage {
    executable: Option<PathBuf>,
}

/// The binaries of the workspace by name. Cargo shows its own progress on standard error.
///
/// It is the dev profile, whose artifacts `cargo test --workspace` has made already.
pub(crate) async fn build(workspace: &Workspace) -> Result<BTreeMap<String, PathBuf>, Error> {
    let child = cargo()
        .args([
            "build",
            "--workspace",
            "--bins",
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(workspace.root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::machine("run `cargo build`"))?;
    let built = child
        .wait_with_output()
        .await
        .map_err(Error::machine("run `cargo build`"))?;
    if !built.status.success() {
        return Err(Error::Build);
    }
    let messages = String::from_utf8_lossy(&built.stdout);
    let executables = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<CargoMessage>(line).ok())
        .filter_map(|message| message.executable);
    Ok(executables
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .collect())
}

/// A function's zip: its binary as `bootstrap`. Nothing is compressed, since it only travels on this machine.
pub(crate) fn pack_function(binary: &Path) -> Result<Vec<u8>, Error> {
    pack(binary, "bootstrap", EXECUTABLE)
}

/// The settings layer's zip.
pub(crate) fn pack_settings(settings: &Path) -> Result<Vec<u8>, Error> {
    pack(settings, "switchyard.toml", READABLE)
}

fn pack(file: &Path, name: &str, mode: u32) -> Result<Vec<u8>, Error> {
    let doing = || Error::machine(format!("pack {}", file.display()));
    let content = std::fs::read(file).map_err(doing())?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(mode);
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(content.len() + 1024)));
    let packed = zip
        .start_file(name, options)
        .and_then(|()| zip.write_all(&content).map_err(Into::into))
        .and_then(|()| zip.finish());
    Ok(packed.map_err(|error| doing()(error.into()))?.into_inner())
}
