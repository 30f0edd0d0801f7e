//! Waits for a job's end, and says meanwhile how far it is.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use tokio::time::sleep;

use super::{job::Job, show::get};
use crate::{ApiClient, output};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// A server that is away for longer is given up.
const AWAY_MAX: Duration = Duration::from_mins(2);

pub(crate) struct Follow<'a> {
    client: &'a ApiClient,
    id: &'a str,
    json: bool,
    /// Nothing where standard error is no terminal.
    line: ProgressBar,
}

impl<'a> Follow<'a> {
    pub(crate) fn new(client: &'a ApiClient, id: &'a str, json: bool) -> Self {
        let terminal = std::io::stderr().is_terminal() && !json;
        let line = if terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        line.enable_steady_tick(PAUSE);
        Self { client, id, json, line }
    }

    pub(crate) async fn until_end(&self) -> anyhow::Result<Job> {
        let (mut seen, mut heard) = (0, Instant::now());
        loop {
            match get(self.client, self.id).await {
                Ok(raw) => {
                    heard = Instant::now();
                    let job: Job = serde_json::from_str(raw.get())?;
                    if self.json && job.version > seen {
                        output::line(raw.get())?;
                    }
                    seen = job.version;
                    self.line.set_message(format!("{} {} {}", job.kind, job.status, job.news()));
                    if job.ended_at.is_some() {
                        self.line.finish_and_clear();
                        return Ok(job);
                    }
                }
                Err(error) if error.is_temporary() && heard.elapsed() < AWAY_MAX => {
                    self.line.set_message(format!("{error}"));
                }
                Err(error) => return Err(error.into()),
            }
            sleep(PAUSE).await;
        }
    }
}
