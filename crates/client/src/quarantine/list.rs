//! `custody quarantine list`

use std::process::ExitCode;

use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::selection::Filters;
use crate::{
    Connection, output, table,
    text::{second, shown},
};

/// What the server answers at once.
const PAGE_ITEMS_MAX: u64 = 1000;

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    connection: Connection,

    #[command(flatten)]
    filters: Filters,

    /// The most items to print.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

/// What is shown of an item, here and by `show`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) received_at: String,
    pub(super) last_received_at: String,
    pub(super) times: u64,
    pub(super) reason: String,
    pub(super) source_format: String,
    pub(super) size_bytes: u64,
    pub(super) kept_bytes: Option<u64>,
    pub(super) recorded_by: RecordedBy,
    pub(super) errors: Vec<Fault>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RecordedBy {
    pub(super) principal: String,
    pub(super) via: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fault {
    pub(super) pointer: String,
    pub(super) detail: String,
}

impl Fault {
    pub(super) fn text(&self) -> String {
        let (pointer, detail) = (shown(&self.pointer), shown(&self.detail));
        if pointer.is_empty() { detail } else { format!("{pointer}: {detail}") }
    }
}

const HEADER: [&str; 7] = ["RECEIVED", "TIMES", "REASON", "FORMAT", "BYTES", "ID", "WHERE"];

impl ListArgs {
    /// Prints a table, or with `json` an item a line.
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let (mut left, mut cursor, mut found) = (self.limit, None::<String>, Vec::new());
        loop {
            let request = client
                .request(Method::GET, "/api/v1/quarantine")
                .query(&self.filters.parameters())
                .query(&[("limit", left.min(PAGE_ITEMS_MAX))])
                .query(&cursor.iter().map(|c| ("cursor", c)).collect::<Vec<_>>());
            let page: Page = client.json(request).await?;
            left = left.saturating_sub(page.items.len() as u64);
            cursor = page.next_cursor;
            found.extend(page.items);
            if left == 0 || cursor.is_none() {
                break;
            }
        }
        if json {
            found.iter().try_for_each(|item| output::line(item.get()))?;
            return Ok(ExitCode::SUCCESS);
        }
        if found.is_empty() {
            eprintln!("nothing found");
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<_> = found.iter().map(|item| row(item)).collect();
        table::lines(HEADER, &rows).iter().try_for_each(|line| output::line(line))?;
        if cursor.is_some() {
            eprintln!("there is more: --limit {} shows further items", self.limit.saturating_mul(10));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(item: &RawValue) -> [String; 7] {
    // What the server sends has this shape; if a later one does not, an empty row beats none.
    let item: Item = serde_json::from_str(item.get()).unwrap_or_default();
    let first = item.errors.first().map_or_else(String::new, Fault::text);
    let more = item.errors.len().saturating_sub(1);
    let place = if more > 0 { format!("{first} (and {more} more)") } else { first };
    [
        second(&item.received_at),
        item.times.to_string(),
        shown(&item.reason),
        shown(&item.source_format),
        item.size_bytes.to_string(),
        shown(&item.id),
        place,
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_row_says_why_and_where() {
        let item = r#"{"id":"q1","received_at":"2026-01-31T08:30:00.123456Z","times":3,"reason":"schema","source_format":"custody",
            "size_bytes":12,"errors":[{"pointer":"/actor/id","detail":"is required"},{"pointer":"","detail":"x"}]}"#;
        let item = RawValue::from_string(item.to_owned()).unwrap();
        assert_eq!(
            table::lines(HEADER, &[row(&item)]),
            [
                "RECEIVED              TIMES  REASON  FORMAT   BYTES  ID  WHERE",
                "2026-01-31T08:30:00Z  3      schema  custody  12     q1  /actor/id: is required (and 1 more)",
            ]
        );
    }
}
