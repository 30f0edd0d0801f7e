//! `custody quarantine drop`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::selection::Filters;
use crate::{ClientError, Connection, output, path, text::count};

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").multiple(true).required(true)
    .args(["ids", "all", "reason", "source_format", "from", "to"]))]
pub struct DropArgs {
    #[command(flatten)]
    connection: Connection,

    /// Items, by their ids.
    #[arg(value_name = "ID", conflicts_with_all = ["all", "reason", "source_format", "from", "to"])]
    ids: Vec<String>,

    #[command(flatten)]
    filters: Filters,

    /// Every item.
    #[arg(long, conflicts_with_all = ["reason", "source_format", "from", "to"])]
    all: bool,
}

#[derive(Debug, Deserialize)]
struct Dropped {
    dropped: u64,
    next_cursor: Option<String>,
}

impl DropArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let mut dropped = 0;
        for id in &self.ids {
            let request = client.request(Method::DELETE, &path::one("quarantine", id, ""));
            client.send(request).await.with_context(|| format!("cannot drop the item {id:?}"))?;
            dropped += 1;
        }
        let mut cursor = None;
        while self.ids.is_empty() {
            let request = client
                .request(Method::POST, "/api/v1/quarantine/drop")
                .json(&self.filters.body(cursor.as_deref()));
            let page: Result<Dropped, ClientError> = client.json(request).await;
            let page = page.with_context(|| format!("stopped after {dropped} dropped"))?;
            dropped += page.dropped;
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let said = format!("{} dropped", count(dropped, "item", "items"));
        output::line(&if json { json!({"dropped": dropped}).to_string() } else { said })?;
        Ok(ExitCode::SUCCESS)
    }
}
