//! `custody rebuild`: what is derived from the logs is made again from nothing.

use std::{fs, io, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use custody_search::opensearch::{NAME, VERSION};
use serde_json::json;

use super::{Console, tenant_of};
use crate::{
    config::Config,
    installation::{self, Installation},
    search::Searches,
};

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// What is made again.
    #[arg(value_enum)]
    projection: Projection,
    /// Of this tenant alone (a name or an id); of the index in files.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Projection {
    /// The index that searches look into.
    Search,
}

impl RebuildArgs {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        let Projection::Search = self.projection;
        let said = installation::with(config, async |installation| {
            let ledger = installation.ledger();
            match Searches::open(config, installation, &ledger)? {
                Searches::Tantivy(_) => files(config, installation, self.tenant.as_deref()).await,
                Searches::OpenSearch(index) => {
                    if self.tenant.is_some() {
                        bail!("the index in OpenSearch is made again for all tenants at once; leave --tenant out");
                    }
                    let begun = ledger.begin_projection_anew(NAME, VERSION).await?;
                    // Whoever follows does it too, before it begins.
                    if let Err(error) = index.remove_but(Some(begun.generation)).await {
                        tracing::warn!(%error, "the old index was not removed; the server does it when it can");
                    }
                    Ok("the server makes the index again; until then searches read the log")
                }
            }
        })
        .await?;
        console.answer(&json!({"rebuilt": "search", "detail": said}), || said.to_owned())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A server has them open, and would take their loss for damage in the middle of an answer.
async fn files(
    config: &Config,
    installation: &Installation,
    tenant: Option<&str>,
) -> anyhow::Result<&'static str> {
    if installation.is_beside_a_server() {
        bail!("a server runs on {}: stop it, and try again", config.data_dir.display());
    }
    let mut folder = config.data_dir.join("search");
    if let Some(tenant) = tenant {
        folder.push(tenant_of(installation, Some(tenant)).await?.id.to_string());
    }
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("the folder {} was not removed", folder.display()))
        }
        _ => Ok("the index was removed; the server makes it again when it starts"),
    }
}
