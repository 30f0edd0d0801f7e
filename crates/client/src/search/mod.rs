//! `custody search`

mod page;
mod table;

use std::process::ExitCode;

use clap::Args;

use crate::{Connection, caret::explained, output, row};

/// Asks for entries: `custody search actor:alice action:iam.* severity>=ERROR "access denied"`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    #[command(flatten)]
    connection: Connection,

    /// The query; several words are joined by spaces. After `--` a word may start with `-`.
    query: Vec<String>,

    /// The most entries to print.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,

    /// The order: `-received_at` (received last first; the default), `received_at`, `-occurred_at`,
    /// `occurred_at`.
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,

    /// What happened at this time or later (RFC 3339).
    #[arg(long, value_name = "TIME")]
    from: Option<String>,

    /// What happened before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,

    /// What was received at this time or later.
    #[arg(long, value_name = "TIME")]
    received_from: Option<String>,

    /// What was received before this time.
    #[arg(long, value_name = "TIME")]
    received_to: Option<String>,
}

impl SearchArgs {
    /// Prints entries as a table, or with `json` as NDJSON, page after page up to the limit.
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let query = self.query.join(" ");
        let mut pages = page::Pages::new(client, self.parameters(&query), self.limit);
        let mut table = table::Table::new();
        loop {
            let items = pages.next().await.map_err(|error| explained(&query, error))?;
            let Some(items) = items else { break };
            for item in &items {
                if json {
                    output::line(item.get())?;
                }
            }
            if !json {
                let rows: Vec<_> = items.iter().map(|item| row::Row::of(item)).collect();
                table.rows(&rows).iter().try_for_each(|line| output::line(line))?;
            }
        }
        if json {
            return Ok(ExitCode::SUCCESS);
        }
        if pages.found() == 0 {
            eprintln!("nothing found");
        } else if pages.has_more() {
            eprintln!("there is more: --limit {} shows further entries", self.limit.saturating_mul(10));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn parameters(&self, query: &str) -> Vec<(&'static str, String)> {
        let given = [
            ("q", (!query.trim().is_empty()).then(|| query.to_owned())),
            ("sort", self.sort.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("received_from", self.received_from.clone()),
            ("received_to", self.received_to.clone()),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
