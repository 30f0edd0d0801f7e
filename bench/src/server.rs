//! The server under test: the release binary, a process of its own.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde::Serialize;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

/// What is set otherwise than by default, and why; the report repeats it.
pub(crate) const SETTINGS: [(&str, &str, &str); 4] = [
    ("rate-limit-tenant", "0", "no limit: one tenant sends what in life hundreds do"),
    ("rate-limit-credential", "0", "no limit"),
    ("rate-limit-address", "0", "no limit: all load comes from loopback"),
    ("log", "warn", "a line for each request is not what is measured"),
];

const START_WITHIN: Duration = Duration::from_mins(2);

#[derive(Debug)]
pub(crate) struct Server {
    binary: PathBuf,
    data: PathBuf,
    child: Child,
    address: String,
    started: Started,
}

/// How long it took from the start of the process.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Started {
    /// Until it said its address.
    pub(crate) address_ms: u128,
    /// Until a connection was accepted.
    pub(crate) accepts_ms: u128,
}

impl Server {
    pub(crate) async fn start(binary: &Path, data: &Path) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut command = command(binary, data);
        command.args(["serve", "--until-stdin-closes", "--listen", "127.0.0.1:0"]);
        command.args(SETTINGS.map(|(name, value, _)| format!("--{name}={value}")));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("{} does not start", binary.display()))?;
        let stdout = child.stdout.take().context("its output is ours")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = tokio::time::timeout(START_WITHIN, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.split_whitespace().find_map(|word| word.strip_prefix("http://")) {
                    return Ok(url.trim_end_matches('/').to_owned());
                }
            }
            bail!("the server ended before it said where it listens");
        })
        .await
        .context("the server did not start in time")??;
        let address_ms = began.elapsed().as_millis();
        // It goes on printing; a pipe that nobody reads would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        TcpStream::connect(&address).await.with_context(|| format!("{address} does not answer"))?;
        let started = Started { address_ms, accepts_ms: began.elapsed().as_millis() };
        Ok(Self { binary: binary.to_owned(), data: data.to_owned(), child, address, started })
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn started(&self) -> Started {
        self.started
    }

    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Runs one of the binary's commands beside the server and answers what it prints.
    pub(crate) async fn custody(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output().await?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "custody {arguments:?}: {}\n{error}", output.status);
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.binary, &self.data);
        command.env("CUSTODY_URL", format!("http://{}", self.address)).args(arguments);
        command.env("CUSTODY_LOG", "warn").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Stops it and starts it with the same data.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        *self = Self::start(&self.binary, &self.data).await?;
        Ok(())
    }

    /// Asks it to stop, as a supervisor does, and waits.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait().await?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

/// Without the settings of whoever runs the bench: they would be measured and not said.
fn command(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text == "DATABASE_URL" || (text.starts_with("CUSTODY_") && text != "CUSTODY_PG_BIN") {
            command.env_remove(&name);
        }
    }
    command.env("CUSTODY_DATA_DIR", data);
    command
}
