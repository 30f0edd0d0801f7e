//! An export as it is sent.

use std::{
    io::{IsTerminal as _, Write as _},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use custody_proof::bundle;
use http_body_util::BodyExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{
    Method,
    header::{ACCEPT_ENCODING, TE},
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    checked::{Came, NotWhole, Said},
    parameters::{Parameters, is_bundle},
    target::Target,
};
use crate::{ApiClient, ClientError, output, text::count};

const PATH: &str = "/api/v1/logs/export";
const TRAILER: &str = "custody-export";
const EXPORT_ID: &str = "custody-export-id";
/// What the server says of an export at its end is in the log after a second or so.
const LOG_PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(500);

pub(super) async fn export(
    client: &ApiClient,
    parameters: &Parameters,
    path: &Path,
    json: bool,
) -> anyhow::Result<()> {
    let is_bundle = is_bundle(parameters);
    let binary =
        is_bundle || parameters.iter().any(|(name, value)| *name == "compression" || value == "parquet");
    let mut target = Target::open(path, !binary)?;
    // Uncompressed on the way: to do it twice costs more than it saves. `TE` is what a trailer needs.
    let request = client
        .request(Method::GET, PATH)
        .query(parameters)
        .header(ACCEPT_ENCODING, "identity")
        .header(TE, "trailers");
    let answer = client.send(request).await?;
    let id = answer.headers().get(EXPORT_ID).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let bar = bar(None);
    let (mut came, mut said) = (Came::default(), None);
    let mut body = reqwest::Body::from(answer);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ClientError::CutOff { url: client.url().to_owned() })?;
        match frame.into_data() {
            Ok(bytes) => {
                came.add(&bytes);
                target.write_all(&bytes)?;
                bar.set_position(came.bytes);
            }
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                said = trailers.get(TRAILER).and_then(|value| serde_json::from_slice(value.as_bytes()).ok());
            }
        }
    }
    bar.finish_and_clear();
    let said: Said = match said {
        Some(said) => said,
        None => from_log(client, &id).await?,
    };
    came.check(&said)?;
    target.flush()?;
    if is_bundle && let Some(part) = target.part() {
        let file = std::fs::File::open(part)?;
        bundle::check(std::io::BufReader::with_capacity(1 << 20, file), &[], |_, _| {})
            .context("the bundle does not prove itself")?;
    }
    target.commit()?;
    tell(&said, path, is_bundle, json)
}

/// Where something on the way left out the trailer: what the log says of the export.
async fn from_log(client: &ApiClient, id: &str) -> anyhow::Result<Said> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        outcome: String,
        metadata: serde_json::Value,
    }
    let query = [
        ("action", "custody.log.export_ended"),
        ("resource_id", id),
        ("resource_type", "export"),
        ("limit", "1"),
    ];
    let due = Instant::now() + LOG_PATIENCE;
    while !id.is_empty() && Instant::now() < due {
        let page: Page = client.json(client.request(Method::GET, "/api/v1/logs").query(&query)).await?;
        if let Some(entry) = page.items.into_iter().next() {
            let said = serde_json::from_value(entry.metadata).ok().filter(|_| entry.outcome == "success");
            return Ok(said.ok_or(NotWhole::NotSaid)?);
        }
        sleep(PAUSE).await;
    }
    Err(NotWhole::NotSaid.into())
}

/// A bar over bytes; nothing where standard error is no terminal.
pub(super) fn bar(bytes: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match bytes {
        Some(bytes) => (
            ProgressBar::new(bytes),
            "Fetching {bar:30} {percent:>3}% {binary_bytes}/{binary_total_bytes}, {binary_bytes_per_sec}, {eta} left",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} Exporting {binary_bytes}, {binary_bytes_per_sec}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// On standard error where the file itself is on standard output.
pub(super) fn tell(said: &Said, path: &Path, is_bundle: bool, json: bool) -> anyhow::Result<()> {
    let is_stdout = path.as_os_str() == "-";
    if json && !is_stdout {
        let Said { entries, bytes, sha256 } = said;
        let told = json!({"file": path, "entries": entries, "bytes": bytes, "sha256": sha256});
        output::line(&told.to_string())?;
        return Ok(());
    }
    let file = if is_stdout { "standard output".to_owned() } else { path.display().to_string() };
    let entries = count(said.entries, "entry", "entries");
    eprintln!("{entries} in {file}, {} bytes, SHA-256 {}", said.bytes, said.sha256);
    if is_bundle && !is_stdout {
        eprintln!("check it with: custody verify {file}");
    }
    Ok(())
}
