//! `custody export`

mod bounds;
mod checked;
mod job;
mod nodes;
mod parameters;
mod part;
mod range;
mod stream;
mod target;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use custody_proof::bundle::WriteError;

use crate::{Connection, caret::explained};
use bounds::Bounds;
use checked::NotWhole;

/// Writes entries into a file: all that a query matches, oldest first.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    connection: Connection,

    /// The query; several words are joined by spaces. All entries if not given. After `--` a word may
    /// start with `-`.
    query: Vec<String>,

    /// Of the file.
    #[arg(long, short, value_enum, default_value_t = Format::Ndjson, conflicts_with = "bundle")]
    format: Format,

    /// A file that proves itself: entries, proofs, the signed checkpoint and its key, which
    /// `custody verify BUNDLE` checks without a server (docs/bundle.md). Without a query it proves that
    /// nothing is missing between two times, too.
    #[arg(long)]
    bundle: bool,

    /// What happened at this time or later (RFC 3339, or a date); of a bundle without a query, what was
    /// received then or later.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,

    /// … and before that time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,

    /// What was received at this time or later.
    #[arg(long, value_name = "TIME")]
    received_from: Option<String>,

    /// … and before that time.
    #[arg(long, value_name = "TIME")]
    received_to: Option<String>,

    /// Compresses the file: with zstd, or as `-z=gzip` says.
    #[arg(long, short = 'z', value_enum, value_name = "HOW", num_args = 0..=1, require_equals = true,
        default_missing_value = "zstd", conflicts_with = "bundle")]
    compress: Option<Compress>,

    /// Lets the server write the file first, and fetches it then: for what is very large. What breaks off
    /// goes on where it was.
    #[arg(long)]
    job: bool,

    /// Goes on with the file of this job, which an earlier `--job` has named.
    #[arg(long, value_name = "JOB", conflicts_with_all = ["query", "job", "bundle"])]
    resume: Option<String>,

    /// Where to; `-`, which is standard output, if not given. A file is there once it is whole.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Ndjson,
    Json,
    Csv,
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Compress {
    Zstd,
    Gzip,
}

impl ExportArgs {
    /// 0: written whole, and of a bundle every proof checked; 1: what came is not what was exported, or the
    /// log is not what it signed, and nothing is written; 2: it could not be brought to an end.
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        match self.export(json).await {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => {
                let tampered = error.downcast_ref::<WriteError>().is_some_and(is_tampering)
                    || error.downcast_ref::<NotWhole>().is_some_and(NotWhole::is_tampering);
                eprintln!("custody: nothing is exported: {error:#}");
                Ok(ExitCode::from(if tampered { 1 } else { 2 }))
            }
        }
    }

    async fn export(self, json: bool) -> anyhow::Result<()> {
        if self.bundle && self.is_a_stretch() {
            let from = bounds::time("--from", self.from.as_deref()).map_err(anyhow::Error::msg)?;
            let to = bounds::time("--to", self.to.as_deref()).map_err(anyhow::Error::msg)?;
            return range::export(self.connection.open()?, Bounds { from, to }, self.output, json).await;
        }
        let client = self.connection.open()?;
        let parameters = self.parameters();
        let done = if let Some(id) = &self.resume {
            job::fetch(&client, id, &self.output, json).await
        } else if self.job {
            job::export(&client, &parameters, &self.output, json).await
        } else {
            stream::export(&client, &parameters, &self.output, json).await
        };
        done.map_err(|error| explained(&self.query.join(" "), error))
    }

    /// Whether all entries between two times are wanted: only then can it be proven that none is missing.
    fn is_a_stretch(&self) -> bool {
        self.query.is_empty() && self.received_from.is_none() && self.received_to.is_none() && !self.job
    }
}

fn is_tampering(error: &WriteError) -> bool {
    !matches!(error, WriteError::Io(_))
}
