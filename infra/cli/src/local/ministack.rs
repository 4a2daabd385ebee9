//! The MiniStack process.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::{TcpListener, TcpStream};

use super::Error;
use super::error::tail;
use super::folder::RunFolder;
use crate::account::api::{ACCESS_KEY, REGION, SECRET_KEY};

/// What MiniStack is to offer: the services of the template, and those that deploy it and look at it.
const SERVICES: &str =
    "apigateway,cloudformation,events,iam,lambda,logs,monitoring,s3,secretsmanager,sns,sqs,sts";
/// How often a port is looked for.
const ATTEMPTS: u8 = 5;
/// What MiniStack prints if its port is taken.
const IN_USE: &str = "already in use";
const START_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const START: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/start_ministack.py");

/// A running MiniStack. Dropping it ends it, and every function process that it started. So does our own end, however it
/// comes: MiniStack watches a pipe of which we hold the other end.
#[derive(Debug)]
pub(crate) struct MiniStack {
    process: Child,
    address: SocketAddr,
}

impl MiniStack {
    /// Starts it in `folder`, where its files and its log go, and waits until it takes requests.
    ///
    /// Without `port` it gets a free one.
    pub(crate) async fn start(
        python: &Path,
        folder: &RunFolder,
        port: Option<u16>,
        evaluate_iam: bool,
    ) -> Result<Self, Error> {
        let mut attempts = if port.is_some() { 1 } else { ATTEMPTS };
        loop {
            attempts -= 1;
            match Self::attempt(python, folder, port, evaluate_iam).await {
                // Somebody else was faster with the port that we had found.
                Err(Error::NotStarted { tail, .. }) if attempts > 0 && tail.contains(IN_USE) => {}
                ended => return ended,
            }
        }
    }

    async fn attempt(
        python: &Path,
        folder: &RunFolder,
        port: Option<u16>,
        evaluate_iam: bool,
    ) -> Result<Self, Error> {
        let port = free_port(port).await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let log = folder.path().join("ministack.log");
        let doing = Error::machine(format!("start MiniStack in {}", folder.path().display()));
        let process = spawn(python, folder, &log, address, evaluate_iam).map_err(doing)?;
        let mut ministack = Self { process, address };
        ministack.wait(&log).await?;
        Ok(ministack)
    }

    /// Where it takes requests.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    async fn wait(&mut self, log: &Path) -> Result<(), Error> {
        let printed = || std::fs::read_to_string(log).unwrap_or_default();
        // An open port alone may be somebody else's.
        let announcement = format!("Running on http://{}", self.address);
        let listening = async {
            let mut tick = tokio::time::interval(LOOK_AGAIN);
            loop {
                tick.tick().await;
                if printed().contains(&announcement) && TcpStream::connect(self.address).await.is_ok() {
                    return true;
                }
                if !matches!(self.process.try_wait(), Ok(None)) {
                    return false;
                }
            }
        };
        match tokio::time::timeout(START_LIMIT, listening).await {
            Ok(true) => Ok(()),
            _ => Err(Error::NotStarted {
                log: log.to_owned(),
                tail: tail(&printed(), 12),
            }),
        }
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        let group = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // An error says that the group is gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

fn spawn(
    python: &Path,
    folder: &RunFolder,
    log: &Path,
    address: SocketAddr,
    evaluate_iam: bool,
) -> std::io::Result<Child> {
    let output = File::create(log)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    Command::new(python)
        .arg(START)
        // Functions inherit MiniStack's environment; nothing of ours (proxies, profiles, keys) may reach them.
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder.path())
        .env("TMPDIR", folder.temporary())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("GATEWAY_PORT", address.port().to_string())
        .env("BIND_HOST", address.ip().to_string())
        .env("SERVICES", SERVICES)
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("AUTH", if evaluate_iam { "true" } else { "false" })
        // Without it, functions would call the real AWS.
        .env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("MINISTACK_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .current_dir(folder.path())
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
}

/// Checks that the port asked for is free, or finds one.
async fn free_port(asked: Option<u16>) -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, asked.unwrap_or(0))).await;
    match (listener, asked) {
        (Ok(listener), _) => {
            let address = listener
                .local_addr()
                .map_err(Error::machine("read the address of a socket"))?;
            Ok(address.port())
        }
        (Err(_), Some(port)) => Err(Error::PortInUse { port }),
        (Err(error), None) => Err(Error::machine("find a free port")(error)),
    }
}
