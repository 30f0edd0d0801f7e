//! `custody scan cancel`, `custody scan delete`, `custody scan log`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::value::RawValue;

use super::shape::Scan;
use crate::{ClientError, Connection, output, path, text::shown};

#[derive(Debug, Args)]
pub struct CancelArgs {
    #[command(flatten)]
    connection: Connection,

    /// The scan's id, as `scan list` shows it.
    id: String,
}

impl CancelArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let request = client.request(Method::POST, &path::one("scans", &self.id, "/cancel"));
        let scan: Result<Box<RawValue>, ClientError> = client.json(request).await;
        let scan = scan.with_context(|| format!("cannot cancel the scan {:?}", self.id))?;
        if json {
            output::line(scan.get())?;
            return Ok(ExitCode::SUCCESS);
        }
        let scan: Scan = serde_json::from_str(scan.get())?;
        let id = shown(&scan.id);
        output::line(&match scan.status.as_str() {
            "cancelled" => format!("{id} is cancelled"),
            _ => format!("{id} runs, and was told to stop"),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Args)]
pub struct DeleteArgs {
    #[command(flatten)]
    connection: Connection,

    /// The scan's id, as `scan list` shows it.
    id: String,
}

impl DeleteArgs {
    pub(super) async fn run(self, _json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let request = client.request(Method::DELETE, &path::one("scans", &self.id, ""));
        client.send(request).await.with_context(|| format!("cannot delete the scan {:?}", self.id))?;
        eprintln!("{} is gone", shown(&self.id));
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(flatten)]
    connection: Connection,

    /// The scan's id, as `scan list` shows it.
    id: String,
}

impl LogArgs {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let request = client.request(Method::GET, &path::one("scans", &self.id, "/log"));
        let answer = client.send(request).await;
        let answer = answer.with_context(|| format!("cannot show the log of the scan {:?}", self.id))?;
        for line in answer.text().await?.lines() {
            output::line(&shown(line))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
