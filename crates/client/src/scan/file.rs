//! `custody scan import`, `custody scan export`

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use futures::StreamExt as _;
use reqwest::{Body, Method};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{fs::File, io::AsyncWriteExt as _};
use tokio_util::io::ReaderStream;

use super::shape::Scan;
use crate::{Connection, output, path, problem::Report, text::shown};

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    connection: Connection,

    /// Findings of a Prowler run: OCSF JSON, CSV, ASFF, SARIF; plain, gzip or zstd.
    file: PathBuf,

    /// What to call the scan.
    #[arg(long)]
    name: Option<String>,

    /// Of findings that do not say it themselves.
    #[arg(long)]
    provider: Option<String>,

    /// Of findings that do not say it themselves.
    #[arg(long)]
    account: Option<String>,
}

#[derive(Deserialize)]
struct Imported {
    scan: Scan,
    report: ImportReport,
}

#[derive(Deserialize)]
struct ImportReport {
    kept: u64,
    known: u64,
    refused: u64,
    #[serde(flatten)]
    told: Report,
}

impl ImportArgs {
    /// Exits with 1 where something of the file was not taken.
    pub(super) async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let file = File::open(&self.file).await;
        let file = file.with_context(|| format!("cannot read {}", self.file.display()))?;
        let given = [("name", &self.name), ("provider", &self.provider), ("account", &self.account)];
        let given: Vec<_> =
            given.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect();
        let request = client
            .request(Method::POST, "/api/v1/scans/import")
            .query(&given)
            .header("content-type", "application/octet-stream")
            .body(Body::wrap_stream(ReaderStream::new(file)));
        let answer: Box<RawValue> = client.json(request).await?;
        let imported: Imported = serde_json::from_str(answer.get())?;
        let ImportReport { kept, known, refused, told } = imported.report;
        let whole = refused == 0 && told.broken.is_none();
        if json {
            output::line(answer.get())?;
        } else {
            output::line(&format!(
                "{}: {kept} findings kept, {known} known already",
                shown(&imported.scan.id)
            ))?;
            told.lines().for_each(|line| eprintln!("{line}"));
            if refused > 0 {
                eprintln!("{refused} were not taken");
            }
        }
        Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Ocsf,
    Csv,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    connection: Connection,

    /// The scan's id, as `scan list` shows it.
    id: String,

    /// As Prowler writes it.
    #[arg(long, value_enum, default_value = "ocsf")]
    format: Form,

    /// Where to; standard output if not given.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

impl ExportArgs {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let format = match self.format {
            Form::Ocsf => "ocsf",
            Form::Csv => "csv",
        };
        let request = client.request(Method::GET, &path::one("scans", &self.id, "/export"));
        let answer = client.send(request.query(&[("format", format)])).await;
        let answer = answer.with_context(|| format!("cannot export the scan {:?}", self.id))?;
        written(answer, self.output.as_deref()).await
    }
}

/// Writes an answer's body as it comes; to standard output where no file is named.
pub(super) async fn written(answer: reqwest::Response, to: Option<&Path>) -> anyhow::Result<ExitCode> {
    let mut pieces = answer.bytes_stream();
    let mut to: Box<dyn tokio::io::AsyncWrite + Unpin> = match to {
        Some(path) => {
            let file = File::create(path).await;
            Box::new(file.with_context(|| format!("cannot write {}", path.display()))?)
        }
        None => Box::new(tokio::io::stdout()),
    };
    while let Some(piece) = pieces.next().await {
        to.write_all(&piece.context("the answer broke off")?).await?;
    }
    to.flush().await?;
    Ok(ExitCode::SUCCESS)
}
