//! Which IAM actions a command uses: those that its `--help` names, and no other.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic: that is how it fails"
)]

mod recorder;

use recorder::Recorder;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

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

/// The command, to be run against this AWS.
fn command(aws: &Recorder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard"));
    command.args(arguments).envs([
        ("AWS_ENDPOINT_URL", aws.url()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "eu-west-1"),
    ]);
    command
}

/// Runs the command against an AWS that writes down what it is asked for.
fn used(arguments: &[&str]) -> BTreeSet<String> {
    let aws = Recorder::start();
    let output = command(&aws, arguments).output().unwrap();
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

#[test]
fn a_backfill_waits_for_a_typed_yes() {
    event::rules!["CF-112"];
    let without_yes = &BACKFILL[..BACKFILL.len() - 1];
    let arguments = [without_yes, &["--queue", "https://sqs/1/acme-braze-files"]].concat();
    for (answer, is_sent) in [("yes\n", true), ("no\n", false), ("\n", false), ("", false)] {
        let aws = Recorder::start();
        let mut running = command(&aws, &arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut typed = running.stdin.take().unwrap();
        typed.write_all(answer.as_bytes()).unwrap();
        drop(typed);
        running.wait().unwrap();
        assert_eq!(aws.actions().contains("sqs:SendMessage"), is_sent, "{answer:?}");
    }
}
