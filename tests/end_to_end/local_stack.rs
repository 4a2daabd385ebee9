//! The stack of `cargo local` and of the other end-to-end tests: it starts, it is reachable with IAM evaluated, and
//! nothing of it stays behind.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use event::Source;
use switchyard::local::{Depth, Plan, Stack, local_settings};
use switchyard::terminal::Silent;

const UNREACHABLE: &str = "http://127.0.0.1:9";
const TIMEOUT: Duration = Duration::from_secs(30);

fn plan() -> Plan {
    let unreachable = |destination| (destination, UNREACHABLE.to_owned());
    let destinations = event::Destination::ALL.map(unreachable).into();
    Plan {
        settings: local_settings("", &destinations, "").unwrap(),
        ..Plan::default()
    }
}

/// `127.0.0.1:<port>` of a URL.
fn address(url: &str) -> String {
    url.trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap()
        .to_owned()
}

fn answers(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

#[tokio::test]
async fn the_stack_works_with_iam_evaluated_and_ends_when_dropped() {
    let stack = Stack::start(
        &Plan {
            evaluate_iam: true,
            ..plan()
        },
        &mut Silent,
    )
    .await
    .unwrap();

    let parked = stack.queue("parked");
    assert!(parked.depth().await.unwrap().is_empty());
    parked.send("kept").await.unwrap();
    assert_eq!(parked.receive().await.unwrap()[0].body, "kept");
    assert_eq!(
        parked.depth().await.unwrap(),
        Depth {
            visible: 1,
            ..Depth::default()
        }
    );
    stack
        .store_secret("receive-braze", r#"{"tokens":["t"]}"#)
        .await
        .unwrap();

    let reply = stack.post(Source::Braze, "", &[], b"{}".to_vec()).await.unwrap();
    assert_ne!(reply.status, 403, "the Function URL is public: {}", reply.body);

    let address = address(&stack.url(Source::Braze).unwrap());
    assert!(answers(&address));
    drop(stack);
    assert!(!answers(&address));
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let refused = Stack::start(
        &Plan {
            port: Some(port),
            ..plan()
        },
        &mut Silent,
    )
    .await
    .unwrap_err();
    assert!(
        refused.to_string().contains(&format!("port {port} is in use")),
        "{refused}"
    );
}

#[test]
fn a_missing_python_is_named_with_its_remedy() {
    let empty = tempfile::tempdir().unwrap();
    let output = Command::new(program())
        .args(["local", "--once"])
        .env("PATH", empty.path())
        // A fresh clone: no virtual environment yet.
        .env("CARGO_TARGET_DIR", empty.path())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{printed}");
    assert!(
        printed.contains("python3 is not on the PATH") && printed.contains("Install Python"),
        "{printed}"
    );
}

/// The `switchyard` command, built with all functions.
pub fn program() -> std::path::PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap();
    let built = Command::new(cargo)
        .args(["build", "--workspace", "--bins"])
        .status()
        .unwrap();
    assert!(built.success());
    std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .join("../switchyard")
}

/// Starts `switchyard local` and returns it with MiniStack's address once the stack is up.
fn local() -> (std::process::Child, String) {
    let mut child = Command::new(program())
        .args([
            "local",
            "--braze",
            UNREACHABLE,
            "--branch",
            UNREACHABLE,
            "--segment",
            UNREACHABLE,
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("runs at http://"))
        .unwrap();
    // Read on, so that the child never waits for its reader.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address(line.split("runs at ").nth(1).unwrap()))
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let (mut child, address) = local();
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!answers(&address));
}

#[test]
fn not_even_a_kill_leaves_anything_behind() {
    let (mut child, address) = local();
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(TIMEOUT)).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // MiniStack would keep an idle connection open; its end closes it.
    match connection.read(&mut [0]) {
        Ok(0) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("MiniStack outlives its owner: {other:?}"),
    }
}
