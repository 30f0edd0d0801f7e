//! A finding as it is shown.

use chrono::{DateTime, Utc};
use custody_domain::{FindingId, ScanId};
use custody_store::findings::{Finding, FindingResource, Said};
use serde::Serialize;
use utoipa::ToSchema;

/// A verdict of a check on a resource.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding, example = json!({
    "id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f",
    "uid": "prowler-aws-s3_bucket_public_access-123456789012-eu-west-1-logs",
    "scan_id": "01932f5e-7b1c-7c2a-9d5e-000000000001", "provider": "aws", "account": "123456789012",
    "check_id": "s3_bucket_public_access", "status": "FAIL", "severity": "critical",
    "title": "S3 bucket is not publicly accessible",
    "resource": {"uid": "arn:aws:s3:::logs", "name": "logs", "type": "AwsS3Bucket", "region": "eu-west-1",
        "service": "s3"},
    "evidence": "complete", "delta": "new", "current": true, "muted": false,
    "triage": {"state": "open", "owner": null, "note": null, "muted_until": null, "mute_reason": null,
        "version": 0, "updated_at": null, "updated_by": null},
    "first_seen_at": "2026-01-31T08:30:12Z", "last_seen_at": "2026-01-31T08:30:12Z",
}))]
pub(crate) struct FindingBody {
    #[schema(value_type = Uuid)]
    pub(crate) id: FindingId,
    /// As the engine has it; findings of one scan may share it.
    uid: String,
    #[schema(value_type = Uuid)]
    scan_id: ScanId,
    provider: String,
    account: String,
    check_id: String,
    #[schema(value_type = FindingStatusName)]
    status: &'static str,
    /// `critical`, `high`, `medium`, `low`, `informational`.
    #[schema(example = "high")]
    severity: &'static str,
    title: String,
    resource: ResourceBody,
    /// `incomplete`: calls to the provider failed, so that a PASS may be one only for what was not seen.
    #[schema(example = "complete")]
    evidence: &'static str,
    /// Against the scan before: `unchanged`, `new`, `still_failing`, `resolved`, `regressed`.
    #[schema(example = "new")]
    delta: &'static str,
    /// No later scan has looked at the same.
    current: bool,
    /// Until the mute expires.
    muted: bool,
    triage: TriageBody,
    first_seen_at: DateTime<Utc>,
    /// When this scan looked.
    last_seen_at: DateTime<Utc>,
}

/// What it is of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FindingResource)]
pub(crate) struct ResourceBody {
    uid: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    region: String,
    service: String,
}

/// What people said of it: the same in every scan that finds it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FindingTriage)]
pub(crate) struct TriageBody {
    /// `open`, `in_progress`, `accepted`, `false_positive`, `fixed`.
    #[schema(example = "open")]
    state: &'static str,
    owner: Option<String>,
    note: Option<String>,
    /// Null beside a reason: until somebody says otherwise.
    muted_until: Option<DateTime<Utc>>,
    mute_reason: Option<String>,
    /// Rises with every change; 0 until somebody has said something.
    version: u64,
    updated_at: Option<DateTime<Utc>>,
    updated_by: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = FindingStatus, rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) enum FindingStatusName {
    Pass,
    Fail,
    /// A person has to look.
    Manual,
}

impl FindingBody {
    pub(crate) fn of(finding: Finding, said: Said, now: DateTime<Utc>) -> Self {
        Self {
            id: finding.id,
            uid: finding.uid,
            scan_id: finding.scan_id,
            provider: finding.provider,
            account: finding.account,
            check_id: finding.check_id,
            status: finding.status.as_str(),
            severity: finding.severity.as_str(),
            title: finding.title,
            evidence: finding.evidence.as_str(),
            delta: finding.delta.as_str(),
            current: finding.current,
            muted: finding.muted_until.is_some_and(|until| until > now),
            triage: TriageBody::of(finding.triage.as_str(), said),
            first_seen_at: finding.first_seen_at,
            last_seen_at: finding.last_seen_at,
            resource: ResourceBody::of(finding.resource, finding.region, finding.service),
        }
    }
}

impl ResourceBody {
    pub(crate) fn of(resource: FindingResource, region: String, service: String) -> Self {
        Self { uid: resource.uid, name: resource.name, kind: resource.kind, region, service }
    }
}

impl TriageBody {
    /// `state` is the finding's own: of one that a later scan has looked at again it may be an older one.
    fn of(state: &'static str, said: Said) -> Self {
        let (muted_until, mute_reason) =
            said.mute.map_or((None, None), |mute| (mute.until, Some(mute.reason)));
        let (updated_at, updated_by) = said.updated.unzip();
        Self {
            state,
            owner: said.owner,
            note: said.note,
            muted_until,
            mute_reason,
            version: said.version,
            updated_at,
            updated_by,
        }
    }
}
