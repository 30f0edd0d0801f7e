//! `custody openapi`

use std::process::ExitCode;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    super::print(&serde_json::to_string_pretty(&custody_api::openapi())?)?;
    Ok(ExitCode::SUCCESS)
}
