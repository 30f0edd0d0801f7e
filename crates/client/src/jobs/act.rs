//! `custody jobs cancel` and `custody jobs retry`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::value::RawValue;

use super::job::Job;
use crate::{ClientError, Connection, output, path, text::shown};

#[derive(Debug, Args)]
pub struct ActArgs {
    #[command(flatten)]
    connection: Connection,

    /// The job's id, as `jobs list` shows it.
    id: String,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Cancel,
    Retry,
}

impl ActArgs {
    pub(super) async fn run(self, act: Act, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let (verb, below) = match act {
            Act::Cancel => ("cancel", "/cancel"),
            Act::Retry => ("retry", "/retry"),
        };
        let request = client.request(Method::POST, &path::one("jobs", &self.id, below));
        let job: Result<Box<RawValue>, ClientError> = client.json(request).await;
        let job = job.with_context(|| format!("cannot {verb} the job {:?}", self.id))?;
        if json {
            output::line(job.get())?;
        } else {
            let job: Job = serde_json::from_str(job.get())?;
            let id = shown(&job.id);
            output::line(&match (act, job.status.as_str()) {
                (Act::Retry, _) => format!("{id} waits again"),
                (Act::Cancel, "cancelled") => format!("{id} is cancelled"),
                (Act::Cancel, _) => format!("{id} runs, and was told to stop"),
            })?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
