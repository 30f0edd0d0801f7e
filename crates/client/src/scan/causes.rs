//! `custody scan causes`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    ClientError, Connection, output, path,
    row::Row,
    table,
    text::{second, shown},
};

const HEADER: [&str; 7] = ["SCORE", "TIME", "ACTOR", "ACTION", "OUTCOME", "IP", "BECAUSE"];

#[derive(Debug, Args)]
pub struct CausesArgs {
    #[command(flatten)]
    connection: Connection,

    /// The finding's id.
    id: String,

    /// Also what changed nothing: reads, and the daily use of what is there.
    #[arg(long)]
    reads: bool,

    /// The most entries to print.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
}

#[derive(Deserialize)]
struct Causes {
    finding: Finding,
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Finding {
    check_id: String,
    resource: Resource,
    failing_since: Option<String>,
    last_passed_at: Option<String>,
}

#[derive(Deserialize)]
struct Resource {
    uid: String,
}

#[derive(Deserialize)]
struct Item {
    score: u32,
    reasons: Vec<Reason>,
    entry: Box<RawValue>,
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

impl CausesArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let request = client.request(Method::GET, &path::one("findings", &self.id, "/causes"));
        let request = request.query(&[("reads", self.reads.to_string()), ("limit", self.limit.to_string())]);
        let causes: Result<Causes, ClientError> = client.json(request).await;
        let causes = causes.with_context(|| format!("cannot get what caused the finding {:?}", self.id))?;
        if json {
            causes.items.iter().try_for_each(|item| output::line(item.get()))?;
            return Ok(ExitCode::SUCCESS);
        }
        output::line(&told(&causes.finding))?;
        if causes.items.is_empty() {
            eprintln!("nothing found");
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Result<Vec<_>, serde_json::Error> = causes.items.iter().map(|item| row(item)).collect();
        table::lines(HEADER, &rows?).iter().try_for_each(|line| output::line(line))?;
        if causes.next_cursor.is_some() {
            eprintln!("there is more: --limit shows further entries");
        }
        eprintln!("--json prints the entries with their proofs; `custody related ID` what stands around one");
        Ok(ExitCode::SUCCESS)
    }
}

fn told(finding: &Finding) -> String {
    let what = format!("{} of {}", shown(&finding.check_id), shown(&finding.resource.uid));
    let Some(since) = &finding.failing_since else { return format!("{what} does not fail") };
    let passed = finding.last_passed_at.as_ref();
    let passed = passed.map_or_else(String::new, |at| format!(", last seen to pass {}", second(at)));
    format!("{what} fails since {}{passed}", second(since))
}

fn row(item: &RawValue) -> Result<[String; 7], serde_json::Error> {
    let item: Item = serde_json::from_str(item.get())?;
    let Row([time, _, actor, action, _, outcome, ip]) = Row::of(&item.entry);
    let because: Vec<_> = item.reasons.iter().map(|reason| shown(&reason.reason)).collect();
    Ok([item.score.to_string(), time, actor, action, outcome, ip, because.join(", ")])
}
