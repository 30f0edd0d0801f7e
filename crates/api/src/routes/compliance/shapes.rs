//! What is asked of compliance, and how many requirements are met.

use custody_domain::ScanId;
use custody_scans::compliance::{ComplianceAsked, Counts, Tally};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComplianceParameters {
    /// Prowler's name of it; that of the scan, or else `aws`, if not given.
    provider: Option<String>,
    /// Of that account alone. A check counts as looked at where it was in any account.
    account: Option<String>,
    /// What that scan found. Without it: what no later scan has looked at again.
    scan_id: Option<Uuid>,
}

impl ComplianceParameters {
    pub(super) fn asked(self) -> Result<ComplianceAsked, Problem> {
        if self.account.as_ref().is_some_and(|account| account.contains('\0')) {
            return Err(Problem::bad_parameter("account", "must not hold a NUL"));
        }
        Ok(ComplianceAsked { provider: self.provider, account: self.account, scan: self.scan_id.map(ScanId) })
    }
}

/// Requirements of a framework, by whether they are met.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplianceCounts)]
pub(crate) struct CountsBody {
    /// Everything that stands for them was looked at, and passes or is accepted.
    passed: u64,
    /// They pass so far; something that stands for them was not looked at, or not wholly.
    passed_in_part: u64,
    failed: u64,
    /// Only a person can tell.
    manual: u64,
    /// Nothing was found, so nothing is known.
    not_checked: u64,
    /// Of a hundred that passed, passed in part or failed, so many passed. Null where none did any.
    score: Option<f64>,
    /// Findings that fail, counted once for each requirement that they stand for.
    findings_failed: u64,
    /// Failures that are muted, and so accepted, counted likewise.
    findings_muted: u64,
}

impl From<Counts> for CountsBody {
    fn from(counts: Counts) -> Self {
        Self {
            passed: counts.passed,
            passed_in_part: counts.passed_in_part,
            failed: counts.failed,
            manual: counts.manual,
            not_checked: counts.not_checked,
            score: counts.score(),
            findings_failed: counts.findings_failed,
            findings_muted: counts.findings_muted,
        }
    }
}

/// Findings by verdict.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplianceFindings)]
pub(crate) struct TallyBody {
    passed: u64,
    /// Not muted.
    failed: u64,
    muted: u64,
    manual: u64,
    /// Of all of them: those whose evidence is incomplete.
    incomplete: u64,
}

impl From<Tally> for TallyBody {
    fn from(tally: Tally) -> Self {
        let Tally { passed, failed, muted, manual, incomplete } = tally;
        Self { passed, failed, muted, manual, incomplete }
    }
}
