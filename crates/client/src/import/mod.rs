//! `custody import`

mod answer;
mod batch;
mod delivery;
mod faults;
mod files;
mod items;
mod progress;
mod read;
mod retries;
mod scanner;
mod send;
mod summary;

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, ValueEnum};

use crate::{Connection, output};

pub use summary::Summary;

/// Sends files of events: JSON arrays, `{"Records": […]}`, NDJSON; plain, gzip or zstd.
///
/// Running it again adds nothing for events that carry an id of their own (`event_id`, CloudTrail's
/// eventID), so an import that broke off is resumed by starting it again.
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    connection: Connection,

    /// Files, and folders with all .json, .ndjson, .jsonl and .log files in them, compressed or not;
    /// `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What the events are; `auto` lets the server look at each.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,

    /// How long to go on trying while the server does not answer, is busy or puts events off.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    retry_seconds_max: u64,
}

/// The formats that the server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Auto,
    Custody,
    Cloudtrail,
}

impl Format {
    /// As the `format` parameter says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Custody => "custody",
            Self::Cloudtrail => "cloudtrail",
        }
    }
}

impl ImportArgs {
    /// Reads, sends, and prints the summary. Exit code 1 if anything was not taken.
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let found = files::find(&self.files);
        let passed_over = found.passed_over;
        let progress = progress::Progress::start(found.bytes());
        // One batch is read while another is on its way.
        let (batches, mut arriving) = tokio::sync::mpsc::channel(2);
        let reading = progress.clone();
        let reader = tokio::task::spawn_blocking(move || read::all(found, &reading, &batches));

        let retries = retries::Retries { total_max: Duration::from_secs(self.retry_seconds_max) };
        let mut sender = send::Sender::new(client, self.format, retries, progress.clone());
        while let Some(read) = arriving.recv().await {
            if !sender.take(read).await {
                break;
            }
        }
        // Tells the reader to stop where the sender gave up.
        drop(arriving);
        reader.await?;
        progress.finish();

        let mut summary = sender.into_summary();
        summary.passed_over = passed_over;
        if json {
            output::line(&serde_json::to_string(&summary)?)?;
        } else {
            output::line(&summary.to_string())?;
        }
        std::io::stdout().flush()?;
        Ok(if summary.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
