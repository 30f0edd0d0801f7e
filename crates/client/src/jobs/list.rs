//! `custody jobs list`

use std::process::ExitCode;

use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::job::Job;
use crate::{
    Connection, output, table,
    text::{second, shown},
};

/// What the server answers at once.
const PAGE_ITEMS_MAX: u64 = 1000;

const HEADER: [&str; 6] = ["CREATED", "STATUS", "KIND", "ATTEMPTS", "ID", "NEWS"];

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    connection: Connection,

    /// Only those with this status: pending, `in_progress`, completed, failed, cancelled.
    #[arg(long)]
    status: Option<String>,

    /// Only those of this kind.
    #[arg(long)]
    kind: Option<String>,

    /// The most jobs to print.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

impl ListArgs {
    /// Prints a table, or with `json` a job a line.
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let (mut left, mut cursor, mut found) = (self.limit, None::<String>, Vec::new());
        loop {
            let filters = [("status", &self.status), ("kind", &self.kind), ("cursor", &cursor)];
            let given: Vec<_> =
                filters.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect();
            let request = client
                .request(Method::GET, "/api/v1/jobs")
                .query(&given)
                .query(&[("limit", left.min(PAGE_ITEMS_MAX))]);
            let page: Page = client.json(request).await?;
            left = left.saturating_sub(page.items.len() as u64);
            cursor = page.next_cursor;
            found.extend(page.items);
            if left == 0 || cursor.is_none() {
                break;
            }
        }
        if json {
            found.iter().try_for_each(|job| output::line(job.get()))?;
            return Ok(ExitCode::SUCCESS);
        }
        if found.is_empty() {
            eprintln!("nothing found");
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<_> = found.iter().map(|job| row(job)).collect();
        table::lines(HEADER, &rows).iter().try_for_each(|line| output::line(line))?;
        if cursor.is_some() {
            eprintln!("there is more: --limit {} shows further jobs", self.limit.saturating_mul(10));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(job: &RawValue) -> [String; 6] {
    // What the server sends has this shape; if a later one does not, an empty row beats none.
    let job: Job = serde_json::from_str(job.get()).unwrap_or_default();
    [
        second(&job.created_at),
        shown(&job.status),
        shown(&job.kind),
        job.attempts(),
        shown(&job.id),
        job.news(),
    ]
}
