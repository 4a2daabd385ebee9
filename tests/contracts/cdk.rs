//! The CDK construct builds, and synthesises a stack out of the template.

use std::process::Command;

const CDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/cdk");

fn npm(arguments: &[&str]) {
    let run = Command::new("npm").args(arguments).current_dir(CDK).output();
    let output = run.unwrap_or_else(|error| panic!("npm is needed, it comes with node: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "npm {}:\n{said}", arguments.join(" "));
}

#[test]
fn the_construct_synthesises_the_template() {
    npm(&["ci", "--no-audit", "--no-fund"]);
    npm(&["test"]);
}
