//! Which IAM actions a command uses: those that its `--help` names, and no other.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_types,
    reason = "a test may panic: that is how it fails; what AWS sends is read as any client does"
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
    let is_action = |word: &&str| {
        let parts = word.split_once(':');
        parts.is_some_and(|(_, action)| action.starts_with(|letter: char| letter.is_ascii_uppercase()))
    };
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
    used_until(0, arguments)
}

/// The same of a command that ends with this status.
fn used_until(status: i32, arguments: &[&str]) -> BTreeSet<String> {
    let aws = Recorder::start();
    let output = command(&aws, arguments).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(status),
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

    assert_eq!(named_by_help("backfill"), by_stack);
}

/// The actions that a command's `--help` names.
fn named_by_help(subcommand: &str) -> BTreeSet<String> {
    let switchyard = env!("CARGO_BIN_EXE_switchyard");
    let help = Command::new(switchyard)
        .args([subcommand, "--help"])
        .output()
        .unwrap();
    named(&String::from_utf8(help.stdout).unwrap())
}

#[test]
fn replay_uses_the_actions_that_its_help_names() {
    event::rules!["RD-190", "RD-191"];
    let mut named = named_by_help("replay");
    // S3 says of an object that is gone what it says of a forbidden one, unless this is allowed too.
    assert!(named.remove("s3:ListBucket"));
    assert_eq!(used(&["replay", "--reason", "rejected"]), named);
    assert!(named.remove("s3:GetObject"));
    // What cannot be read stays in its queue.
    assert_eq!(used_until(1, &["replay", "--dead-letters"]), named);
    assert!(named.remove("sqs:SendMessage") && named.remove("sqs:DeleteMessage"));
    assert_eq!(used_until(1, &["replay", "--dead-letters", "--dry-run"]), named);
}

#[test]
fn parked_uses_the_actions_that_its_help_names() {
    let named = named_by_help("parked");
    for more in [&[][..], &["--dead-letters"], &["--show", "--reason", "rejected"]] {
        assert_eq!(used(&[&["parked"], more].concat()), named, "{more:?}");
    }
}

#[test]
fn check_asks_the_account_only_where_it_is_told_to() {
    event::rules!["RI-015"];
    let settings = concat!(env!("CARGO_MANIFEST_DIR"), "/../settings/switchyard.toml");
    let check = ["check", "--settings", settings];
    assert_eq!(used(&check), BTreeSet::new());
    let with_account = used(&[&check[..], &["--account"]].concat());
    assert_eq!(with_account, named_by_help("check"));
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
