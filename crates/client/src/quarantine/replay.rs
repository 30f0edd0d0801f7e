//! `custody quarantine replay`

use std::{io::Read as _, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use reqwest::{Method, StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{list::Fault, selection::Filters};
use crate::{
    ApiClient, ClientError, Connection, output, path,
    text::{count, shown},
};

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").multiple(true).required(true)
    .args(["id", "all", "reason", "source_format", "from", "to"]))]
pub struct ReplayArgs {
    #[command(flatten)]
    connection: Connection,

    /// One item, by its id.
    #[arg(conflicts_with_all = ["all", "reason", "source_format", "from", "to"])]
    id: Option<String>,

    /// The event, mended, in the item's place; - reads it from standard input.
    #[arg(long, requires = "id")]
    file: Option<PathBuf>,

    /// What the event is read as: auto, custody, cloudtrail (default: what the item was sent as).
    #[arg(long, requires = "id")]
    format: Option<String>,

    #[command(flatten)]
    filters: Filters,

    /// Every item.
    #[arg(long, conflicts_with_all = ["reason", "source_format", "from", "to"])]
    all: bool,
}

/// What became of many.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Outcome {
    accepted: u64,
    duplicate: u64,
    rejected: Vec<Rejected>,
    #[serde(skip_serializing)]
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Rejected {
    quarantine_id: String,
    reason: String,
    errors: Vec<Value>,
}

impl Rejected {
    /// Why, and where, as the list shows it.
    fn text(&self) -> String {
        let first = self.errors.first().and_then(|fault| Fault::deserialize(fault).ok()).unwrap_or_default();
        format!("{} stays: {}: {}", shown(&self.quarantine_id), shown(&self.reason), first.text())
    }
}

impl ReplayArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        match &self.id {
            Some(id) => self.one(&client, id, json).await,
            None => self.many(&client, json).await,
        }
    }

    async fn one(&self, client: &ApiClient, id: &str, json: bool) -> anyhow::Result<ExitCode> {
        let mut request = client
            .request(Method::POST, &path::one("quarantine", id, "/replay"))
            .query(&self.format.iter().map(|f| ("format", f)).collect::<Vec<_>>());
        if let Some(file) = &self.file {
            request = request.header(CONTENT_TYPE, "application/json").body(read(file)?);
        }
        let answer = client.send(request).await.with_context(|| format!("cannot replay the item {id:?}"))?;
        let known = answer.status() == StatusCode::OK;
        let receipt: Value =
            answer.json().await.map_err(|error| anyhow::anyhow!("the answer broke off: {error}"))?;
        if json {
            output::line(&receipt.to_string())?;
        } else {
            let entry = shown(receipt["id"].as_str().unwrap_or_default());
            let was = if known { "was in the log already as" } else { "is now" };
            output::line(&format!("{id} {was} entry {entry}, seq {}", receipt["seq"]))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn many(&self, client: &ApiClient, json: bool) -> anyhow::Result<ExitCode> {
        let mut sum = Outcome::default();
        let mut cursor = None;
        loop {
            let request = client
                .request(Method::POST, "/api/v1/quarantine/replay")
                .json(&self.filters.body(cursor.as_deref()));
            let page: Result<Outcome, ClientError> = client.json(request).await;
            let page =
                page.with_context(|| format!("stopped after {} replayed", sum.accepted + sum.duplicate))?;
            sum.accepted += page.accepted;
            sum.duplicate += page.duplicate;
            sum.rejected.extend(page.rejected);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        if json {
            output::line(&serde_json::to_string(&sum)?)?;
        } else {
            for item in &sum.rejected {
                output::line(&item.text())?;
            }
            output::line(&format!(
                "{}, {} in the log already, {} in the quarantine",
                count(sum.accepted, "new entry", "new entries"),
                sum.duplicate,
                count(sum.rejected.len() as u64, "stays", "stay"),
            ))?;
        }
        Ok(if sum.rejected.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    // No body means: as it was sent. An empty file is a slip, not that.
    anyhow::ensure!(!bytes.is_empty(), "{} is empty", file.display());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_says_where_as_the_list_does() {
        let errors = vec![serde_json::json!({"pointer": "/actor/id", "detail": "is required"})];
        let item = Rejected { quarantine_id: "q1".into(), reason: "schema".into(), errors };
        assert_eq!(item.text(), "q1 stays: schema: /actor/id: is required");
    }
}
