//! `custody jobs show`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::value::RawValue;

use super::{follow::Follow, job::Job};
use crate::{ApiClient, ClientError, Connection, output, path};

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    connection: Connection,

    /// The job's id, as `jobs list` shows it.
    id: String,

    /// Waits until it ends; with --json each change is a line.
    #[arg(long)]
    follow: bool,
}

impl ShowArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        if self.follow {
            let job =
                Follow::new(&client, &self.id, json).until_end().await.with_context(|| self.failed())?;
            if !json {
                output::line(&job.told())?;
            }
            return Ok(if job.status == "completed" { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let job = get(&client, &self.id).await.with_context(|| self.failed())?;
        if json {
            output::line(job.get())?;
        } else {
            output::line(&serde_json::from_str::<Job>(job.get())?.told())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn failed(&self) -> String {
        format!("cannot show the job {:?}", self.id)
    }
}

pub(super) async fn get(client: &ApiClient, id: &str) -> Result<Box<RawValue>, ClientError> {
    client.json(client.request(Method::GET, &path::one("jobs", id, ""))).await
}
