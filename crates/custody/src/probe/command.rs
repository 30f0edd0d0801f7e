//! `custody probe`: asks for probes as the program itself asks for jobs. Prints their ids, one a line.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use custody_store::{
    announcements::{self, Channel},
    jobs::{self, IfTaken, NewJob},
};

use super::{act::Act, kinds::Probe};
use crate::{
    command::{print, tenant_of},
    config::Config,
    installation,
};

/// In one transaction.
const BATCH: usize = 1000;

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// A tenant's name or id (default: the operators').
    #[arg(long)]
    tenant: Option<String>,
    /// What it does; given again, what it does then.
    #[arg(long = "act", value_name = "ACT[:ARGUMENT]")]
    acts: Vec<Act>,
    /// Where each attempt says that it began and ended.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// `probe` and its kin (crates/custody/src/probe/kinds.rs), or one that nobody knows.
    #[arg(long, default_value = "probe")]
    kind: String,
    #[arg(long, default_value_t = 1)]
    payload_version: u16,
    /// In the place of the acts: what it is told to do is this.
    #[arg(long, conflicts_with_all = ["acts", "trace"])]
    payload: Option<String>,
    /// The same from a file, which may be longer than a command line.
    #[arg(long, conflicts_with_all = ["acts", "trace", "payload"], value_name = "FILE")]
    payload_file: Option<PathBuf>,
    #[arg(long, default_value_t = 3)]
    attempts_max: u16,
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    priority: i16,
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    #[arg(long, value_name = "KEY")]
    unique: Option<String>,
    /// wait, drop or refuse.
    #[arg(long, default_value = "wait", value_parser = if_taken)]
    if_taken: IfTaken,
    /// So many.
    #[arg(long, default_value_t = 1)]
    count: usize,
}

fn if_taken(text: &str) -> Result<IfTaken, String> {
    match text {
        "wait" => Ok(IfTaken::Wait),
        "drop" => Ok(IfTaken::Drop),
        "refuse" => Ok(IfTaken::Refuse),
        _ => Err("wait, drop or refuse".to_owned()),
    }
}

impl ProbeArgs {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        let (tenant, count) = (self.tenant.clone(), self.count);
        let job = self.job()?;
        installation::with(config, async |installation| {
            let tenant = tenant_of(installation, tenant.as_deref()).await?;
            let scope = installation.authority.scope(tenant.id, "probe");
            let mut ids = Vec::with_capacity(count);
            while ids.len() < count {
                let mut tx = installation.store.tenant_tx(&scope).await?;
                for _ in 0..BATCH.min(count - ids.len()) {
                    ids.push(jobs::enqueue(&mut tx, &scope, &job).await?.id());
                }
                tx.commit().await?;
                // This process ends before it would tell others by itself.
                announcements::announce(&installation.store, Channel::JobsWait).await?;
            }
            ids.iter().try_for_each(|id| print(&id.to_string()))
        })
        .await?;
        Ok(ExitCode::SUCCESS)
    }

    fn job(self) -> anyhow::Result<NewJob> {
        let probe = Probe { acts: self.acts, trace: self.trace };
        let payload = match (self.payload, self.payload_file) {
            (Some(payload), _) => payload,
            (None, Some(file)) => std::fs::read_to_string(file)?,
            (None, None) => serde_json::to_string(&probe)?,
        };
        Ok(NewJob {
            kind: self.kind.into(),
            version: self.payload_version,
            payload,
            delay: Duration::from_millis(self.delay_ms),
            priority: self.priority,
            attempts_max: self.attempts_max,
            unique: self.unique.map(|key| (key, self.if_taken)),
        })
    }
}
