//! `custody quarantine show`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::value::RawValue;

use super::list::{Fault, Item};
use crate::{
    ClientError, Connection, output, path,
    text::{count, shown, shown_lines},
};

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    connection: Connection,

    /// The item's id, as `quarantine list` shows it.
    id: String,

    /// Prints what the item says, without what the mask policy takes, and nothing else.
    #[arg(long)]
    content: bool,
}

impl ShowArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        if self.content {
            let request = client.request(Method::GET, &path::one("quarantine", &self.id, "/content"));
            let answer = client.send(request).await.with_context(|| self.failed())?;
            let content = answer.text().await?;
            // For a file as it is; what a terminal would act on is written out.
            let terminal = console::Term::stdout().is_term();
            output::line(&if terminal { shown_lines(&content) } else { content })?;
            return Ok(ExitCode::SUCCESS);
        }
        let request = client.request(Method::GET, &path::one("quarantine", &self.id, ""));
        let item: Result<Box<RawValue>, ClientError> = client.json(request).await;
        let item = item.with_context(|| self.failed())?;
        if json {
            output::line(item.get())?;
        } else {
            output::line(&told(&serde_json::from_str(item.get())?))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn failed(&self) -> String {
        format!("cannot show the item {:?}", self.id)
    }
}

fn received(item: &Item) -> String {
    let first = shown(&item.received_at);
    if item.times > 1 {
        format!("{first}, {} times, last {}", item.times, shown(&item.last_received_at))
    } else {
        first
    }
}

fn told(item: &Item) -> String {
    let mut lines = vec![
        format!("id        {}", shown(&item.id)),
        format!("received  {}", received(item)),
        format!("sent by   {} ({})", shown(&item.recorded_by.principal), shown(&item.recorded_by.via)),
        format!("format    {}, {}", shown(&item.source_format), count(item.size_bytes, "byte", "bytes")),
        format!("reason    {}", shown(&item.reason)),
    ];
    if let Some(kept) = item.kept_bytes {
        lines.push(format!("kept      its first {}", count(kept, "byte", "bytes")));
    }
    lines.extend(item.errors.iter().map(|fault| format!("          {}", Fault::text(fault))));
    lines.join("\n")
}
