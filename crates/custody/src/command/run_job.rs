//! `custody run-job`: the process of one job that has one of its own. Started by workers, never by people.

use std::process::ExitCode;

use custody_queue::isolated;

use crate::{config::Config, installation::Installation, serve::Parts};

pub(crate) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let prepare = async || {
        let installation = Installation::command(config).await?;
        let kinds = Parts::open(config, &installation)?.kinds;
        anyhow::Ok((installation.store.clone(), installation.authority.clone(), kinds))
    };
    isolated::run_child(prepare).await.map_err(|error| anyhow::anyhow!(error))?;
    Ok(ExitCode::SUCCESS)
}
