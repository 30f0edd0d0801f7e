//! A scan as it is shown: whole, and how far it is.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use custody_domain::{ProviderId, ScanId};
use custody_store::scans::Scan;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;

/// `version` rises whenever any of the others changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scan, example = json!({
    "id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f", "name": "production, nightly", "tags": {"team": "platform"},
    "source": "engine", "provider": "aws", "provider_id": null, "account": "123456789012",
    "scope": {"services": ["s3", "iam"]}, "parallelism": 1, "status": "in_progress", "partial": false,
    "failure": null, "progress": {"phase": "checking", "services_done": 1, "services_total": 2,
        "checks_done": 20, "checks_total": 65, "checks_errored": 0,
        "findings": {"critical": 1, "high": 4, "medium": 7, "low": 0, "informational": 0},
        "passed": 31, "failed": 12, "manual": 0},
    "engine": "prowler 5.46.0", "previous_id": null, "job_id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e70",
    "version": 6, "created_at": "2026-01-31T08:30:00Z",
    "created_by": "user:01932f5e-0000-7000-8000-000000000001", "updated_at": "2026-01-31T08:30:09Z",
    "started_at": "2026-01-31T08:30:02Z", "ended_at": null,
}))]
pub(crate) struct ScanBody {
    #[schema(value_type = Uuid)]
    pub(crate) id: ScanId,
    name: String,
    /// Texts by name, for people.
    #[schema(value_type = BTreeMap<String, String>)]
    tags: Box<RawValue>,
    #[schema(value_type = SourceName)]
    source: &'static str,
    /// Prowler's name of it: `aws`, `azure`, …
    provider: String,
    /// The connected account whose credentials it uses.
    #[schema(value_type = Option<Uuid>)]
    provider_id: Option<ProviderId>,
    /// Null until the provider has said it.
    account: Option<String>,
    /// What is looked at. What is not given is not narrowed.
    #[schema(value_type = Object)]
    scope: Box<RawValue>,
    /// So many processes share its services.
    parallelism: u16,
    #[schema(value_type = ScanStatusName)]
    status: &'static str,
    /// Something of what was asked for was not looked at, or not wholly.
    partial: bool,
    /// Why it failed.
    failure: Option<String>,
    #[schema(value_type = ProgressBody)]
    progress: Box<RawValue>,
    /// What ran it, and its version.
    engine: Option<String>,
    /// The latest one of the same account and scope before: what `delta` of its findings is against.
    #[schema(value_type = Option<Uuid>)]
    previous_id: Option<ScanId>,
    job_id: Option<Uuid>,
    #[schema(minimum = 1)]
    version: u64,
    created_at: DateTime<Utc>,
    /// Who asked for it, as an entry's `recorded_by.principal`.
    created_by: String,
    updated_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

/// How far a scan is: the same by polling and on its stream.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScanStatusNow)]
pub(crate) struct StatusBody {
    #[schema(value_type = Uuid)]
    id: ScanId,
    #[schema(value_type = ScanStatusName)]
    status: &'static str,
    partial: bool,
    failure: Option<String>,
    #[schema(value_type = ProgressBody)]
    progress: Box<RawValue>,
    #[schema(minimum = 1)]
    pub(crate) version: u64,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

/// How far a scan is.
#[derive(ToSchema)]
#[schema(as = ScanProgress)]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) struct ProgressBody {
    /// `waiting`, `starting`, `connecting`, `checking`, `done`.
    phase: String,
    services_done: u32,
    services_total: u32,
    checks_done: u32,
    checks_total: u32,
    /// Of those that are done.
    checks_errored: u32,
    /// Failures so far, by severity; muted ones, too.
    findings: BTreeMap<String, u32>,
    passed: u32,
    failed: u32,
    manual: u32,
    /// Findings whose evidence is incomplete.
    incomplete: u32,
}

#[derive(ToSchema)]
#[schema(as = ScanStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) enum ScanStatusName {
    Pending,
    InProgress,
    Completed,
    Failed,
    Cancelled,
}

/// Where its findings come from.
#[derive(ToSchema)]
#[schema(as = ScanSource, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) enum SourceName {
    /// Prowler, run by Custody.
    Engine,
    /// A run elsewhere, whose findings were brought.
    Import,
    /// People.
    Manual,
}

impl TryFrom<Scan> for ScanBody {
    type Error = Problem;

    fn try_from(scan: Scan) -> Result<Self, Problem> {
        Ok(Self {
            id: scan.id,
            name: scan.name,
            tags: raw(scan.tags)?,
            source: scan.source.as_str(),
            provider: scan.provider,
            provider_id: scan.provider_id,
            account: scan.account,
            scope: raw(scan.scope)?,
            parallelism: scan.parallelism,
            status: scan.status.as_str(),
            partial: scan.partial,
            failure: scan.failure,
            progress: raw(scan.progress)?,
            engine: scan.engine,
            previous_id: scan.previous_id,
            job_id: scan.job_id,
            version: scan.version,
            created_at: scan.created_at,
            created_by: scan.created_by,
            updated_at: scan.updated_at,
            started_at: scan.started_at,
            ended_at: scan.ended_at,
        })
    }
}

impl TryFrom<Scan> for StatusBody {
    type Error = Problem;

    fn try_from(scan: Scan) -> Result<Self, Problem> {
        Ok(Self {
            id: scan.id,
            status: scan.status.as_str(),
            partial: scan.partial,
            failure: scan.failure,
            progress: raw(scan.progress)?,
            version: scan.version,
            created_at: scan.created_at,
            started_at: scan.started_at,
            ended_at: scan.ended_at,
        })
    }
}

fn raw(json: String) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(json).map_err(Problem::internal)
}
