//! A stretch of the log, whole: a bundle of the kind *range*.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use custody_proof::{
    bundle::{BundleWriter, Header},
    stream::{Frame, read_frame},
};
use serde_json::json;

use super::{bounds::Bounds, target::Target};
use crate::{
    ApiClient,
    log::Log,
    output,
    text::count,
    verify::{Keys, Progress},
};

pub(super) async fn export(
    client: ApiClient,
    bounds: Bounds,
    path: PathBuf,
    json: bool,
) -> anyhow::Result<()> {
    let log = Log::new(client);
    let keys = Keys::new(Vec::new(), &log.keys().await?)?;
    let note = log.checkpoint().await?;
    let signed = keys.open(&note).map_err(|detail| anyhow::anyhow!("the newest checkpoint {detail}"))?;
    let header = bounds.header(&log, &keys, note, &signed).await?;
    let target = Target::open(&path, false)?;
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
fn tell(header: &Header, path: &Path, json: bool) -> anyhow::Result<()> {
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
