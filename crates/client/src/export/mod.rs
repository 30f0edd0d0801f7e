//! `custody export`

mod bounds;
mod nodes;
mod target;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use custody_proof::bundle::{BundleWriter, WriteError};
use custody_proof::stream::{Frame, read_frame};
use serde_json::json;

use crate::{
    ApiClient, Connection,
    log::Log,
    output,
    text::count,
    verify::{Keys, Progress},
};
use bounds::Bounds;
use target::Target;

/// Writes a stretch of the log into a file that proves itself.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    connection: Connection,

    /// A bundle: entries, proofs, the signed checkpoint and its key, which `custody verify BUNDLE` checks
    /// without a server (docs/bundle.md).
    #[arg(long, required = true)]
    bundle: bool,

    /// Received at that time or later (RFC 3339, or a date); from the log's first entry on if not given.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,

    /// … and before that time; up to the newest checkpoint if not given.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,

    /// Where to; `-`, which is standard output, if not given. A file is there once it is whole.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

impl ExportArgs {
    /// 0: written, and every proof in it checked; 1: the log is not what it signed, and nothing is
    /// written; 2: it could not be brought to an end.
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let (from, to) =
            (bounds::time("--from", self.from.as_deref()), bounds::time("--to", self.to.as_deref()));
        let (from, to) = match (from, to) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(error), _) | (_, Err(error)) => {
                eprintln!("custody: {error}");
                return Ok(ExitCode::from(2));
            }
        };
        match export(self.connection.open()?, Bounds { from, to }, self.output, json).await {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => {
                let tampered = error.downcast_ref::<WriteError>().is_some_and(is_tampering);
                eprintln!("custody: nothing is exported: {error:#}");
                Ok(ExitCode::from(if tampered { 1 } else { 2 }))
            }
        }
    }
}

fn is_tampering(error: &WriteError) -> bool {
    !matches!(error, WriteError::Io(_))
}

async fn export(client: ApiClient, bounds: Bounds, path: PathBuf, json: bool) -> anyhow::Result<()> {
    let log = Log::new(client);
    let keys = Keys::new(Vec::new(), &log.keys().await?)?;
    let note = log.checkpoint().await?;
    let signed = keys.open(&note).map_err(|detail| anyhow::anyhow!("the newest checkpoint {detail}"))?;
    let header = bounds.header(&log, &keys, note, &signed).await?;
    let target = Target::open(&path)?;
    let progress = Progress::start(header.end - header.first, "Exporting");
    let mut writer = BundleWriter::begin(target, &header)?;
    let mut next = header.first;
    while next < header.end {
        let begun = next;
        let mut reader = log.entries(next, header.end).await?;
        reader.opening().await?;
        let mut rest = Vec::new();
        'stream: loop {
            let bytes = reader.more(rest).await?.context("the log's stream broke off")?;
            let mut at = 0;
            while let Some((frame, length)) = read_frame(bytes.get(at..).unwrap_or_default())? {
                at += length;
                match frame {
                    Frame::Entry(entry) => {
                        writer.entry(entry.seq, entry.id, entry.body)?;
                        next = entry.seq + 1;
                        progress.add(1);
                    }
                    Frame::Unreadable(entry) => {
                        anyhow::bail!("entry {} ({}) cannot be read: {}", entry.seq, entry.id, entry.detail)
                    }
                    Frame::End { .. } => break 'stream,
                }
            }
            rest = bytes.get(at..).unwrap_or_default().to_vec();
        }
        if next == begun {
            break;
        }
    }
    writer.finish()?.commit()?;
    drop(progress);
    tell(&header, &path, json)
}

/// On standard error where the bundle itself is on standard output.
fn tell(header: &custody_proof::bundle::Header, path: &std::path::Path, json: bool) -> anyhow::Result<()> {
    let entries = header.end - header.first;
    let is_stdout = path.as_os_str() == "-";
    if json && !is_stdout {
        let told = json!({"file": path, "first": header.first, "end": header.end, "entries": entries});
        output::line(&told.to_string())?;
    } else {
        let file = path.display().to_string();
        let (to, argument) = if is_stdout { ("standard output", "BUNDLE") } else { (&*file, &*file) };
        let entries = count(entries, "entry", "entries");
        eprintln!("{entries} in {to}; check it with: custody verify {argument}");
    }
    Ok(())
}
