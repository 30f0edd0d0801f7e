//! What a driver says.

use chrono::{DateTime, Utc};
use custody_domain::finding::Evidence;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A line of a driver's output. Times are the driver's clock.
#[derive(Debug)]
pub enum Event {
    Phase {
        at: DateTime<Utc>,
        phase: Phase,
    },
    Ready(Ready),
    CheckStarted {
        at: DateTime<Utc>,
        check: String,
        service: String,
    },
    Finding(Found),
    CheckFinished(Checked),
    /// It came to no verdict, or not to all of them.
    CheckErrored {
        reason: String,
        checked: Checked,
    },
    /// A `run` is done.
    Ran {
        checks: u32,
    },
    /// The whole scan cannot go on; the driver ends.
    Failed {
        at: DateTime<Utc>,
        kind: FailureKind,
        reason: String,
    },
    /// It ends as it was asked to.
    Bye,
}

/// It is connected.
#[derive(Debug)]
pub struct Ready {
    pub at: DateTime<Utc>,
    /// `prowler 5.46.0`
    pub engine: String,
    pub account: Option<String>,
    pub account_name: Option<String>,
    pub identity: Option<String>,
    pub regions: Vec<String>,
}

#[derive(Debug)]
pub struct Found {
    pub at: DateTime<Utc>,
    pub check: String,
    pub evidence: Evidence,
    /// Failed calls that it rests on.
    pub calls: u32,
    /// OCSF, as Prowler's own output has it.
    pub ocsf: Box<RawValue>,
}

#[derive(Debug)]
pub struct Checked {
    pub at: DateTime<Utc>,
    pub check: String,
    pub service: String,
    pub duration_ms: u32,
    pub findings: u32,
    /// The first 20 different ones that failed, of the services that it uses.
    pub calls: Vec<FailedCall>,
    pub calls_failed: u32,
}

/// Calls to the provider that failed in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCall {
    pub service: String,
    pub operation: String,
    pub region: Option<String>,
    /// The provider's word, or the name of an exception.
    pub code: String,
    /// Of HTTP, where there was an answer.
    pub status: Option<u16>,
    pub message: String,
    pub n: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Importing,
    Connecting,
    Checking,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// They were never taken.
    Credentials,
    /// They were taken, and are no longer.
    Expired,
    Network,
    /// This server lacks something, or the order does.
    Setup,
    /// Of Prowler, or of the driver.
    Defect,
}

#[derive(Deserialize)]
struct Line<'a> {
    e: &'a str,
    at: DateTime<Utc>,
    phase: Option<Phase>,
    engine: Option<String>,
    account: Option<String>,
    account_name: Option<String>,
    identity: Option<String>,
    #[serde(default)]
    regions: Vec<String>,
    check: Option<String>,
    service: Option<String>,
    evidence: Option<Evidence>,
    #[serde(borrow)]
    calls: Option<&'a RawValue>,
    #[serde(borrow)]
    ocsf: Option<&'a RawValue>,
    #[serde(default)]
    duration_ms: u32,
    #[serde(default)]
    findings: u32,
    #[serde(default)]
    calls_failed: u32,
    reason: Option<String>,
    kind: Option<FailureKind>,
    checks: Option<u32>,
}

impl Event {
    /// None: it is none that a driver says.
    pub(super) fn read(line: &str) -> Option<Self> {
        let line: Line<'_> = serde_json::from_str(line).ok()?;
        let at = line.at;
        Some(match line.e {
            "phase" => Self::Phase { at, phase: line.phase? },
            "ready" => Self::Ready(Ready {
                at,
                engine: line.engine?,
                account: line.account,
                account_name: line.account_name,
                identity: line.identity,
                regions: line.regions,
            }),
            "check_started" => Self::CheckStarted { at, check: line.check?, service: line.service? },
            "finding" => Self::Finding(Found {
                at,
                check: line.check?,
                evidence: line.evidence?,
                calls: serde_json::from_str(line.calls?.get()).ok()?,
                ocsf: line.ocsf?.to_owned(),
            }),
            "check_finished" => Self::CheckFinished(line.checked()?),
            "check_errored" => Self::CheckErrored { reason: line.reason.clone()?, checked: line.checked()? },
            "ran" => Self::Ran { checks: line.checks? },
            "failed" => Self::Failed { at, kind: line.kind?, reason: line.reason? },
            "bye" => Self::Bye,
            _ => return None,
        })
    }
}

impl Line<'_> {
    fn checked(self) -> Option<Checked> {
        Some(Checked {
            at: self.at,
            check: self.check?,
            service: self.service?,
            duration_ms: self.duration_ms,
            findings: self.findings,
            calls: serde_json::from_str(self.calls?.get()).ok()?,
            calls_failed: self.calls_failed,
        })
    }
}
