//! Starting a driver, and speaking to it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::json;
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, ChildStdin, Command},
    sync::mpsc,
};

use super::{DriverError, End, Event, Home, Order, group::Group, log, process::Process};

/// Said and not yet listened to: a driver that is ahead waits.
const WAITING_MAX: usize = 64;
/// Of this program's environment a driver sees nothing; these are where programs are on any system.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// How drivers are started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Of an environment that has Prowler.
    pub python: PathBuf,
    /// Where homes are made.
    pub homes: PathBuf,
    /// What drivers get besides, such as a proxy. No secrets: others on this machine may read it.
    pub environment: Vec<(String, String)>,
    /// How long [`Driver::stop`] gives it.
    pub grace: Duration,
}

/// What comes from a driver. After `Ended` nothing.
#[derive(Debug)]
pub enum Said {
    Event(Event),
    /// A piece of its log, without secrets.
    Log(String),
    Ended(End),
}

/// One that runs. Dropped, it is killed with its whole group, and its home is removed.
#[derive(Debug)]
pub struct Driver {
    stdin: Option<ChildStdin>,
    said: mpsc::Receiver<Said>,
    group: Group,
    grace: Duration,
    home: Option<Home>,
}

impl Launch {
    pub fn new(python: impl Into<PathBuf>, homes: impl Into<PathBuf>) -> Self {
        Self {
            python: python.into(),
            homes: homes.into(),
            environment: Vec::new(),
            grace: Duration::from_millis(500),
        }
    }

    pub async fn start(&self, order: &Order) -> Result<Driver, DriverError> {
        let (mut child, home) = self.spawn("driver.py").await?;
        let group = Group::led_by(child.id());
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(DriverError::Gone);
        };
        let (say, said) = mpsc::channel(WAITING_MAX);
        let scrubber = order.scrubber();
        let log = tokio::spawn(log::pass_on(stderr, scrubber.clone(), say.clone()));
        tokio::spawn(Process { child, group: group.clone(), scrubber, said: say, log }.follow(stdout));
        // Where it cannot be written the process has ended, and the stream says how.
        let _ = stdin.write_all(&order.line(home.path())).await;
        Ok(Driver { stdin: Some(stdin), said, group, grace: self.grace, home: Some(home) })
    }

    /// One of the driver's files, in a new home, as the leader of a new group.
    pub(crate) async fn spawn(&self, file: &str) -> Result<(Child, Home), DriverError> {
        let homes = self.homes.clone();
        let home = tokio::task::spawn_blocking(move || Home::make(&homes))
            .await
            .map_err(|_| DriverError::Gone)??;
        let child = self
            .command(home.path())
            .arg(home.file(file))
            .spawn()
            .map_err(|source| DriverError::Spawn { python: self.python.display().to_string(), source })?;
        Ok((child, home))
    }

    /// Python, alone: no `PYTHON*` variables, no user's packages, no files written beside the sources.
    fn command(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.python);
        command
            .args(["-I", "-B"])
            .env_clear()
            .envs([("PATH", PATH), ("TZ", "UTC"), ("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")])
            // Prowler has a thread for each service and region, and malloc an arena for each thread.
            .env("MALLOC_ARENA_MAX", "2")
            .env("HOME", home)
            .env("TMPDIR", home)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(home)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

impl Driver {
    /// What it says next. None: it has ended, and said how. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Said> {
        self.said.recv().await
    }

    /// Runs checks, best those of one service: what of a service was asked for once is not asked for again.
    pub async fn run(&mut self, checks: &[String]) -> Result<(), DriverError> {
        self.tell(&json!({ "do": "run", "checks": checks })).await
    }

    /// Asks it to end, and kills what is left after the grace. What it has found it still tells: go on
    /// listening until it has ended.
    pub async fn stop(&mut self) {
        let _ = self.tell(&json!({ "do": "stop" })).await;
        self.group.terminate();
        let (group, grace) = (self.group.clone(), self.grace);
        tokio::spawn(async move {
            tokio::time::sleep(grace).await;
            group.kill();
        });
    }

    /// Its whole process group, at once.
    pub fn kill(&mut self) {
        self.group.kill();
    }

    /// Nothing more will be asked of it: it dies, as when this program does.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Where it and what it starts may write.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_ref().map(Home::path)
    }

    async fn tell(&mut self, command: &serde_json::Value) -> Result<(), DriverError> {
        let Some(stdin) = &mut self.stdin else { return Err(DriverError::Gone) };
        let line = format!("{command}\n");
        stdin.write_all(line.as_bytes()).await.map_err(|_| DriverError::Gone)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.group.kill();
        let Some(home) = self.home.take() else { return };
        // Removing a thousand files takes a while.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(home))),
            Err(_) => drop(home),
        }
    }
}
