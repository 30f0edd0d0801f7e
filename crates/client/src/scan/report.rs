//! `custody scan report`

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use reqwest::Method;

use super::file::written;
use crate::{Connection, path};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Md,
    Html,
    Pdf,
    Json,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    connection: Connection,

    /// The scan's id, as `scan list` shows it.
    id: String,

    /// Markdown, one page of HTML, PDF, or JSON.
    #[arg(long, value_enum, default_value = "md")]
    format: Form,

    /// Where to; standard output if not given.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

impl ReportArgs {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let format = match self.format {
            Form::Md => "md",
            Form::Html => "html",
            Form::Pdf => "pdf",
            Form::Json => "json",
        };
        let request = client.request(Method::GET, &path::one("scans", &self.id, "/report"));
        let answer = client.send(request.query(&[("format", format)])).await;
        let answer = answer.with_context(|| format!("cannot report on the scan {:?}", self.id))?;
        written(answer, self.output.as_deref()).await
    }
}
