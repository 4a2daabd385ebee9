//! What a release is made of: the scripts of `.ci` that pack it, and the workflow that calls them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TEMPLATE: &str = include_str!("../../infra/template.yaml");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn script(name: &str, arguments: &[&str]) -> (Output, String) {
    let output = Command::new(root().join(".ci").join(name))
        .args(arguments)
        .output()
        .unwrap();
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    (output, String::from_utf8(said).unwrap())
}

fn function_names() -> Vec<String> {
    let uris = TEMPLATE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri: "));
    uris.map(|uri| uri.rsplit('/').next().unwrap().to_owned())
        .collect()
}

/// A folder as `cargo lambda build` and `.ci/sbom` fill it.
fn built() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in function_names() {
        let own = folder.path().join(&name);
        fs::create_dir(&own).unwrap();
        fs::write(own.join("bootstrap"), &name).unwrap();
        fs::write(own.join(format!("{name}.cdx.json")), "{}").unwrap();
    }
    folder
}

/// Packs, unpacks, and returns the folder with its archive in it.
fn unpacked(architecture: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().to_str().unwrap();
    let (packed, said) = script(
        "archive",
        &[architecture, built().path().to_str().unwrap(), output],
    );
    assert!(packed.status.success(), "{said}");
    let archive = format!("switchyard-{VERSION}-{architecture}.tar.gz");
    let tar = Command::new("tar")
        .args(["-xzf", &archive, "--strip-components=1"])
        .current_dir(folder.path())
        .status();
    assert!(tar.unwrap().success());
    folder
}

/// Every file under a folder, by its path from there.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap();
                files.insert(name.to_str().unwrap().to_owned());
            }
        }
    }
    files
}

#[test]
fn the_archives_template_leads_to_its_functions() {
    let folder = unpacked("x86_64");
    let template = fs::read_to_string(folder.path().join("infra/template.yaml")).unwrap();
    let paths: Vec<_> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri: "))
        .collect();
    assert_eq!(paths.len(), function_names().len());
    for path in paths {
        assert!(folder.path().join("infra").join(path).is_file(), "{path}");
    }
    // Another processor than that of the archive is refused by CloudFormation.
    assert!(template.contains("Default: x86_64\n    AllowedValues: [x86_64]\n"));
    let files = files(folder.path());
    for name in [
        "infra/settings/switchyard.toml",
        "infra/samconfig.toml",
        "CHANGELOG.md",
        "LICENSE",
    ] {
        assert!(files.contains(name), "{name}");
    }
    assert!(
        !files
            .iter()
            .any(|name| name.ends_with(".rs") || name.contains("/cli/")),
        "{files:?}"
    );
}

#[test]
fn what_is_unpacked_can_be_zipped_again() {
    // Of 1980: `aws cloudformation package` zips the settings, and a zip knows no earlier date.
    let earliest = std::time::UNIX_EPOCH + std::time::Duration::from_secs(315_532_800);
    let folder = unpacked("arm64");
    for name in files(folder.path())
        .iter()
        .filter(|name| !name.ends_with(".gz") && !name.ends_with(".sha256"))
    {
        let metadata = fs::metadata(folder.path().join(name)).unwrap();
        assert!(metadata.modified().unwrap() > earliest, "{name}");
    }
}

#[test]
fn a_function_of_the_archive_is_an_executable_zip() {
    let folder = unpacked("arm64");
    for name in function_names() {
        let zip = fs::read(folder.path().join(format!("functions/{name}.zip"))).unwrap();
        // The central directory's entry: made on Unix, and the mode in the upper half of the external attributes.
        let entry = zip.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        assert_eq!(zip[entry + 5], 3, "{name}");
        assert_eq!(
            u16::from_le_bytes([zip[entry + 40], zip[entry + 41]]),
            0o755,
            "{name}"
        );
        assert_eq!(&zip[entry + 46..entry + 55], b"bootstrap", "{name}");
        assert!(
            folder.path().join(format!("sbom/{name}.cdx.json")).is_file(),
            "{name}"
        );
    }
}

#[test]
fn every_link_of_the_archive_leads_to_a_file_in_it() {
    let folder = unpacked("arm64");
    let mut count = 0;
    for name in files(folder.path()).iter().filter(|name| name.ends_with(".md")) {
        let path = folder.path().join(name);
        let page = fs::read_to_string(&path).unwrap();
        for rest in page.split("](").skip(1) {
            let link = rest.split([')', '#']).next().unwrap();
            if !link.is_empty() && !link.contains("://") {
                assert!(path.parent().unwrap().join(link).exists(), "{name}: {link}");
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn the_same_functions_make_the_same_archive() {
    let built = built();
    let pack = || {
        let folder = tempfile::tempdir().unwrap();
        let paths = [built.path(), folder.path()].map(|path| path.to_str().unwrap().to_owned());
        let (packed, said) = script("archive", &["arm64", &paths[0], &paths[1]]);
        assert!(packed.status.success(), "{said}");
        let archive = format!("switchyard-{VERSION}-arm64.tar.gz");
        let sum = fs::read_to_string(folder.path().join(format!("{archive}.sha256"))).unwrap();
        assert!(sum.ends_with(&format!("  {archive}\n")), "{sum}");
        fs::read(folder.path().join(archive)).unwrap()
    };
    assert_eq!(pack(), pack());
}

#[test]
fn what_is_missing_for_an_archive_is_named_with_its_remedy() {
    let built = built();
    let path = built.path().to_str().unwrap();
    let output = tempfile::tempdir().unwrap();
    let output = output.path().to_str().unwrap();
    let (_, said) = script("archive", &["mips", path, output]);
    assert_eq!(said, "mips is no architecture; write arm64 or x86_64\n");
    for (file, remedy) in [
        ("deliver-braze.cdx.json", ".ci/sbom"),
        ("bootstrap", "cargo functions"),
    ] {
        fs::remove_file(built.path().join("deliver-braze").join(file)).unwrap();
        let (packed, said) = script("archive", &["arm64", path, output]);
        assert!(!packed.status.success());
        assert!(said.contains(file) && said.contains(remedy), "{said}");
    }
}

#[test]
fn a_commands_archive_holds_the_program_and_has_a_sum() {
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("switchyard");
    fs::write(&binary, "program").unwrap();
    let output = folder.path().join("release");
    let (packed, said) = script(
        "command",
        &["linux-arm64", binary.to_str().unwrap(), output.to_str().unwrap()],
    );
    assert!(packed.status.success(), "{said}");
    let archive = format!("switchyard-{VERSION}-linux-arm64.tar.gz");
    let listed = Command::new("tar")
        .arg("-tzf")
        .arg(output.join(&archive))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), "switchyard\n");
    let checked = Command::new("shasum")
        .args(["-a", "256", "-c", &format!("{archive}.sha256")])
        .current_dir(&output)
        .output();
    assert!(checked.unwrap().status.success());
}

/// A copy of what `.ci/notes` reads, with this changelog.
fn notes(changelog: &str, tag: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (".ci/notes", include_str!("../../.ci/notes")),
        (".github/CHANGELOG.md", changelog),
        ("Cargo.toml", "[workspace.package]\nversion = \"1.2.3\"\n"),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = Command::new("python3")
        .arg(folder.path().join(".ci/notes"))
        .arg(tag)
        .output()
        .unwrap();
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn the_notes_of_a_tag_are_its_part_of_the_changelog() {
    let changelog = "# Changelog\n\n## Not yet released\n\n* Later.\n\n## 1.2.3 (2026-11-28)\n\n* Now.\n\n## 1.2.2\n\n* Then.\n";
    assert_eq!(notes(changelog, "v1.2.3"), (true, "* Now.\n".to_owned()));
    let (is_fine, said) = notes(changelog, "v1.2.4");
    assert!(
        !is_fine && said.contains("v1.2.3, the version of Cargo.toml"),
        "{said}"
    );
    let (is_fine, said) = notes("# Changelog\n\n## Not yet released\n\n* Later.\n", "v1.2.3");
    assert!(!is_fine && said.contains("it has: Not yet released"), "{said}");
}

#[test]
fn the_cdk_package_has_the_version_of_the_workspace() {
    let package = include_str!("../../infra/cdk/package.json");
    assert!(package.contains(&format!("\"version\": \"{VERSION}\"")));
    for page in [
        include_str!("../../infra/README.md"),
        include_str!("../../infra/cdk/README.md"),
    ] {
        for rest in page.split("switchyard-").skip(1) {
            let rest = rest.trim_start_matches("cdk-");
            let is_versioned = rest.starts_with(|letter: char| letter.is_ascii_digit());
            assert!(!is_versioned || rest.starts_with(VERSION), "{rest:.20}");
        }
    }
}

#[test]
fn workflows_pin_their_actions_and_call_scripts_that_exist() {
    let mut scripts = 0;
    for workflow in ["ci.yml", "release.yml"] {
        let text = fs::read_to_string(root().join(".github/workflows").join(workflow)).unwrap();
        for action in text.lines().filter_map(|line| line.split("uses: ").nth(1)) {
            let commit = action.split('@').nth(1).unwrap().split(' ').next().unwrap();
            let is_commit = commit.len() == 40 && commit.chars().all(|digit| digit.is_ascii_hexdigit());
            assert!(is_commit && action.contains(" # v"), "{workflow}: {action}");
        }
        for rest in text.split(".ci/").skip(1) {
            let name = rest.split([' ', '\n']).next().unwrap();
            let mode = fs::metadata(root().join(".ci").join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o111, 0o111, "{workflow}: .ci/{name}");
            scripts += 1;
        }
    }
    assert!(scripts > 8, "{scripts}");
}
