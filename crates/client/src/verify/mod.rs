//! `custody verify`

mod anchors;
mod bundle;
mod checkpoints;
mod finding;
mod fold;
mod keys;
mod locate;
mod progress;
mod report;
mod server;
mod state;
mod stretch;

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};

use clap::Args;

use crate::Connection;
pub(crate) use keys::{Keys, Signed};
pub(crate) use progress::Progress;
use report::Report;
use server::Files;

/// Checks a bundle, or the whole log of a tenant on a server.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["bundle", "server"]))]
pub struct VerifyArgs {
    #[command(flatten)]
    connection: Connection,

    /// A bundle, as `custody export --bundle` writes it; `-` is standard input.
    #[arg(value_name = "BUNDLE")]
    bundle: Option<PathBuf>,

    /// The whole log of the credential's tenant, recomputed here from its entries.
    #[arg(long)]
    server: bool,

    /// File with the verifier keys that you trust, one a line, as `GET /api/v1/log/key` says it and you
    /// have kept it. Without it a checkpoint is held against keys that come with it.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// File that remembers what is verified: the next run goes on from there, and notices a log that was
    /// cut back. Without it everything is verified.
    #[arg(long, value_name = "FILE", requires = "server", conflicts_with = "bundle")]
    state: Option<PathBuf>,

    /// Folder with anchors that were copied out of the object store: what they sign must be the beginning
    /// of the log. The server's own are read in any case, from its object store.
    #[arg(long, value_name = "DIR", requires = "server", conflicts_with = "bundle")]
    anchors: Option<PathBuf>,

    /// Stretches of the log that are read at once; the number of processors, up to 8, if not given.
    #[arg(long, value_name = "N", requires = "server", conflicts_with = "bundle")]
    jobs: Option<NonZeroUsize>,
}

impl VerifyArgs {
    /// Prints what was found. 0: proven, 1: tampered, 2: incomplete or unreadable.
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let report = match self.check().await {
            Ok(report) => report,
            Err(error) => Report::unfinished(&error),
        };
        report.print(json)
    }

    async fn check(self) -> anyhow::Result<Report> {
        let pinned = self.key.as_deref().map(keys::read).transpose()?.unwrap_or_default();
        if let Some(path) = self.bundle {
            return tokio::task::spawn_blocking(move || bundle::check(&path, &pinned)).await?;
        }
        let jobs = self.jobs.map_or_else(server::jobs, NonZeroUsize::get);
        let files = Files { state: self.state, anchors: self.anchors };
        server::check(self.connection.open()?, pinned, files, jobs).await
    }
}
