//! `custody scan compare`

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Connection, output, path, table, text::shown};

const KINDS: [(&str, &str); 6] = [
    ("new", "new"),
    ("regressed", "regressed"),
    ("still_failing", "still failing"),
    ("resolved", "resolved"),
    ("gone", "gone"),
    ("not_looked_at", "failed then, not looked at now"),
];

#[derive(Debug, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    connection: Connection,

    /// The scan's id, as `scan list` shows it.
    id: String,

    /// Another scan of the same account; if not given, the one of the same scope before it.
    other: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Comparison {
    newer: String,
    older: String,
    counts: BTreeMap<String, u64>,
    findings: BTreeMap<String, Kind>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kind {
    items: Vec<Difference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Difference {
    check_id: String,
    severity: String,
    region: String,
    resource_uid: String,
    resource_name: String,
}

impl CompareArgs {
    /// The first findings of each kind, and how many there are; all of them by the API.
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let request = client.request(Method::GET, &path::one("scans", &self.id, "/compare"));
        let to: Vec<_> = self.other.iter().map(|other| ("to", other)).collect();
        let answer: Box<RawValue> = client
            .json(request.query(&to))
            .await
            .with_context(|| format!("cannot compare the scan {:?}", self.id))?;
        if json {
            output::line(answer.get())?;
            return Ok(ExitCode::SUCCESS);
        }
        let compared: Comparison = serde_json::from_str(answer.get())?;
        output::line(&format!("from {} to {}", shown(&compared.older), shown(&compared.newer)))?;
        for (kind, told) in KINDS {
            let n = compared.counts.get(kind).copied().unwrap_or(0);
            output::line(&format!("{n:>7}  {told}"))?;
        }
        for (kind, told) in KINDS {
            let Some(found) = compared.findings.get(kind).filter(|found| !found.items.is_empty()) else {
                continue;
            };
            let all = compared.counts.get(kind).copied().unwrap_or(0);
            let more = match all.saturating_sub(found.items.len() as u64) {
                0 => String::new(),
                more => format!(", the first {} ({more} more)", found.items.len()),
            };
            output::line("")?;
            output::line(&format!("{told}{more}:"))?;
            let rows: Vec<_> = found.items.iter().map(Difference::row).collect();
            let lines = table::lines(["SEVERITY", "CHECK", "REGION", "RESOURCE"], &rows);
            lines.iter().try_for_each(|line| output::line(line))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Difference {
    fn row(&self) -> [String; 4] {
        let resource = if self.resource_uid.is_empty() { &self.resource_name } else { &self.resource_uid };
        [&self.severity, &self.check_id, &self.region, resource].map(|text| shown(text))
    }
}
