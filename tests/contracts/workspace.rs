//! The shape of the workspace: who may depend on whom, and what nothing may be called.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap()
}

/// The direct dependencies of every package of the workspace, tests' own left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let direct = |package: &cargo_metadata::Package| {
        let normal = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal);
        normal.map(|dependency| dependency.name.clone()).collect()
    };
    metadata
        .packages
        .iter()
        .map(|package| (package.name.to_string(), direct(package)))
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("event", &[][..]),
        ("telemetry", &[]),
        ("avro", &["event"]),
        ("mapping", &["event"]),
        ("secrets", &["event", "telemetry"]),
        ("surroundings", &["event", "telemetry", "secrets"]),
        ("receipt", &["event", "telemetry", "secrets", "surroundings"]),
        ("delivery", &["event", "telemetry", "secrets", "surroundings"]),
        (
            "currents",
            &[
                "event",
                "telemetry",
                "surroundings",
                "avro",
                "mapping",
                "receipt",
                "delivery",
            ],
        ),
        (
            "aws",
            &[
                "event",
                "telemetry",
                "secrets",
                "surroundings",
                "receipt",
                "delivery",
                "currents",
            ],
        ),
    ]);
    let all = dependencies();
    let ours: BTreeSet<&str> = all.keys().map(String::as_str).collect();
    for (package, may) in &allowed {
        let own: BTreeSet<&str> = all[*package]
            .iter()
            .map(String::as_str)
            .filter(|name| ours.contains(name))
            .collect();
        let may: BTreeSet<&str> = may.iter().copied().collect();
        assert!(
            own.is_subset(&may),
            "`{package}` depends on {:?}",
            own.difference(&may).collect::<Vec<_>>()
        );
    }
    for name in folders_of("shared") {
        assert!(
            allowed.contains_key(name.as_str()),
            "shared/{name} has no place in the order of dependencies"
        );
    }
}

#[test]
fn only_aws_and_the_command_line_touch_the_network() {
    let network = |name: &str| {
        name.starts_with("aws-")
            || ["reqwest", "hyper", "lambda_runtime", "aws_lambda_events", "axum"].contains(&name)
    };
    for (package, own) in dependencies() {
        let found: Vec<_> = own.iter().filter(|name| network(name)).collect();
        let may = ["aws", "switchyard", "sandbox", "switchyard-tests"].contains(&package.as_str());
        assert!(may || found.is_empty(), "`{package}` depends on {found:?}");
    }
}

/// It alone is 1.1 MB of a zip that has a limit of 5 (`infra/decisions/s3-requests.md`).
#[test]
fn nothing_brings_the_s3_sdk() {
    event::rules!["CF-144"];
    let locked = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(locked.contains("name = \"aws-sdk-sqs\""));
    assert!(!locked.contains("name = \"aws-sdk-s3\""));
}

#[test]
fn the_sandbox_and_what_is_deployed_do_not_know_each_other() {
    let all = dependencies();
    for (package, own) in &all {
        let may = ["switchyard", "switchyard-tests", "benches"].contains(&package.as_str());
        assert!(
            may || !own.contains("sandbox"),
            "`{package}` depends on the sandbox"
        );
    }
    // A judge that shares code with the judged shares its mistakes.
    let shared: Vec<_> = all["sandbox"]
        .iter()
        .filter(|name| all.contains_key(*name))
        .collect();
    assert!(shared.is_empty(), "the sandbox depends on {shared:?}");
}

#[test]
fn the_mapping_is_pure() {
    let pure = [
        "event",
        "foldhash",
        "idna",
        "isolang",
        "rust_iso3166",
        "serde",
        "serde_json",
        "time",
        "unicode-normalization",
        "unicode-properties",
    ];
    for name in &dependencies()["mapping"] {
        assert!(
            pure.contains(&name.as_str()),
            "`mapping` depends on `{name}`, which is not known to be pure"
        );
    }
}

#[test]
fn every_dependency_is_named_once_in_the_workspace() {
    for package in metadata().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let table: toml::Table = manifest.parse().unwrap();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in table
                .get(section)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                let inherited = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                assert!(
                    inherited,
                    "{}: write `{name}.workspace = true`, the version belongs in the root",
                    package.name
                );
            }
        }
    }
}

/// The names of the folders in a folder at the top level.
fn folders_of(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let entries = entries.map(Result::unwrap).filter(|entry| entry.path().is_dir());
    entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// Every file that git would show, so that build products do not count.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match path.is_dir() {
                true if ["target", ".git", "node_modules", "cdk.out", ".aws-sam"]
                    .contains(&name.as_str()) => {}
                true => folders.push(path),
                false => files.push(path.strip_prefix(root()).unwrap().to_owned()),
            }
        }
    }
    files
}

#[test]
fn a_main_is_at_most_40_lines() {
    let is_main = |file: &&PathBuf| file.starts_with("functions") && file.ends_with("src/main.rs");
    for file in files().iter().filter(is_main) {
        let lines = std::fs::read_to_string(root().join(file))
            .unwrap()
            .lines()
            .count();
        assert!(lines <= 40, "{} has {lines} lines", file.display());
    }
}

#[test]
fn no_name_says_nothing() {
    for file in files() {
        for part in &file {
            let stem = part.to_string_lossy().to_lowercase();
            let stem = stem.split('.').next().unwrap_or_default();
            let empty = [
                "util", "utils", "helper", "helpers", "common", "misc", "manager", "types",
            ];
            assert!(
                !empty.contains(&stem),
                "{}: a name that says nothing",
                file.display()
            );
        }
    }
}

#[test]
fn the_top_level_holds_what_it_may() {
    let may = [
        "Cargo.toml",
        "Cargo.lock",
        "functions",
        "shared",
        "infra",
        "tests",
        "README.md",
        "LICENSE",
        "target",
    ];
    for entry in std::fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name.starts_with('.') || may.contains(&name.as_str()),
            "{name} does not belong at the top level"
        );
    }
}

#[test]
fn the_release_profile_unwinds() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    assert_eq!(
        table["profile"]["release"]["panic"].as_str(),
        Some("unwind"),
        "RI-012"
    );
}

#[test]
fn nothing_is_printed_or_traced_outside_telemetry() {
    event::rules!["RP-012"];
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let lints = &table["workspace"]["lints"]["clippy"];
    for lint in ["print_stdout", "print_stderr", "dbg_macro"] {
        assert_eq!(lints[lint].as_str(), Some("deny"), "{lint}");
    }
    for package in metadata().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let own: toml::Table = manifest.parse().unwrap();
        let inherits = own["lints"].get("workspace").and_then(toml::Value::as_bool) == Some(true);
        let is_test =
            ["switchyard-tests", "sandbox", "benches", "simulation"].contains(&package.name.as_str());
        assert!(inherits || is_test, "{} has lints of its own", package.name);
    }
    for (package, own) in dependencies() {
        let traces = own
            .iter()
            .any(|name| name == "log" || name.starts_with("tracing"));
        assert!(
            !traces || package == "telemetry",
            "`{package}` could format foreign types into the log"
        );
    }
}

#[test]
fn tls_is_rustls_and_cannot_be_turned_off() {
    event::rules!["RD-177"];
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let reqwest = &table["workspace"]["dependencies"]["reqwest"];
    assert_eq!(reqwest["default-features"].as_bool(), Some(false));
    let features: Vec<_> = reqwest["features"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    assert_eq!(features, ["http2", "rustls"]);
    let sources = files();
    let sources = sources
        .iter()
        .filter(|file| file.starts_with("shared") && file.extension().is_some_and(|e| e == "rs"));
    for file in sources {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for switch in [
            "danger_accept",
            "tls_danger",
            "dangerous()",
            "use_native_tls",
            "native-tls",
        ] {
            assert!(!text.contains(switch), "{}: {switch}", file.display());
        }
    }
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(!lock.contains("name = \"native-tls\"") && !lock.contains("name = \"openssl\""));
}

#[test]
fn folder_binary_and_function_have_one_name() {
    let template = std::fs::read_to_string(root().join("infra/template.yaml")).unwrap();
    for name in folders_of("functions") {
        let package = metadata()
            .packages
            .into_iter()
            .find(|package| *package.name == name);
        let package = package.unwrap_or_else(|| panic!("functions/{name} is no package of that name"));
        let binaries: Vec<_> = package
            .targets
            .iter()
            .filter(|target| target.is_bin())
            .map(|target| target.name.as_str())
            .collect();
        assert_eq!(binaries, [name.as_str()]);
        // What proves the sender of a file is the permission to write it: its reader has no secret.
        let uses: &[&str] = if name == "read-braze-files" {
            &["-"]
        } else {
            &["-", "/"]
        };
        for use_of_name in uses {
            let wanted = format!("${{AWS::StackName}}{use_of_name}{name}");
            assert!(
                template.contains(&wanted),
                "infra/template.yaml names nothing {wanted}"
            );
        }
    }
}
