//! Log lines, to standard error: standard output belongs to answers.

use std::io::{IsTerminal as _, stderr};

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// What the database says about a table that is there already is no news. A filter that names it wins.
const QUIET: &str = "sqlx::postgres::notice=warn";

/// Starts logging. A server logs as it is configured; a command only warns, unless `RUST_LOG` says
/// otherwise, because its answer is what the person wants to see.
pub(crate) fn start(config: &Config, serving: bool) -> anyhow::Result<()> {
    let filter = match (std::env::var("RUST_LOG"), serving) {
        (Ok(filter), _) => filter,
        (Err(_), true) => config.log.clone(),
        (Err(_), false) => "warn".to_owned(),
    };
    let filter =
        EnvFilter::try_new(format!("{QUIET},{filter}")).with_context(|| format!("log = {filter:?}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.with_ansi(stderr().is_terminal()).with_target(false).init(),
    }
    Ok(())
}
