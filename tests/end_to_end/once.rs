//! `cargo local --once`, as a user calls it: every route delivers, and the output says what became of each event.

use std::process::Command;

use crate::local_stack::program;

/// The samples with the destination that each must reach: all four routes.
const MUST_ARRIVE: [(&str, &str); 5] = [
    ("identify", "→ braze"),
    ("Order Completed", "→ braze"),
    ("Order Completed", "→ branch"),
    ("INSTALL", "→ segment"),
    ("users.messages.email.Open", "→ segment"),
];

#[test]
fn local_once_shows_every_route_delivered() {
    let output = Command::new(program())
        .args(["local", "--once"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}\n{errors}");
    for (name, destination) in MUST_ARRIVE {
        let is_told = |line: &str| {
            let line = line.trim_start();
            line.starts_with(name) && line.contains(destination) && line.contains("delivered")
        };
        assert!(said.lines().any(is_told), "{name} {destination}\n{said}");
    }
    for address in ["POST /users/track", "POST /v2/event/standard", "POST /v1/batch"] {
        assert!(said.contains(address), "where it arrived: {address}\n{said}");
    }
}
