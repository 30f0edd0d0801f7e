//! An emulated AWS account to scan where there is none yet.
//!
//! The emulator (moto) comes with the same environment as Prowler, listens on a port of this machine, and holds
//! an estate that an assessment finds much to say of. Its credentials are any.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{io::AsyncReadExt as _, io::AsyncWriteExt as _, process::Child};

use crate::driver::{DriverError, Group, Home, Launch};

/// A scale of 1 takes 4 s; filling grows with it.
const FILLED_WITHIN: Duration = Duration::from_mins(10);
const ANSWER_BYTES_MAX: u64 = 1 << 16;
const LOG_BYTES_MAX: u64 = 1 << 16;

/// What is put into the account.
#[derive(Clone, Debug, Serialize)]
pub struct DemoOrder {
    /// 1: about 60 resources a region; grows evenly.
    pub scale: u32,
    pub regions: Vec<String>,
}

impl Default for DemoOrder {
    fn default() -> Self {
        Self { scale: 1, regions: vec!["us-east-1".to_owned(), "eu-west-1".to_owned()] }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Start(#[from] DriverError),
    #[error("the emulated account could not be made: {0}")]
    Failed(String),
}

/// One that is there. Dropped, it is gone; and it goes with this program.
#[derive(Debug)]
pub struct Demo {
    endpoint: String,
    account: String,
    failed: BTreeMap<String, u32>,
    group: Group,
    child: Child,
    _home: Home,
}

#[derive(Deserialize)]
#[serde(tag = "e", rename_all = "lowercase")]
enum Answer {
    Filled { endpoint: String, account: String, failed: BTreeMap<String, u32> },
    Failed { reason: String },
}

impl Demo {
    /// With the python and the homes of `launch`.
    pub async fn start(launch: &Launch, order: &DemoOrder) -> Result<Self, DemoError> {
        let (child, home) = launch.spawn("demo.py").await?;
        let group = Group::led_by(child.id());
        let (endpoint, account, failed) = Default::default();
        // From here on whoever stops waiting ends it.
        let mut demo = Self { endpoint, account, failed, group, child, _home: home };
        let mut line = serde_json::to_vec(order).map_err(|error| DemoError::Failed(error.to_string()))?;
        line.push(b'\n');
        if let Some(stdin) = &mut demo.child.stdin {
            // Where it cannot be written the process has ended, which is seen below.
            let _ = stdin.write_all(&line).await;
        }
        match tokio::time::timeout(FILLED_WITHIN, answer(&mut demo.child)).await {
            Ok(Ok(Answer::Filled { endpoint, account, failed })) => {
                (demo.endpoint, demo.account, demo.failed) = (endpoint, account, failed);
                Ok(demo)
            }
            Ok(Ok(Answer::Failed { reason }) | Err(reason)) => Err(DemoError::Failed(reason)),
            Err(_) => Err(DemoError::Failed("it was not there within ten minutes".to_owned())),
        }
    }

    /// `http://127.0.0.1:…`, the endpoint of all its services.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub fn account(&self) -> &str {
        &self.account
    }

    /// Kinds of resources that the emulator would not take, and how many of each.
    pub fn failed(&self) -> &BTreeMap<String, u32> {
        &self.failed
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.group.kill();
    }
}

/// Its one line; where there is none, what it logged. What it logs later nobody reads: the pipe closes.
async fn answer(child: &mut Child) -> Result<Answer, String> {
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("a process without its streams".to_owned());
    };
    let log = tokio::spawn(async move {
        let mut stderr = stderr;
        let mut log = Vec::new();
        let _ = (&mut stderr).take(LOG_BYTES_MAX).read_to_end(&mut log).await;
        // Somebody has to read it, or the emulator waits.
        let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        log
    });
    let mut line = Vec::new();
    let mut stdout = tokio::io::BufReader::new(stdout).take(ANSWER_BYTES_MAX);
    let read = tokio::io::AsyncBufReadExt::read_until(&mut stdout, b'\n', &mut line).await;
    if matches!(read, Ok(1..)) {
        return serde_json::from_slice(&line).map_err(|error| error.to_string());
    }
    let log = log.await.unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    Err(log.trim().lines().next_back().unwrap_or("it ended without a word").to_owned())
}
