//! Which IAM actions a command uses: those that its `--help` names, and no other.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic: that is how it fails"
)]

mod recorder;

use recorder::Recorder;
use std::collections::BTreeSet;
use std::process::Command;

const BACKFILL: [&str; 10] = [
    "backfill",
    "--bucket",
    "acme-currents",
    "--from",
    "2026-01-01T00",
    "--to",
    "2026-01-02T00",
    "--type",
    "users.messages.email.Open",
    "--yes",
];

/// The actions that a text names, such as `sqs:SendMessage`.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':');
    let is_action = |word: &&str| word.starts_with("s3:") || word.starts_with("sqs:");
    words.filter(is_action).map(str::to_owned).collect()
}

/// Runs the command against an AWS that writes down what it is asked for.
fn used(arguments: &[&str]) -> BTreeSet<String> {
    let aws = Recorder::start();
    let output = Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .args(arguments)
        .envs([
            ("AWS_ENDPOINT_URL", aws.url()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "eu-west-1"),
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    aws.actions()
}

#[test]
fn backfill_uses_the_actions_that_its_page_names() {
    event::rules!["CF-115"];
    let page = include_str!("../../../../shared/currents/spec/currents-files.md");
    let rule = page.lines().find(|line| line.starts_with("| CF-115")).unwrap();
    let by_url = named(rule.split("With `--stack`").next().unwrap());
    let by_stack = named(rule);
    assert_eq!((by_url.len(), by_stack.len()), (3, 4));

    let of_url = used(&[&BACKFILL[..], &["--queue", "https://sqs/1/acme-braze-files"]].concat());
    assert_eq!(of_url, by_url);
    let of_stack = used(&[&BACKFILL[..], &["--stack", "acme"]].concat());
    assert_eq!(of_stack, by_stack);

    let help = Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .args(["backfill", "--help"])
        .output()
        .unwrap();
    assert_eq!(named(&String::from_utf8(help.stdout).unwrap()), by_stack);
}
