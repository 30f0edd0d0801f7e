//! `custody migrate`

use std::process::ExitCode;

use serde_json::json;

use super::Console;
use crate::{config::Config, installation};

pub(crate) async fn run(config: &Config, console: Console) -> anyhow::Result<ExitCode> {
    let migrated = installation::with(config, async |installation| Ok(installation.migrated.clone())).await?;
    let (from, to) = (migrated.from, migrated.to);
    console.answer(&json!({"from": from, "to": to}), || {
        if from == to {
            format!("the database is at schema {to} already")
        } else {
            format!("the database was brought from schema {from} to {to}")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
