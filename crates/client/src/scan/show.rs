//! `custody scan show`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::{shape::Scan, watch};
use crate::{Connection, output};

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    connection: Connection,

    /// The scan's id, as `scan list` shows it.
    id: String,

    /// Shows it until it ends; with --json each change is a line.
    #[arg(long)]
    watch: bool,
}

impl ShowArgs {
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let failed = || format!("cannot show the scan {:?}", self.id);
        if self.watch {
            return watch::until_end(&client, &self.id, json).await.with_context(failed);
        }
        let scan = watch::get(&client, &self.id).await.with_context(failed)?;
        if json {
            output::line(scan.get())?;
        } else {
            output::line(&serde_json::from_str::<Scan>(scan.get())?.told())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
