//! `custody scan`: the client's verbs, and what is done on the machine that scans.

use std::process::ExitCode;

use clap::Subcommand;
use custody_client::ScanCommand;
use serde_json::json;

use super::Console;
use crate::{config::Config, scans};

/// Scans of cloud accounts by Prowler.
#[derive(Debug, Subcommand)]
pub(crate) enum ScanVerb {
    /// Installs Prowler where this machine's worker finds it, in an environment of its own.
    ///
    /// The version and the hash of everything in it are part of this program. It comes from `PyPI`, or from
    /// where pip's own configuration says; needs Python 3.10 to 3.12 with `venv`, four minutes and 2.4 GB.
    /// Where it is there already nothing is done. Another Prowler can be named by the setting `prowler`.
    Setup,
    #[command(flatten)]
    Ask(Box<ScanCommand>),
}

impl ScanVerb {
    pub(crate) async fn run(self, config: &Config, console: Console) -> anyhow::Result<ExitCode> {
        match self {
            Self::Ask(command) => command.run(console.json).await,
            Self::Setup => setup(config, console).await,
        }
    }
}

async fn setup(config: &Config, console: Console) -> anyhow::Result<ExitCode> {
    let told = |line: &str| eprintln!("{line}");
    let probed = scans::environment(config).setup(told).await?;
    let value = json!({
        "python": probed.python, "python_version": probed.python_version, "prowler_version": probed.engine_version,
    });
    console.answer(&value, || {
        format!(
            "Prowler {} is set up: {} (Python {})",
            probed.engine_version,
            probed.python.display(),
            probed.python_version
        )
    })?;
    Ok(ExitCode::SUCCESS)
}
