//! Writes what a scan's processes say, in batches, while the job is this worker's own.

use std::{collections::HashMap, time::Duration};

use custody_domain::{FindingSeverity, FindingStatus, ScanId};
use custody_queue::{JobError, OpContext};
use custody_store::{
    findings::{self, Inserted, NewFinding, ScanRef},
    scans::{
        self, Ending,
        checks::{self, CheckEnd, PlannedCheck},
        log,
    },
};
use tokio::time::{self, Instant};

use crate::{Phase, Progress};

/// So many findings are written at once at most, …
const FINDINGS_MAX: usize = 500;
/// … and what waits, so soon: a finding is to be seen within half a second.
const WAIT_MAX: Duration = Duration::from_millis(150);
/// A database that is away may come back; meanwhile the processes wait.
const AWAY_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Recorder<'c, S> {
    context: &'c OpContext<S>,
    scan: ScanId,
    compared: ScanRef,
    /// The tenant's own word on how bad a check's failures are.
    severities: HashMap<String, FindingSeverity>,
    progress: Progress,
    /// Checks that have not ended, by service.
    left: HashMap<String, u32>,
    services: HashMap<String, String>,
    findings: Vec<NewFinding>,
    /// Of each check that runs: passed, failed, manual.
    counts: HashMap<String, [u32; 3]>,
    started: Vec<String>,
    ended: Vec<CheckEnd>,
    log: String,
    /// Something waits since then.
    waits_since: Option<Instant>,
    /// Something was not looked at, or not wholly.
    partial: bool,
}

impl<'c, S> Recorder<'c, S> {
    /// Of a scan whose checks `left` have not ended.
    pub(super) fn new(
        context: &'c OpContext<S>,
        compared: ScanRef,
        severities: HashMap<String, FindingSeverity>,
        progress: Progress,
        partial: bool,
        left: &[PlannedCheck],
    ) -> Self {
        let mut of_services = HashMap::new();
        for check in left {
            *of_services.entry(check.service.clone()).or_insert(0) += 1;
        }
        Self {
            context,
            scan: compared.id,
            compared,
            severities,
            progress,
            left: of_services,
            services: left.iter().map(|c| (c.check_id.clone(), c.service.clone())).collect(),
            findings: Vec::new(),
            counts: HashMap::new(),
            started: Vec::new(),
            ended: Vec::new(),
            log: String::new(),
            waits_since: None,
            partial,
        }
    }

    pub(super) fn phase(&mut self, phase: Phase) {
        if self.progress.phase < phase {
            self.progress.phase = phase;
            self.something_waits();
        }
    }

    pub(super) fn check_started(&mut self, check: &str) {
        // One that is run again begins anew.
        self.counts.insert(check.to_owned(), [0; 3]);
        self.started.push(check.to_owned());
        self.something_waits();
    }

    pub(super) fn finding(&mut self, mut finding: NewFinding) {
        if let Some(severity) = self.severities.get(&finding.base.check_id) {
            finding.severity = *severity;
        }
        let counts = self.counts.entry(finding.base.check_id.clone()).or_default();
        match finding.status {
            FindingStatus::Pass => counts[0] += 1,
            FindingStatus::Fail => counts[1] += 1,
            FindingStatus::Manual => counts[2] += 1,
        }
        self.findings.push(finding);
        self.something_waits();
    }

    /// With the error, where it came to no verdict; counts are this recorder's own.
    pub(super) fn check_ended(&mut self, mut end: CheckEnd) {
        let Some(service) = self.services.remove(&end.check_id) else { return };
        [end.passed, end.failed, end.manual] = self.counts.remove(&end.check_id).unwrap_or_default();
        self.progress.checks_done += 1;
        self.progress.checks_errored += u32::from(end.error.is_some());
        self.partial |= end.error.is_some() || end.calls_failed > 0;
        if let Some(left) = self.left.get_mut(&service) {
            *left = left.saturating_sub(1);
            self.progress.services_done += u32::from(*left == 0);
        }
        self.ended.push(end);
        self.something_waits();
    }

    /// One that is none: the check's verdicts are not all there.
    pub(super) fn refused(&mut self, check: &str, why: &str) {
        self.partial = true;
        self.log(&format!("custody: a finding of {check} cannot be kept: {why}\n"));
    }

    pub(super) fn log(&mut self, text: &str) {
        self.log.push_str(text);
        self.something_waits();
    }

    fn something_waits(&mut self) {
        self.waits_since.get_or_insert_with(Instant::now);
    }

    /// Ends when what waits has waited long enough; never, where nothing does.
    pub(super) async fn due(&self) {
        match self.waits_since {
            None => std::future::pending().await,
            Some(_) if self.findings.len() >= FINDINGS_MAX => {}
            Some(since) => time::sleep_until(since + WAIT_MAX).await,
        }
    }

    /// More is not to be taken before it has been written.
    pub(super) fn is_full(&self) -> bool {
        self.findings.len() >= FINDINGS_MAX
    }

    /// Writes what waits. While the database is away it is tried again, until the job has to end.
    pub(super) async fn flush(&mut self) -> Result<(), JobError> {
        if self.waits_since.is_none() {
            return Ok(());
        }
        loop {
            match self.write(None).await {
                Err(JobError::Again { .. }) if self.context.check().is_ok() => time::sleep(AWAY_PAUSE).await,
                Err(error) => return Err(error),
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Writes what waits, if it can be written now.
    pub(super) async fn flush_once(&mut self) -> Result<(), JobError> {
        if self.waits_since.is_some() { self.write(None).await } else { Ok(()) }
    }

    /// What waits, and how the scan ended.
    pub(super) async fn end(&mut self, mut ending: Ending) -> Result<(), JobError> {
        self.progress.phase = Phase::Done;
        ending.partial |= self.partial || self.progress.incomplete > 0;
        loop {
            match self.write(Some(&ending)).await {
                Err(JobError::Again { .. })
                    if !matches!(self.context.check(), Err(JobError::Lost | JobError::Stopped)) =>
                {
                    time::sleep(AWAY_PAUSE).await;
                }
                done => return done,
            }
        }
    }

    async fn write(&mut self, ending: Option<&Ending>) -> Result<(), JobError> {
        let mut tx = self.context.begin().await?;
        let mut progress = self.progress.clone();
        if !self.started.is_empty() {
            checks::started(&mut tx, self.scan, &self.started).await?;
        }
        let now = chrono::Utc::now();
        let kept = findings::insert(&mut tx, &self.compared, &self.findings, now).await?;
        for (finding, kept) in self.findings.iter().zip(&kept) {
            if matches!(kept, Inserted::New { .. }) {
                progress.count(1, finding.status, finding.severity, finding.evidence);
            }
        }
        if !self.ended.is_empty() {
            checks::ended(&mut tx, self.scan, &self.ended).await?;
        }
        if !self.log.is_empty() {
            log::append(&mut tx, self.scan, &self.log).await?;
        }
        match ending {
            None => scans::progress(&mut tx, self.scan, &progress.to_json()).await?,
            Some(ending) => {
                let ending = Ending {
                    progress: progress.to_json(),
                    partial: ending.partial || progress.incomplete > 0,
                    ..ending.clone()
                };
                scans::end(&mut tx, self.scan, &ending).await?;
            }
        }
        // Where the answer is lost it may have been committed; once more changes nothing that was.
        tx.commit().await?;
        self.progress = progress;
        self.findings.clear();
        self.started.clear();
        self.ended.clear();
        self.log.clear();
        self.waits_since = None;
        Ok(())
    }
}
