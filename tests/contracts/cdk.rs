//! The CDK construct builds, synthesises a stack out of the template, and works as an npm package outside the repository.

use std::fs;
use std::path::Path;
use std::process::Command;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const VERSION: &str = env!("CARGO_PKG_VERSION");
const TEMPLATE: &str = include_str!("../../infra/template.yaml");

/// An app that names nothing but the package.
const APP: &str = r#"
import { App, Stack } from "aws-cdk-lib";
import { Switchyard } from "switchyard-cdk";
const app = new App({ outdir: "cdk.out" });
new Switchyard(new Stack(app, "acme"), "Switchyard");
app.synth();
"#;

#[track_caller]
fn run(program: &str, arguments: &[&str], folder: &Path) {
    let run = Command::new(program).args(arguments).current_dir(folder).output();
    let output = run.unwrap_or_else(|error| panic!("{program} is needed; npm comes with node: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success(),
        "{program} {}:\n{said}",
        arguments.join(" ")
    );
}

/// A folder as `cargo lambda build` and `.ci/sbom` fill it.
fn built(folder: &Path) {
    let uris = TEMPLATE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri: "));
    for name in uris.map(|uri| uri.rsplit('/').next().unwrap()) {
        let own = folder.join(name);
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("bootstrap"), name).unwrap();
        fs::write(own.join(format!("{name}.cdx.json")), "{}").unwrap();
    }
}

/// One after the other: both build the construct.
#[test]
fn the_construct_synthesises_here_and_as_an_npm_package() {
    let repository = Path::new(REPOSITORY);
    let construct = repository.join("infra/cdk");
    run("npm", &["ci", "--no-audit", "--no-fund"], &construct);
    run("npm", &["test"], &construct);

    let folder = tempfile::tempdir().unwrap();
    built(&folder.path().join("lambda"));
    let script = |name: &str| repository.join(".ci").join(name).to_str().unwrap().to_owned();
    run(&script("archive"), &["arm64", "lambda", "."], folder.path());
    let archive = format!("switchyard-{VERSION}-arm64.tar.gz");
    run(&script("npm-package"), &[&archive, "."], folder.path());

    let app = folder.path().join("app");
    fs::create_dir(&app).unwrap();
    fs::write(app.join("app.mjs"), APP).unwrap();
    let package = format!("../switchyard-cdk-{VERSION}.tgz");
    let install = [
        "install",
        "--no-audit",
        "--no-fund",
        &package,
        "aws-cdk-lib@2.276.0",
        "constructs@10.8.1",
    ];
    run("npm", &install, &app);
    run("node", &["app.mjs"], &app);

    let template = fs::read_to_string(app.join("cdk.out/acme.template.json")).unwrap();
    assert!(
        template.contains("AWS::Serverless-2016-10-31")
            && template.contains("\"AllowedValues\": [\n    \"arm64\"\n   ]")
    );
    let assets = fs::read_dir(app.join("cdk.out"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let zips = assets.filter(|path| path.extension().is_some_and(|end| end == "zip"));
    assert_eq!(zips.count(), 7, "each function's zip is uploaded as it is");
}
