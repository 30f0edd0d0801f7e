//! `custody scan list`

use std::process::ExitCode;

use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::Scan;
use crate::{
    Connection, output, table,
    text::{second, shown},
};

const HEADER: [&str; 7] = ["CREATED", "STATUS", "ACCOUNT", "CHECKS", "FAILURES", "ID", "NAME"];

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    connection: Connection,

    /// Only those with this status: pending, `in_progress`, completed, failed, cancelled.
    #[arg(long)]
    status: Option<String>,

    /// Only those of this provider.
    #[arg(long)]
    provider: Option<String>,

    /// Only those of this account.
    #[arg(long)]
    account: Option<String>,

    /// The most scans to print.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    limit: u64,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

impl ListArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let filters = [("status", &self.status), ("provider", &self.provider), ("account", &self.account)];
        let given: Vec<_> =
            filters.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect();
        let request =
            client.request(Method::GET, "/api/v1/scans").query(&given).query(&[("limit", self.limit)]);
        let page: Page = client.json(request).await?;
        if json {
            page.items.iter().try_for_each(|scan| output::line(scan.get()))?;
            return Ok(ExitCode::SUCCESS);
        }
        if page.items.is_empty() {
            eprintln!("nothing found");
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<_> = page.items.iter().map(|scan| row(scan)).collect();
        table::lines(HEADER, &rows).iter().try_for_each(|line| output::line(line))?;
        if page.next_cursor.is_some() {
            eprintln!("there is more: --limit shows further scans");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(scan: &RawValue) -> [String; 7] {
    let scan: Scan = serde_json::from_str(scan.get()).unwrap_or_default();
    [
        second(&scan.created_at),
        scan.status(),
        format!("{} {}", shown(&scan.provider), scan.account.as_deref().map(shown).unwrap_or_default()),
        scan.checks(),
        scan.progress.findings.told(),
        shown(&scan.id),
        shown(&scan.name),
    ]
}
