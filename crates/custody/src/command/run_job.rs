//! `custody run-job`: the process of one job that has one of its own. Started by workers, never by people.

use std::process::ExitCode;

use custody_ledger::{CommitConfig, Ledger};
use custody_queue::isolated;

use crate::{config::Config, installation::Installation, search::Searches, serve};

pub(crate) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let prepare = async || {
        let installation = Installation::command(config).await?;
        let (store, keys) = (installation.store.clone(), installation.keys.clone());
        let ledger = Ledger::new(store, keys, CommitConfig::default());
        let searches = Searches::open(config, &installation, &ledger)?;
        let kinds = serve::kinds(&installation, config, (&ledger, &searches), &config.open_objects()?);
        anyhow::Ok((installation.store.clone(), installation.authority.clone(), kinds))
    };
    isolated::run_child(prepare).await.map_err(|error| anyhow::anyhow!(error))?;
    Ok(ExitCode::SUCCESS)
}
