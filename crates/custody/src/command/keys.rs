//! `custody keys`

use std::process::ExitCode;

use chrono::Utc;
use clap::Subcommand;
use custody_domain::TenantId;
use custody_store::signing_keys::{self, Rotation};
use serde_json::json;

use super::Console;
use crate::{config::Config, installation};

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Makes a new key to sign tokens with; those that the old one signed stay good until they end.
    Rotate {
        /// The old key was stolen: every token that it signed is void at once.
        #[arg(long)]
        distrust_old: bool,
    },
}

impl KeysCommand {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        let Self::Rotate { distrust_old } = self;
        let rotation = if distrust_old { Rotation::DistrustOld } else { Rotation::Regular };
        let kid = installation::with(config, async |installation| {
            let scope = installation.authority.scope(TenantId::RESERVED, "command line");
            let (store, keys, authority) = (&installation.store, &installation.keys, &installation.authority);
            Ok(signing_keys::rotate(store, keys, &scope, authority, rotation, Utc::now()).await?)
        })
        .await?;
        console
            .answer(&json!({"kid": kid}), || format!("tokens are signed with the key {kid} from now on"))?;
        Ok(ExitCode::SUCCESS)
    }
}
