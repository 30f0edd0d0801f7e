//! `custody related`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ClientError, Connection, output, path, row::Row, text::shown};

/// Shows what belongs to an entry: the others of its request, session, actor and resource.
#[derive(Debug, Args)]
pub struct RelatedArgs {
    #[command(flatten)]
    connection: Connection,

    /// The entry's id, as a receipt or `custody search --json` says it.
    id: String,

    /// The time before the entry, and after it: 90s, 30m, 1h, 2d.
    #[arg(long, default_value = "1h", value_name = "TIME")]
    within: String,

    /// The most entries on each side of it.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

#[derive(Deserialize)]
struct Timeline {
    items: Vec<Box<RawValue>>,
    more_before: bool,
    more_after: bool,
}

#[derive(Deserialize)]
struct Item {
    related_by: Vec<String>,
    entry: Box<RawValue>,
}

impl RelatedArgs {
    /// Prints one line an entry, the entry itself with `>`; with `json` as NDJSON.
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let request = client.request(Method::GET, &path::one("logs", &self.id, "/related"));
        let request = request.query(&[("within", self.within.clone()), ("limit", self.limit.to_string())]);
        let timeline: Result<Timeline, ClientError> = client.json(request).await;
        let timeline =
            timeline.with_context(|| format!("cannot get what belongs to the entry {:?}", self.id))?;
        for item in &timeline.items {
            if json {
                output::line(item.get())?;
            } else {
                output::line(&line(&serde_json::from_str(item.get())?))?;
            }
        }
        for (more, side) in [(timeline.more_before, "before"), (timeline.more_after, "after")] {
            if more {
                eprintln!("there is more {side} them: --limit shows further entries");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(item: &Item) -> String {
    let Row([time, _, actor, action, resource, outcome, _]) = Row::of(&item.entry);
    let mark = if item.related_by.is_empty() { '>' } else { ' ' };
    let by = shown(&item.related_by.join(","));
    format!("{mark} {time}  {actor}  {action}  {resource}  {outcome}  {by}").trim_end().to_owned()
}
