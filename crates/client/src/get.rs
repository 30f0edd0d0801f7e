//! `custody get`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, value::RawValue};

use crate::{ClientError, Connection, output, path, text::shown_lines};

/// Fetches one entry.
#[derive(Debug, Args)]
pub struct GetArgs {
    #[command(flatten)]
    connection: Connection,

    /// The entry's id, as a receipt or `custody search --json` says it.
    id: String,
}

impl GetArgs {
    /// Prints the entry: indented for a person, as the server sent it with `json`.
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let path = path::one("logs", &self.id, "");
        let entry: Result<Box<RawValue>, ClientError> = client.json(client.request(Method::GET, &path)).await;
        let entry = entry.with_context(|| format!("cannot get the entry {:?}", self.id))?;
        if json {
            output::line(entry.get())?;
        } else {
            let value: Value = serde_json::from_str(entry.get())?;
            output::line(&shown_lines(&serde_json::to_string_pretty(&value)?))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
