//! `cargo local --once`, as a user calls it: every route delivers, and the output shows the outcome of each event.

use std::process::Command;

use crate::local_stack::program;

/// The samples with the destination that each must reach: all four routes.
const MUST_ARRIVE: [(&str, &str); 6] = [
    ("identify", "→ braze"),
    ("Order Completed", "→ braze"),
    ("Order Completed", "→ branch"),
    ("Product Added", "→ branch"),
    ("INSTALL", "→ segment"),
    ("users.messages.email.Open", "→ segment"),
];

#[test]
fn local_once_shows_every_route_delivered() {
    let output = Command::new(program())
        .args(["local", "--once"])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{printed}\n{errors}");
    for (name, destination) in MUST_ARRIVE {
        let is_printed = |line: &str| {
            let line = line.trim_start();
            line.starts_with(name) && line.contains(destination) && line.contains("delivered")
        };
        assert!(printed.lines().any(is_printed), "{name} {destination}\n{printed}");
    }
    for address in ["POST /users/track", "POST /v2/event/standard", "POST /v1/batch"] {
        assert!(
            printed.contains(address),
            "where it arrived: {address}\n{printed}"
        );
    }
}
