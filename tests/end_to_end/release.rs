//! The archive of a release: what `.ci/archive` packs is unpacked, its settings are edited, and SAM deploys it, without Rust.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::Vendor;
use switchyard::local::{Packages, prepare_python};
use switchyard::terminal::Silent;

use crate::local_stack::program;
use crate::system::System;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
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
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}:\n{said}");
    said
}

/// A folder as `cargo lambda build` and `.ci/sbom` fill it, out of the compiled functions and the list of what is compiled in.
fn functions(folder: &Path) -> PathBuf {
    let program = program();
    let built = program.parent().unwrap();
    let functions = folder.join("lambda");
    let names = fs::read_dir(Path::new(REPOSITORY).join("functions")).unwrap();
    let names = names
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir());
    for name in names.map(|entry| entry.file_name().into_string().unwrap()) {
        let own = functions.join(&name);
        fs::create_dir_all(&own).unwrap();
        fs::copy(built.join(&name), own.join("bootstrap")).unwrap();
        // The C library's debug information is no matter here, and takes a minute to compress.
        succeed(Command::new("strip").arg(own.join("bootstrap")));
        fs::write(
            own.join(format!("{name}.cdx.json")),
            r#"{"bomFormat":"CycloneDX"}"#,
        )
        .unwrap();
    }
    functions
}

/// Packs the archive, compares it with its sum, and returns the unpacked folder.
fn unpacked(folder: &Path) -> PathBuf {
    let release = folder.join("release");
    let script = Path::new(REPOSITORY).join(".ci/archive");
    succeed(
        Command::new(script)
            .arg(ARCHITECTURE)
            .arg(functions(folder))
            .arg(&release),
    );
    let name = format!("switchyard-{}-{ARCHITECTURE}", env!("CARGO_PKG_VERSION"));
    let archive = format!("{name}.tar.gz");
    let sum = format!("{archive}.sha256");
    succeed(
        Command::new("shasum")
            .args(["-a", "256", "-c", &sum])
            .current_dir(&release),
    );
    succeed(Command::new("tar").args(["-xzf", &archive]).current_dir(&release));
    release.join(name)
}

#[tokio::test]
async fn the_archive_of_a_release_deploys_without_rust() {
    let mut system = System::start_empty("").await;
    let folder = tempfile::tempdir().unwrap();
    let archive = unpacked(folder.path());
    let settings = archive.join("infra/settings/switchyard.toml");
    fs::copy(system.stack.folder().join("switchyard.toml"), &settings).unwrap();

    // The guide's commands, in the guide's folder.
    let checked = succeed(Command::new(program()).arg("check").current_dir(&archive));
    assert!(
        checked.contains("can be used") && checked.contains("pass"),
        "{checked}"
    );
    let sam = prepare_python(&SAM, &mut Silent).await.unwrap().join("sam");
    let deployed = succeed(
        Command::new(sam)
            .args(["deploy", "--template-file", "infra/template.yaml", "--no-confirm-changeset"])
            .args(["--parameter-overrides", "Alarms=false"])
            // The emulator mounts no layers.
            .arg(format!("SettingsPath={}", settings.display()))
            .current_dir(&archive)
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
    system.store_keys().await;
    system
        .segment_sends(&[r#"{"type":"identify","messageId":"i-1","userId":"u-1","traits":{"plan":"pro"}}"#])
        .await;
    system.at_rest("deployed").await;
    assert_eq!(system.sandbox.accepted(Vendor::Braze).len(), 1);
    system.assert_nothing_lost();
}
