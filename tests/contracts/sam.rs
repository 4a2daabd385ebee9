//! RI-043: the tools that deploy the template find nothing to complain about.

use std::path::Path;
use std::process::Command;

use switchyard::local::{Packages, prepare_python};
use switchyard::terminal::Silent;

const SAM: Packages<'_> = Packages {
    name: "SAM",
    folder: "sam",
    list: include_str!("sam.txt"),
};
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn sam(programs: &Path) -> Command {
    let mut sam = Command::new(programs.join("sam"));
    sam.current_dir(REPOSITORY)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("SAM_CLI_TELEMETRY", "0");
    sam
}

#[tokio::test]
async fn sam_validate_and_cfn_lint_pass_without_a_warning() {
    event::rules!["RI-043"];
    let programs = prepare_python(&SAM, &mut Silent).await.unwrap();

    let validated = sam(&programs)
        .args(["validate", "--lint", "-t", "infra/template.yaml"])
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&validated.stdout),
        String::from_utf8_lossy(&validated.stderr)
    );
    assert!(validated.status.success(), "{said}");
    assert!(said.contains("is a valid SAM Template"), "{said}");
    assert!(!said.to_lowercase().contains("warning"), "{said}");

    let linted = Command::new(programs.join("cfn-lint"))
        .arg("infra/template.yaml")
        .current_dir(REPOSITORY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&linted.stdout);
    assert!(linted.status.success() && said.trim().is_empty(), "{said}");
}
