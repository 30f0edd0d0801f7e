//! `custody jobs`: what a tenant's jobs are doing, and what can be done about it.

mod act;
mod follow;
mod job;
mod list;
mod show;

use std::process::ExitCode;

use clap::Subcommand;

pub(crate) use follow::Follow;

/// Work that outlives the request that asked for it.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// Lists jobs, the newest first.
    List(list::ListArgs),
    /// Shows one job; with --follow until it ends.
    ///
    /// With --follow it exits with 0 when the job has completed, and with 1 when it failed or was
    /// cancelled.
    Show(show::ShowArgs),
    /// Cancels a job: at once if it waits; one that runs is told to stop.
    Cancel(act::ActArgs),
    /// Lets a job that failed or was cancelled wait again, with all its attempts.
    Retry(act::ActArgs),
}

impl JobsCommand {
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::List(args) => args.run(json).await,
            Self::Show(args) => args.run(json).await,
            Self::Cancel(args) => args.run(act::Act::Cancel, json).await,
            Self::Retry(args) => args.run(act::Act::Retry, json).await,
        }
    }
}
