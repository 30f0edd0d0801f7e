//! Shows a scan as it goes by: each check as it ends, and below them how far it is.

use std::{
    collections::HashSet,
    io::IsTerminal as _,
    process::ExitCode,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::value::RawValue;
use tokio::time::sleep;

use super::{
    FOUND,
    checks::{self, Check},
    shape::Scan,
};
use crate::{ApiClient, ClientError, output, path};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// A server that is away for longer is given up.
const AWAY_MAX: Duration = Duration::from_mins(2);

/// Until it has ended; with the exit code that says how.
pub(super) async fn until_end(client: &ApiClient, id: &str, json: bool) -> anyhow::Result<ExitCode> {
    let mut watch = Watch { client, id, json, line: line(json), told: HashSet::new() };
    let scan = watch.until_end().await?;
    if !json {
        output::line("")?;
        output::line(&scan.told())?;
    }
    Ok(match scan.status.as_str() {
        "completed" if failures(client, id).await? => ExitCode::from(FOUND),
        // What could not be looked at is not clean.
        "completed" if !scan.partial => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

pub(super) async fn get(client: &ApiClient, id: &str) -> Result<Box<RawValue>, ClientError> {
    client.json(client.request(Method::GET, &path::one("scans", id, ""))).await
}

/// Whether anything fails that nobody has muted.
async fn failures(client: &ApiClient, id: &str) -> Result<bool, ClientError> {
    #[derive(serde::Deserialize)]
    struct Page {
        items: Vec<serde::de::IgnoredAny>,
    }
    let filters = [("scan_id", id), ("status", "FAIL"), ("muted", "false"), ("limit", "1")];
    let page: Page = client.json(client.request(Method::GET, "/api/v1/findings").query(&filters)).await?;
    Ok(!page.items.is_empty())
}

struct Watch<'a> {
    client: &'a ApiClient,
    id: &'a str,
    json: bool,
    /// Nothing where standard error is no terminal.
    line: ProgressBar,
    /// Checks whose end was told.
    told: HashSet<String>,
}

impl Watch<'_> {
    async fn until_end(&mut self) -> anyhow::Result<Scan> {
        let (mut seen, mut heard) = (0, Instant::now());
        loop {
            match self.look(seen).await {
                Ok(scan) => {
                    heard = Instant::now();
                    seen = scan.version;
                    if scan.has_ended() {
                        self.line.finish_and_clear();
                        return Ok(scan);
                    }
                }
                Err(error) if is_temporary(&error) && heard.elapsed() < AWAY_MAX => {
                    self.line.set_message(format!("{error}"));
                }
                Err(error) => return Err(error),
            }
            sleep(PAUSE).await;
        }
    }

    async fn look(&mut self, seen: u64) -> anyhow::Result<Scan> {
        let raw = get(self.client, self.id).await?;
        let scan: Scan = serde_json::from_str(raw.get())?;
        if scan.version == seen {
            return Ok(scan);
        }
        if self.json {
            output::line(raw.get())?;
            return Ok(scan);
        }
        for check in checks::all(self.client, self.id, &[]).await? {
            self.tell(&check)?;
        }
        self.line.set_length(scan.progress.checks_total);
        self.line.set_position(scan.progress.checks_done);
        self.line.set_message(message(&scan));
        Ok(scan)
    }

    /// Once, when it has ended.
    fn tell(&mut self, check: &Check) -> anyhow::Result<()> {
        if !check.has_ended() || !self.told.insert(check.id.clone()) {
            return Ok(());
        }
        Ok(self.line.suspend(|| output::line(&check.told()))?)
    }
}

fn is_temporary(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ClientError>().is_some_and(ClientError::is_temporary)
}

fn line(json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} [{bar:24}] {pos}/{len} checks  {msg}");
    let line = ProgressBar::new(0);
    if let Ok(style) = style {
        line.set_style(style.progress_chars("=> "));
    }
    line.enable_steady_tick(PAUSE);
    line
}

fn message(scan: &Scan) -> String {
    match (scan.status.as_str(), scan.progress.phase.as_str()) {
        ("pending", _) => "waits for a worker".to_owned(),
        (_, "checking" | "done") => format!("failures: {}", scan.progress.findings.told()),
        (_, phase) => phase.to_owned(),
    }
}
