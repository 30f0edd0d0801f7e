//! `GET /api/v1/scans/{id}/checks`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_domain::{CheckStatus, FindingSeverity, ScanId};
use custody_store::scans::{
    self,
    checks::{CheckFilter, ScanCheck},
};
use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::{
    App, Permit,
    extract::{Id, Parameters},
    page::{Page, PageParameters},
    problem::Problem,
};

/// One check of a scan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScanCheck, example = json!({
    "check_id": "s3_bucket_public_access", "service": "s3", "severity": "critical", "status": "completed",
    "started_at": "2026-01-31T08:30:02Z", "duration_ms": 12, "passed": 3, "failed": 1, "manual": 0,
    "error": null, "calls_failed": 0, "calls": [],
}))]
pub(crate) struct ScanCheckBody {
    check_id: String,
    service: String,
    #[schema(example = "high")]
    severity: &'static str,
    /// `pending`, `in_progress`, `completed`, `errored`, `cancelled`.
    status: &'static str,
    started_at: Option<DateTime<Utc>>,
    duration_ms: Option<u32>,
    passed: u32,
    failed: u32,
    manual: u32,
    /// Why it came to no verdict.
    error: Option<String>,
    /// Calls to the provider that failed; where there are any, verdicts rest on incomplete evidence.
    calls_failed: u32,
    /// The first different ones: `service`, `operation`, `region`, `code`, `status`, `message`, and how
    /// often (`n`).
    #[schema(value_type = Vec<Object>)]
    calls: Box<RawValue>,
}

/// All filters that are given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// `pending`, `in_progress`, `completed`, `errored`, `cancelled`.
    status: Option<String>,
    service: Option<String>,
    /// `critical`, `high`, `medium`, `low`, `informational`.
    severity: Option<String>,
    /// Items of a page: 1 to 1000, 50 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ListParameters {
    fn filter(&self) -> Result<CheckFilter, Problem> {
        let status = self.status.as_deref().map(str::parse::<CheckStatus>).transpose();
        let severity = self.severity.as_deref().map(str::parse::<FindingSeverity>).transpose();
        Ok(CheckFilter {
            status: status.map_err(|unknown| Problem::bad_parameter("status", unknown.to_string()))?,
            severity: severity.map_err(|unknown| Problem::bad_parameter("severity", unknown.to_string()))?,
            service: self.service.clone(),
        })
    }
}

/// List the checks of a scan
///
/// By name: what was to be run, how each ended, and what it could not look at.
#[utoipa::path(
    get, path = "/api/v1/scans/{id}/checks", operation_id = "listScanChecks", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan."), ListParameters),
    responses((status = 200, description = "A page of checks.", body = Page<ScanCheckBody>))
)]
pub(crate) async fn list_scan_checks(
    permit: Permit<op::ListScanChecks>,
    State(app): State<App>,
    uri: Uri,
    Id(id): Id<ScanId>,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    let filter = parameters.filter()?;
    let page = PageParameters { limit: parameters.limit, cursor: parameters.cursor };
    let (limit, after) = page.bounds_by(|key| String::from_utf8(key.to_vec()).ok())?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    scans::get(&mut tx, id).await?;
    let after = after.unwrap_or_default();
    let items = scans::checks::page(&mut tx, id, &filter, &after, u32::from(limit) + 1).await?;
    tx.commit().await?;
    let items = items.into_iter().map(ScanCheckBody::try_from).collect::<Result<_, _>>()?;
    Ok(Page::cut(items, limit, |check: &ScanCheckBody| check.check_id.clone()).answer(&uri))
}

impl TryFrom<ScanCheck> for ScanCheckBody {
    type Error = Problem;

    fn try_from(check: ScanCheck) -> Result<Self, Problem> {
        let calls = check.calls.unwrap_or_else(|| "[]".to_owned());
        Ok(Self {
            check_id: check.check_id,
            service: check.service,
            severity: check.severity.as_str(),
            status: check.status.as_str(),
            started_at: check.started_at,
            duration_ms: check.duration_ms,
            passed: check.passed,
            failed: check.failed,
            manual: check.manual,
            error: check.error,
            calls_failed: check.calls_failed,
            calls: RawValue::from_string(calls).map_err(Problem::internal)?,
        })
    }
}
