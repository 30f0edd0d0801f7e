//! `custody scan checks`

use std::process::ExitCode;

use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ApiClient, ClientError, Connection, output, path, table, text::shown};

const PAGE_ITEMS_MAX: &str = "1000";

const HEADER: [&str; 7] = ["STATUS", "SEVERITY", "FAILED", "PASSED", "MS", "CHECK", "NEWS"];

#[derive(Debug, Args)]
pub struct ChecksArgs {
    #[command(flatten)]
    connection: Connection,

    /// The scan's id. Without one, what the installed Prowler can check.
    id: Option<String>,

    /// Only those with this status (of a scan): pending, `in_progress`, completed, errored, cancelled.
    #[arg(long, requires = "id")]
    status: Option<String>,

    /// Only those of this service.
    #[arg(long)]
    service: Option<String>,

    /// Only those of this severity.
    #[arg(long)]
    severity: Option<String>,

    /// Of this provider (without a scan).
    #[arg(long, default_value = "aws", conflicts_with = "id")]
    provider: String,

    /// Words to look for in what checks say of themselves (without a scan).
    #[arg(long, short = 'q', conflicts_with = "id")]
    query: Option<String>,
}

/// One check of a scan.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Check {
    #[serde(rename = "check_id")]
    pub(super) id: String,
    severity: String,
    status: String,
    duration_ms: Option<u64>,
    passed: u64,
    failed: u64,
    manual: u64,
    error: Option<String>,
    calls_failed: u64,
}

impl Check {
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "errored")
    }

    /// In a line, as it ends.
    pub(super) fn told(&self) -> String {
        let what = match (&self.error, self.passed + self.failed + self.manual) {
            (Some(error), _) => format!("no verdict: {}", shown(error)),
            (None, 0) => "nothing to look at".to_owned(),
            (None, _) => {
                let manual =
                    if self.manual > 0 { format!(", {} for a person", self.manual) } else { String::new() };
                format!("{} failed, {} passed{manual}", self.failed, self.passed)
            }
        };
        let rests = if self.calls_failed > 0 && self.error.is_none() { "; evidence incomplete" } else { "" };
        let mark = match (&self.error, self.failed) {
            (Some(_), _) => "ERROR",
            (None, 0) => "ok",
            (None, _) => "FAIL",
        };
        format!("{mark:<5}  {:<13}  {:<60}  {what}{rests}", shown(&self.severity), shown(&self.id))
    }

    fn row(&self) -> [String; 7] {
        let news = match (&self.error, self.calls_failed) {
            (Some(error), _) => shown(error),
            (None, 0) => String::new(),
            (None, n) => format!("{n} calls failed: evidence incomplete"),
        };
        [
            shown(&self.status),
            shown(&self.severity),
            self.failed.to_string(),
            self.passed.to_string(),
            self.duration_ms.map(|ms| ms.to_string()).unwrap_or_default(),
            shown(&self.id),
            news,
        ]
    }
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

/// All of a scan's, by name.
pub(super) async fn all(
    client: &ApiClient,
    scan: &str,
    filters: &[(&str, &str)],
) -> Result<Vec<Check>, ClientError> {
    let found = pages(client, &path::one("scans", scan, "/checks"), filters).await?;
    Ok(found.iter().map(|check| serde_json::from_str(check.get()).unwrap_or_default()).collect())
}

async fn pages(
    client: &ApiClient,
    path: &str,
    filters: &[(&str, &str)],
) -> Result<Vec<Box<RawValue>>, ClientError> {
    let (mut cursor, mut found) = (None::<String>, Vec::new());
    loop {
        let cursors = cursor.as_deref().map(|cursor| ("cursor", cursor));
        let request = client
            .request(Method::GET, path)
            .query(filters)
            .query(&[("limit", PAGE_ITEMS_MAX)])
            .query(&cursors.into_iter().collect::<Vec<_>>());
        let page: Page = client.json(request).await?;
        found.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

impl ChecksArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let of_catalogue = self.id.is_none();
        let filters = [
            ("status", self.status.as_deref()),
            ("service", self.service.as_deref()),
            ("severity", self.severity.as_deref()),
            ("provider", of_catalogue.then_some(self.provider.as_str())),
            ("q", self.query.as_deref()),
        ];
        let filters: Vec<_> = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let path = match &self.id {
            Some(id) => path::one("scans", id, "/checks"),
            None => "/api/v1/checks".to_owned(),
        };
        let found = pages(&client, &path, &filters).await?;
        if json {
            found.iter().try_for_each(|check| output::line(check.get()))?;
        } else if found.is_empty() {
            eprintln!("nothing found");
        } else if of_catalogue {
            let rows: Vec<_> = found.iter().map(|check| of_the_catalogue(check)).collect();
            table::lines(["SEVERITY", "SERVICE", "CHECK", "TITLE"], &rows)
                .iter()
                .try_for_each(|line| output::line(line))?;
        } else {
            let rows: Vec<_> = found
                .iter()
                .map(|check| serde_json::from_str::<Check>(check.get()).unwrap_or_default().row())
                .collect();
            table::lines(HEADER, &rows).iter().try_for_each(|line| output::line(line))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn of_the_catalogue(check: &RawValue) -> [String; 4] {
    let check: serde_json::Value = serde_json::from_str(check.get()).unwrap_or_default();
    ["severity", "service", "id", "title"].map(|name| shown(check[name].as_str().unwrap_or_default()))
}
