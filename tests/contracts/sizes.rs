//! `.ci/sizes`, which measures the zips of a release, finds one that is too large and says when a function is ready.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

const SIZES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/sizes");

/// A program that asks for its first event, as a function does, and waits for it.
const FUNCTION: &str = "#!/usr/bin/env python3\n\
    import os, urllib.request\n\
    urllib.request.urlopen('http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/next')\n";

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let own = folder.join(name);
    fs::create_dir(&own).unwrap();
    let bootstrap = own.join("bootstrap");
    fs::write(&bootstrap, bytes).unwrap();
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).unwrap();
}

fn measure(folder: &Path) -> (Output, String) {
    let output = Command::new(SIZES).arg(folder).output().unwrap();
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output, String::from_utf8(said).unwrap())
}

#[test]
fn a_zip_over_five_megabytes_is_named_and_fails() {
    event::rules!["RI-042"];
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "small", FUNCTION.as_bytes());
    let (output, said) = measure(folder.path());
    assert!(output.status.success(), "{said}");
    assert!(said.contains("small") && said.contains("ready after"), "{said}");

    // What does not shrink: a sequence without a pattern.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(5_100_000)
    .collect();
    write(folder.path(), "large", &noise);
    let (output, said) = measure(folder.path());
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.ends_with("over 5 MB: large\n"), "{said}");
}

#[test]
fn a_folder_without_functions_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (output, said) = measure(folder.path());
    assert!(
        !output.status.success() && said.contains("holds no function"),
        "{said}"
    );
}
