//! `custody keys`

use std::process::ExitCode;

use chrono::{TimeDelta, Utc};
use clap::Subcommand;
use custody_domain::TenantId;
use custody_ledger::tree::rotate_log_key;
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
    /// Makes a new key to sign checkpoints with; the one before signs beside it for a time.
    RotateLog {
        /// For how long the old keys sign beside the new one, so that whoever pinned one can learn
        /// the next. 0: an old one was stolen.
        #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(..=3650))]
        cosign_days: u16,
    },
}

impl KeysCommand {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        match self {
            Self::Rotate { distrust_old } => rotate(config, console, distrust_old).await,
            Self::RotateLog { cosign_days } => rotate_log(config, console, cosign_days).await,
        }
    }
}

async fn rotate(config: &Config, console: Console, distrust_old: bool) -> anyhow::Result<ExitCode> {
    let rotation = if distrust_old { Rotation::DistrustOld } else { Rotation::Regular };
    let kid = installation::with(config, async |installation| {
        let scope = installation.authority.scope(TenantId::RESERVED, "command line");
        let (store, keys, authority) = (&installation.store, &installation.keys, &installation.authority);
        Ok(signing_keys::rotate(store, keys, &scope, authority, rotation, Utc::now()).await?)
    })
    .await?;
    console.answer(&json!({"kid": kid}), || format!("tokens are signed with the key {kid} from now on"))?;
    Ok(ExitCode::SUCCESS)
}

async fn rotate_log(config: &Config, console: Console, cosign_days: u16) -> anyhow::Result<ExitCode> {
    let cosign = TimeDelta::days(cosign_days.into());
    let (public_key, log_name) = installation::with(config, async |installation| {
        let scope = installation.authority.scope(TenantId::RESERVED, "command line");
        let (store, keys, authority) = (&installation.store, &installation.keys, &installation.authority);
        let key = rotate_log_key(store, keys, &scope, authority, cosign, Utc::now()).await?;
        Ok((key.to_string(), store.installation().log_name.clone()))
    })
    .await?;
    console.answer(
        &json!({"public_key": public_key, "log_name": log_name, "cosign_days": cosign_days}),
        || {
            format!(
                "checkpoints of {log_name} are signed with the key {public_key} from now on, and with the \
                 ones before for {cosign_days} days; each tenant finds its verifier key at /api/v1/log/key"
            )
        },
    )?;
    Ok(ExitCode::SUCCESS)
}
