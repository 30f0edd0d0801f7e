//! How far a scan is: what polling and streams show.

use custody_domain::{Evidence, FindingSeverity, FindingStatus};
use serde::{Deserialize, Serialize};

/// What a scan is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// For a worker, or for the one before it.
    #[default]
    Waiting,
    /// The engine is loaded.
    Starting,
    /// It signs in to the provider.
    Connecting,
    Checking,
    /// Findings are read from a file.
    Importing,
    Done,
}

/// Counts of everything so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub phase: Phase,
    pub services_done: u32,
    pub services_total: u32,
    pub checks_done: u32,
    pub checks_total: u32,
    /// Of those that are done.
    pub checks_errored: u32,
    /// Failures.
    pub findings: BySeverity,
    pub passed: u32,
    pub failed: u32,
    pub manual: u32,
    /// Whose evidence is incomplete.
    pub incomplete: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BySeverity {
    pub critical: u32,
    pub high: u32,
    pub medium: u32,
    pub low: u32,
    pub informational: u32,
}

impl BySeverity {
    pub fn of(&mut self, severity: FindingSeverity) -> &mut u32 {
        match severity {
            FindingSeverity::Critical => &mut self.critical,
            FindingSeverity::High => &mut self.high,
            FindingSeverity::Medium => &mut self.medium,
            FindingSeverity::Low => &mut self.low,
            FindingSeverity::Informational => &mut self.informational,
        }
    }
}

impl Progress {
    /// So many more findings were kept.
    pub fn count(&mut self, n: u32, status: FindingStatus, severity: FindingSeverity, evidence: Evidence) {
        match status {
            FindingStatus::Pass => self.passed += n,
            FindingStatus::Manual => self.manual += n,
            FindingStatus::Fail => {
                self.failed += n;
                *self.findings.of(severity) += n;
            }
        }
        if evidence == Evidence::Incomplete {
            self.incomplete += n;
        }
    }

    pub fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}
