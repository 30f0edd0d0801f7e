//! The program under test, a process of its own.

#![allow(dead_code, reason = "no example needs all of it")]

use std::{error::Error, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

pub(crate) struct Server {
    binary: String,
    database: String,
    data: tempfile::TempDir,
    pub(crate) url: String,
    pid: u32,
    _child: Child,
}

impl Server {
    pub(crate) async fn start(binary: String, database: String) -> Result<Self, Failure> {
        Self::start_with(binary, database, &[]).await
    }

    pub(crate) async fn start_with(
        binary: String,
        database: String,
        environment: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(&binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--until-stdin-closes"]);
        command.env("DATABASE_URL", &database).env("CUSTODY_DATA_DIR", data.path());
        command.envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let pid = child.id().ok_or("it ended")?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        loop {
            let line = lines.next_line().await?.ok_or("the server did not start")?;
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http")) {
                let url = url.to_owned();
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self { binary, database, data, url, pid, _child: child });
            }
        }
    }

    pub(crate) async fn custody(&self, args: &[&str]) -> Result<String, Failure> {
        self.custody_as("", args).await
    }

    /// With a token.
    pub(crate) async fn custody_as(&self, token: &str, args: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new(&self.binary);
        command.args(args).env("DATABASE_URL", &self.database).env("CUSTODY_DATA_DIR", self.data.path());
        command.env("CUSTODY_URL", &self.url).env("CUSTODY_TOKEN", token);
        let output = command.output().await?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    pub(crate) async fn token(&self, tenant: &str, role: &str) -> Result<String, Failure> {
        self.custody(&["token", "issue", "--tenant", tenant, "--role", role]).await
    }

    /// Of all threads of the server (proc(5), stat: fields 14 and 15, in hundredths of a second).
    pub(crate) fn processor_time(&self) -> Result<Duration, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("no stat")?;
        let ticks: u64 = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The most that it has had in memory (proc(5), status).
    pub(crate) fn memory_peak_mib(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        Ok(peak.ok_or("no peak")?.trim().parse::<u64>()? / 1024)
    }

    /// Whether a process runs whose command line names the folder of its scans.
    pub(crate) fn has_scanning_processes(&self) -> Result<bool, Failure> {
        let homes = self.data.path().join("scans").display().to_string();
        for process in std::fs::read_dir("/proc")? {
            // Others end meanwhile.
            let line = std::fs::read(process?.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&homes) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
