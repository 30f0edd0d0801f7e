//! `GET /api/v1/findings/stats`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use std::{cmp::Reverse, collections::BTreeMap};

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_domain::{FindingSeverity, ScanId};
use custody_scans::{
    Progress,
    findings::{ByFramework, Overview, Tally},
};
use custody_store::{
    findings,
    scans::{self, Scan},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{App, Permit, extract::Parameters, problem::Problem};

/// Checks that are named, the gravest first.
const CHECKS_MAX: usize = 20;
/// Likewise, those with most failures first.
const FRAMEWORKS_MAX: usize = 20;
const TREND_MAX: u32 = 30;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsParameters {
    /// What that scan found. Without it: what no later scan has looked at again.
    scan_id: Option<Uuid>,
}

/// Counts of findings: exact.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingStats {
    #[serde(flatten)]
    total: TallyBody,
    /// Whose evidence is incomplete.
    incomplete: u64,
    muted: u64,
    by_severity: BTreeMap<String, TallyBody>,
    by_service: BTreeMap<String, TallyBody>,
    by_region: BTreeMap<String, TallyBody>,
    /// By provider and account: `aws/123456789012`.
    by_account: BTreeMap<String, TallyBody>,
    /// Compliance frameworks that name their checks, at most 20: those with most failures first. None where no
    /// worker has ever had Prowler.
    by_framework: Vec<FrameworkTally>,
    by_delta: BTreeMap<String, u64>,
    by_triage: BTreeMap<String, u64>,
    /// The checks that failed, at most 20: the gravest first, then those that failed most often.
    top_checks: Vec<CheckTally>,
    /// The latest 30 scans that have ended, newest first, as they were counted while they ran; of `scan_id` those
    /// of the same account and scope, up to it.
    over_time: Vec<TrendBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FrameworkTally {
    #[schema(example = "cis_3.0_aws")]
    id: String,
    provider: String,
    framework: String,
    version: String,
    #[serde(flatten)]
    tally: TallyBody,
}

/// What a scan came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FindingTrend)]
pub(crate) struct TrendBody {
    #[schema(value_type = Uuid)]
    scan_id: ScanId,
    provider: String,
    account: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    /// `completed`, `failed`, `cancelled`.
    status: &'static str,
    /// It did not look at all that it was asked to.
    partial: bool,
    passed: u32,
    failed: u32,
    manual: u32,
    /// Of those that failed, muted ones too.
    severities: BTreeMap<&'static str, u32>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FindingTally)]
pub(crate) struct TallyBody {
    findings: u64,
    passed: u64,
    failed: u64,
    manual: u64,
    /// Of those that failed and are not muted.
    severities: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckTally {
    check_id: String,
    title: String,
    /// Findings that failed and are not muted.
    failed: u64,
    /// The gravest of them.
    severity: &'static str,
}

/// Count findings
///
/// All of the tenant that no later scan has looked at again, or a scan's: by severity, service, region,
/// account, compliance framework, what changed since the scan before, and scan by scan.
#[utoipa::path(
    get, path = "/api/v1/findings/stats", operation_id = "getFindingStats", tag = "findings",
    params(StatsParameters),
    responses((status = 200, description = "The counts.", body = FindingStats))
)]
pub(crate) async fn get_finding_stats(
    permit: Permit<op::GetFindingStats>,
    State(app): State<App>,
    Parameters(parameters): Parameters<StatsParameters>,
) -> Result<Json<FindingStats>, Problem> {
    let scan = parameters.scan_id.map(ScanId);
    let mut tx = app.store.tenant_tx(&permit).await?;
    if let Some(scan) = scan {
        scans::get(&mut tx, scan).await?;
    }
    let counts = findings::counts(&mut tx, scan).await?;
    let trend = scans::trend(&mut tx, scan, TREND_MAX).await?;
    tx.commit().await?;
    let mut frameworks = app.scans.failing_frameworks(&permit, &counts).await?;
    frameworks.truncate(FRAMEWORKS_MAX);
    let mut stats = FindingStats::from(Overview::of(&counts));
    stats.by_framework = frameworks.into_iter().map(FrameworkTally::from).collect();
    stats.over_time = trend.into_iter().map(TrendBody::from).collect();
    Ok(Json(stats))
}

impl From<ByFramework> for FrameworkTally {
    fn from(found: ByFramework) -> Self {
        let ByFramework { provider, id, framework, version, tally } = found;
        Self { id, provider, framework, version, tally: tally.into() }
    }
}

impl From<Scan> for TrendBody {
    fn from(scan: Scan) -> Self {
        let mut progress = Progress::read(&scan.progress);
        let severities = FindingSeverity::ALL.iter();
        Self {
            severities: severities.map(|one| (one.as_str(), *progress.findings.of(*one))).collect(),
            scan_id: scan.id,
            provider: scan.provider,
            account: scan.account,
            ended_at: scan.ended_at,
            status: scan.status.as_str(),
            partial: scan.partial,
            passed: progress.passed,
            failed: progress.failed,
            manual: progress.manual,
        }
    }
}

impl From<Overview> for FindingStats {
    fn from(overview: Overview) -> Self {
        let tallies = |by: BTreeMap<String, Tally>| {
            by.into_iter().map(|(value, tally)| (value, tally.into())).collect()
        };
        let mut checks: Vec<_> = overview.failed_checks.into_iter().collect();
        let rank = |tally: &Tally| {
            let gravest = tally.severities.last_key_value().map(|(severity, _)| *severity);
            (gravest, tally.failed)
        };
        checks.sort_by_key(|(_, (_, tally))| Reverse(rank(tally)));
        checks.truncate(CHECKS_MAX);
        let check = |(check_id, (title, tally)): (String, (String, Tally))| CheckTally {
            severity: rank(&tally).0.map_or("", FindingSeverity::as_str),
            failed: tally.failed,
            check_id,
            title,
        };
        Self {
            total: overview.total.into(),
            incomplete: overview.incomplete,
            muted: overview.muted,
            by_severity: tallies(overview.by_severity),
            by_service: tallies(overview.by_service),
            by_region: tallies(overview.by_region),
            by_account: tallies(overview.by_account),
            by_framework: Vec::new(),
            by_delta: overview.by_delta,
            by_triage: overview.by_triage,
            top_checks: checks.into_iter().map(check).collect(),
            over_time: Vec::new(),
        }
    }
}

impl From<Tally> for TallyBody {
    fn from(tally: Tally) -> Self {
        Self {
            findings: tally.findings,
            passed: tally.passed,
            failed: tally.failed,
            manual: tally.manual,
            severities: tally.severities.into_iter().map(|(s, count)| (s.as_str(), count)).collect(),
        }
    }
}
