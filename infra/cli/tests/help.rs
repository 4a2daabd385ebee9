//! Every help page on a terminal of 80 columns.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot start the command has failed"
)]

use clap::CommandFactory as _;
use std::process::Command;
use switchyard::CommandLine;

const COLUMNS: usize = 80;

/// What `switchyard ARGUMENTS --help` prints on a terminal of 80 columns.
fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .args(arguments)
        .arg("--help")
        .env("COLUMNS", COLUMNS.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn no_line_of_a_help_page_is_longer_than_80_columns() {
    let command = CommandLine::command();
    let mut pages = vec![help(&[])];
    pages.extend(command.get_subcommands().map(|sub| help(&[sub.get_name()])));
    assert!(pages.len() > 2);
    for line in pages.iter().flat_map(|page| page.lines()) {
        assert!(line.chars().count() <= COLUMNS, "{line}");
    }
}

/// A wrapped example is garbled, and cannot be copied.
#[test]
fn examples_are_printed_line_by_line_as_written() {
    for command in CommandLine::command().get_subcommands() {
        let page = help(&[command.get_name()]);
        let written = command.get_after_long_help().map(ToString::to_string);
        let written = written.unwrap_or_else(|| panic!("{} has no examples", command.get_name()));
        assert!(written.contains("Examples:") && written.contains("Exit status:"));
        for line in written.lines() {
            assert!(page.lines().any(|printed| printed == line), "{line}\n{page}");
        }
    }
}
