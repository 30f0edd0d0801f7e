//! `custody scan findings`

use std::process::ExitCode;

use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ClientError, Connection, output, table, text::shown};

const HEADER: [&str; 7] = ["SEVERITY", "STATUS", "CHECK", "REGION", "RESOURCE", "TRIAGE", "ID"];
/// What one request is asked for.
const PAGE: u64 = 1000;

#[derive(Debug, Args)]
pub struct FindingsArgs {
    #[command(flatten)]
    connection: Connection,

    /// Which of them, as docs/query.md has it: 'severity>=high service:s3'. All if not given.
    query: Option<String>,

    /// Those of this scan; if not given the latest of each, whichever scan they are of.
    #[arg(long, value_name = "ID")]
    scan: Option<String>,

    /// Only those that fail and are not muted.
    #[arg(long)]
    failed: bool,

    /// The most findings to print.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    limit: u64,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Finding {
    id: String,
    pub(super) severity: String,
    status: String,
    evidence: String,
    pub(super) check_id: String,
    resource: Resource,
    triage: Triage,
    muted: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resource {
    uid: String,
    name: String,
    region: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Triage {
    state: String,
    owner: Option<String>,
}

impl FindingsArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let (found, more) = self.found().await?;
        if json {
            found.iter().try_for_each(|finding| output::line(finding.get()))?;
            return Ok(ExitCode::SUCCESS);
        }
        if found.is_empty() {
            eprintln!("nothing found");
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<_> = found.iter().map(|finding| row(finding)).collect();
        table::lines(HEADER, &rows).iter().try_for_each(|line| output::line(line))?;
        if more {
            eprintln!("there is more: --limit shows further findings");
        }
        eprintln!(
            "`custody scan finding ID` says what to do about one, `custody scan causes ID` who may have caused it"
        );
        Ok(ExitCode::SUCCESS)
    }

    /// As many as were asked for, and whether there may be more. A page may be short, or empty, and go on.
    async fn found(&self) -> Result<(Vec<Box<RawValue>>, bool), ClientError> {
        let client = self.connection.open()?;
        let mut given: Vec<(&str, &str)> = Vec::new();
        given.extend(self.query.as_deref().map(|query| ("q", query)));
        given.extend(self.scan.as_deref().map(|scan| ("scan_id", scan)));
        if self.failed {
            given.extend([("status", "FAIL"), ("muted", "false")]);
        }
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let wanted = self.limit - found.len() as u64;
            let request = client.request(Method::GET, "/api/v1/findings").query(&given);
            let request =
                request.query(&[("limit", wanted.min(PAGE))]).query(&cursor.map(|at| [("cursor", at)]));
            let page: Page = client.json(request).await?;
            found.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() || found.len() as u64 >= self.limit {
                return Ok((found, cursor.is_some()));
            }
        }
    }
}

impl Finding {
    pub(super) fn status(&self) -> String {
        match self.evidence.as_str() {
            "incomplete" => format!("{} (incomplete evidence)", shown(&self.status)),
            _ => shown(&self.status),
        }
    }

    pub(super) fn resource(&self) -> &str {
        if self.resource.uid.is_empty() { &self.resource.name } else { &self.resource.uid }
    }

    pub(super) fn region(&self) -> &str {
        &self.resource.region
    }

    /// By people.
    pub(super) fn said(&self) -> String {
        let owner =
            self.triage.owner.as_ref().map_or_else(String::new, |owner| format!(", {}", shown(owner)));
        let muted = if self.muted { ", muted" } else { "" };
        format!("{}{owner}{muted}", shown(&self.triage.state))
    }
}

fn row(finding: &RawValue) -> [String; 7] {
    let finding: Finding = serde_json::from_str(finding.get()).unwrap_or_default();
    [
        shown(&finding.severity),
        finding.status(),
        shown(&finding.check_id),
        shown(finding.region()),
        shown(finding.resource()),
        finding.said(),
        shown(&finding.id),
    ]
}
