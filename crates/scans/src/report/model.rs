//! What a report says.

use chrono::{DateTime, SecondsFormat, Utc};
use custody_domain::{FindingSeverity, ScanId};
use serde::{Serialize, Serializer};

use crate::BySeverity;

/// A report is of one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub title: String,
    #[serde(serialize_with = "second")]
    pub made_at: DateTime<Utc>,
    pub scan: About,
    /// What a reader has to know before believing the rest, in sentences.
    pub notes: Vec<String>,
    pub summary: Summary,
    pub looked_at: LookedAt,
    /// Checks of critical and high severity with failures, the gravest first.
    pub grave: Vec<Failing>,
    /// The other checks with failures.
    pub others: Vec<FailingCheck>,
    pub trend: Trend,
    pub muted: Listed<Muted>,
    pub triage: Listed<Triaged>,
}

/// The scan itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct About {
    pub id: ScanId,
    pub name: String,
    pub source: &'static str,
    pub provider: String,
    pub account: Option<String>,
    pub engine: Option<String>,
    pub status: &'static str,
    pub partial: bool,
    pub failure: Option<String>,
    /// As an entry's `recorded_by.principal`.
    pub created_by: String,
    #[serde(serialize_with = "second")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "second_or_none")]
    pub started_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "second_or_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// What it was narrowed to, kind by kind.
    pub scope: Vec<Narrowed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Narrowed {
    /// `regions`
    pub kind: String,
    pub to: Vec<String>,
}

/// Numbers of findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub findings: u64,
    pub passed: u64,
    /// Muted ones too.
    pub failed: u64,
    pub manual: u64,
    /// Whose evidence is incomplete.
    pub incomplete: u64,
    /// Failures that are muted.
    pub muted: u64,
    /// Those that are not.
    pub failures: BySeverity,
    /// By name.
    pub services: Vec<ServiceSummary>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServiceSummary {
    pub service: String,
    pub passed: u64,
    pub failed: u64,
    pub manual: u64,
    pub muted: u64,
    /// Failures that are not muted.
    pub failures: BySeverity,
}

/// What was looked at, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LookedAt {
    /// Which checks were run is known of scans that run here alone.
    pub checks_known: bool,
    pub asked: u32,
    pub completed: u32,
    pub errored: u32,
    /// The scan ended before them, or is not there yet.
    pub not_run: u32,
    pub services: Vec<ServiceChecks>,
    /// With the findings of each.
    pub regions: Vec<Region>,
    /// Checks that came to no verdict, by reason.
    pub errors: Vec<Errored>,
    /// Checks that came to verdicts although calls beneath them failed.
    pub incomplete: Vec<Incomplete>,
    /// Names of checks that were not run, by service.
    pub missing: Vec<Missing>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServiceChecks {
    pub service: String,
    pub completed: u32,
    pub errored: u32,
    pub not_run: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    pub region: String,
    pub findings: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Errored {
    pub reason: String,
    pub checks: Vec<String>,
}

/// Checks beneath which the same calls failed, and their verdicts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Incomplete {
    pub checks: Vec<String>,
    pub passed: u64,
    pub failed: u64,
    pub manual: u64,
    /// The first different ones; none where it is not known which they were.
    pub calls: Vec<Call>,
}

/// A call to the provider that failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Call {
    /// `s3:GetBucketAcl`
    pub call: String,
    pub region: Option<String>,
    pub code: String,
    /// Its beginning, of one that is long.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub service: String,
    pub checks: Vec<String>,
}

/// A grave check that fails, told in full. Texts are the engine's, in Markdown; what it does not say is empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failing {
    #[serde(flatten)]
    pub check: FailingCheck,
    pub description: String,
    pub risk: String,
    pub remediation: Remedy,
    pub resources: Listed<Resource>,
}

/// A check with failures that are not muted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailingCheck {
    pub check: String,
    pub title: String,
    pub service: String,
    pub severity: FindingSeverity,
    /// Failures that are not muted, …
    pub failed: u64,
    /// … and those that are.
    pub muted: u64,
    /// Of both.
    pub incomplete: u64,
}

/// What to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Remedy {
    pub text: String,
    pub url: Option<String>,
    pub codes: Vec<Code>,
    /// The catalogue that the codes are from; none where the findings had them.
    pub from: Option<String>,
}

/// One way of doing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// `Command line`
    pub means: &'static str,
    /// Markdown.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Resource {
    pub uid: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub region: String,
    /// What the check says of it.
    pub detail: String,
    pub delta: &'static str,
    pub triage: &'static str,
    pub owner: Option<String>,
    pub incomplete: bool,
}

/// The first ones, and how many more there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub more: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), more: 0 }
    }
}

/// How it came to be so.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trend {
    /// This scan and those of the same scope before, newest first.
    pub scans: Vec<Point>,
    /// Against the one before; none where there is none.
    pub changes: Option<Changes>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    pub id: ScanId,
    #[serde(serialize_with = "second")]
    pub at: DateTime<Utc>,
    pub status: &'static str,
    pub partial: bool,
    /// Muted ones too.
    pub failures: BySeverity,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    pub against: ScanId,
    #[serde(serialize_with = "second")]
    pub against_at: DateTime<Utc>,
    pub new: u64,
    pub still_failing: u64,
    pub resolved: u64,
    pub regressed: u64,
    pub gone: u64,
    pub not_looked_at: u64,
}

/// A failure that somebody has muted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Muted {
    pub check: String,
    pub severity: FindingSeverity,
    pub resource: String,
    pub region: String,
    /// None where it was taken back since.
    pub reason: Option<String>,
    /// None: until somebody says otherwise.
    #[serde(serialize_with = "second_or_none")]
    pub until: Option<DateTime<Utc>>,
    pub by: Option<String>,
}

/// A failure that somebody has said something of, beyond muting it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Triaged {
    pub check: String,
    pub severity: FindingSeverity,
    pub resource: String,
    pub region: String,
    pub state: &'static str,
    pub owner: Option<String>,
    pub note: Option<String>,
}

impl<T> Listed<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.more == 0
    }

    /// Keeps it while there is room for it.
    pub(super) fn add(&mut self, items_max: usize, item: impl FnOnce() -> T) {
        if self.items.len() < items_max {
            self.items.push(item());
        } else {
            self.more += 1;
        }
    }
}

impl BySeverity {
    /// The gravest first.
    pub fn told(&self) -> [(FindingSeverity, u32); 5] {
        [
            (FindingSeverity::Critical, self.critical),
            (FindingSeverity::High, self.high),
            (FindingSeverity::Medium, self.medium),
            (FindingSeverity::Low, self.low),
            (FindingSeverity::Informational, self.informational),
        ]
    }

    pub fn total(&self) -> u64 {
        self.told().iter().map(|(_, n)| u64::from(*n)).sum()
    }
}

/// To the second, as people read it.
fn second<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[expect(clippy::ref_option, reason = "serde asks for it")]
fn second_or_none<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => second(at, serializer),
        None => serializer.serialize_none(),
    }
}
