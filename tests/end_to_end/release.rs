//! The archive of a release: what `.ci/archive` packs is unpacked, its settings are edited, and SAM deploys it, without Rust.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::Vendor;
use switchyard::local::{Packages, prepare_python};
use switchyard::terminal::Silent;

use crate::local_stack::program;
use crate::system::System;

pub const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const SAM: Packages<'_> = Packages {
    name: "SAM",
    folder: "sam",
    list: include_str!("../contracts/sam.txt"),
};
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: &str = "arm64";
#[cfg(not(target_arch = "aarch64"))]
const ARCHITECTURE: &str = "x86_64";

/// Runs a program and returns what it prints; it has to succeed.
#[track_caller]
pub fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}:\n{said}");
    said
}

/// A folder as `cargo lambda build` and `.ci/sbom` fill it, out of compiled functions and a list of what is compiled in.
fn functions(repository: &Path, built: &Path, folder: &Path) -> PathBuf {
    let functions = folder.join("lambda");
    let names = fs::read_dir(repository.join("functions")).unwrap();
    let names = names
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir());
    for name in names.map(|entry| entry.file_name().into_string().unwrap()) {
        let own = functions.join(&name);
        fs::create_dir_all(&own).unwrap();
        fs::copy(built.join(&name), own.join("bootstrap")).unwrap();
        // Debug information is no matter here, and takes a minute to compress.
        succeed(Command::new("strip").arg(own.join("bootstrap")));
        fs::write(
            own.join(format!("{name}.cdx.json")),
            r#"{"bomFormat":"CycloneDX"}"#,
        )
        .unwrap();
    }
    functions
}

/// Packs the archive of a repository whose binaries are in `built`, compares it with its sum, and returns the unpacked folder.
pub fn unpacked_archive(repository: &Path, built: &Path, folder: &Path) -> PathBuf {
    let release = folder.join("release");
    let mut pack = Command::new(repository.join(".ci/archive"));
    pack.arg(ARCHITECTURE).arg(functions(repository, built, folder));
    let archive = succeed(pack.arg(&release));
    let archive = archive.split(": ").next().unwrap();
    let archive = Path::new(archive).file_name().unwrap().to_str().unwrap();
    let sum = fs::read_to_string(release.join(format!("{archive}.sha256"))).unwrap();
    let is = "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let is = succeed(
        Command::new("python3")
            .args(["-c", is, archive])
            .current_dir(&release),
    );
    assert_eq!(sum, format!("{}  {archive}\n", is.trim()));
    succeed(Command::new("tar").args(["-xzf", archive]).current_dir(&release));
    release.join(archive.strip_suffix(".tar.gz").unwrap())
}

/// The folder of the compiled functions, and of `switchyard`.
pub fn built() -> PathBuf {
    program().canonicalize().unwrap().parent().unwrap().to_owned()
}

/// Edits the settings of an unpacked archive: the sandbox is every destination. Returns the file.
pub fn edit_settings(system: &System, archive: &Path) -> PathBuf {
    let file = archive.join("infra/settings/switchyard.toml");
    let settings = system.settings_with_sandbox(&fs::read_to_string(&file).unwrap());
    fs::write(&file, settings).unwrap();
    file
}

/// Deploys an unpacked archive with the guide's command, in the guide's folder, and returns what SAM says.
pub async fn sam_deploy(system: &mut System, archive: &Path) -> String {
    let sam = prepare_python(&SAM, &mut Silent).await.unwrap().join("sam");
    let settings = archive.join("infra/settings/switchyard.toml");
    let deployed = succeed(
        Command::new(sam)
            .args(["deploy", "--template-file", "infra/template.yaml", "--no-confirm-changeset"])
            .args(["--parameter-overrides", "Alarms=false"])
            // The emulator mounts no layers.
            .arg(format!("SettingsPath={}", settings.display()))
            .current_dir(archive)
            .envs(system.stack.environment())
            .env_remove("AWS_PROFILE")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("SAM_CLI_TELEMETRY", "0"),
    );
    assert!(
        deployed.contains("Successfully created/updated stack - switchyard"),
        "{deployed}"
    );
    system.stack.find_outputs().await.unwrap();
    deployed
}

#[tokio::test]
async fn the_archive_of_a_release_deploys_without_rust() {
    let mut system = System::start_empty().await;
    let folder = tempfile::tempdir().unwrap();
    let archive = unpacked_archive(Path::new(REPOSITORY), &built(), folder.path());
    edit_settings(&system, &archive);
    let checked = succeed(Command::new(program()).arg("check").current_dir(&archive));
    assert!(
        checked.contains("can be used") && checked.contains("pass"),
        "{checked}"
    );
    sam_deploy(&mut system, &archive).await;
    system.store_keys().await;
    system
        .segment_sends(&[r#"{"type":"identify","messageId":"i-1","userId":"u-1","traits":{"plan":"pro"}}"#])
        .await;
    system.at_rest("deployed").await;
    assert_eq!(system.sandbox.accepted(Vendor::Braze).len(), 1);
    system.assert_nothing_lost();
}
