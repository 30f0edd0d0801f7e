//! `GET /api/v1/scans/{id}/compare`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_domain::{FindingId, FindingStatus, ScanId};
use custody_scans::report::{CompareError, compare};
use custody_store::findings::{Difference, Differing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App, Permit,
    extract::{Id, Parameters},
    page::{Page, PageParameters},
    problem::Problem,
};

/// Of each kind, where nobody says how many.
const LIMIT_DEFAULT: u32 = 100;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompareParameters {
    /// Another scan of the same account; if not given, the one that its findings were compared with.
    #[param(value_type = Option<uuid::Uuid>)]
    to: Option<ScanId>,
    /// Only findings of this kind: `new`, `still_failing`, `resolved`, `regressed`, `gone`, `not_looked_at`.
    kind: Option<String>,
    /// Findings of each kind: 1 to 1000, 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of a kind's page before; with `kind`.
    cursor: Option<String>,
}

/// What differs from an older scan to a newer one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScanComparison {
    /// The later of the two.
    #[schema(value_type = uuid::Uuid)]
    newer: ScanId,
    #[schema(value_type = uuid::Uuid)]
    older: ScanId,
    /// How many findings there are of each kind.
    counts: Counts,
    /// By kind, of those that were asked for.
    findings: BTreeMap<&'static str, Page<DifferenceBody>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScanDifferenceCounts)]
pub(crate) struct Counts {
    /// Fail, and the older scan has them not.
    new: u64,
    still_failing: u64,
    /// Failed, and pass now.
    resolved: u64,
    /// Did not fail, and fail now.
    regressed: u64,
    /// Failed; the newer scan has brought their check to its end, and they are no longer there.
    gone: u64,
    /// Failed; the newer scan has not looked at them, or not wholly, and whether they still do is not known.
    not_looked_at: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScanDifference)]
pub(crate) struct DifferenceBody {
    /// Of the newer scan; of the older one where the newer has it not.
    #[schema(value_type = uuid::Uuid)]
    id: FindingId,
    #[schema(value_type = uuid::Uuid)]
    scan_id: ScanId,
    check_id: String,
    title: String,
    service: String,
    region: String,
    #[schema(example = "high")]
    severity: &'static str,
    /// In the older scan; null where it was not there.
    #[schema(example = "PASS")]
    was: Option<&'static str>,
    /// In the newer one.
    #[schema(example = "FAIL")]
    is: Option<&'static str>,
    resource_uid: String,
    resource_name: String,
    last_seen_at: DateTime<Utc>,
}

impl From<Differing> for DifferenceBody {
    fn from(differing: Differing) -> Self {
        let finding = differing.finding;
        Self {
            id: finding.id,
            scan_id: finding.scan_id,
            check_id: finding.check_id,
            title: finding.title,
            service: finding.service,
            region: finding.region,
            severity: finding.severity.as_str(),
            was: differing.was.map(FindingStatus::as_str),
            is: differing.is.map(FindingStatus::as_str),
            resource_uid: finding.resource.uid,
            resource_name: finding.resource.name,
            last_seen_at: finding.last_seen_at,
        }
    }
}

impl CompareParameters {
    fn kinds(&self) -> Result<Vec<Difference>, Problem> {
        let Some(name) = &self.kind else {
            return match self.cursor {
                Some(_) => Err(Problem::bad_parameter("kind", "say of which kind `cursor` is")),
                None => Ok(Difference::ALL.to_vec()),
            };
        };
        let named = Difference::ALL.into_iter().find(|kind| kind.as_str() == name);
        let all = Difference::ALL.map(Difference::as_str).join(", ");
        named
            .map(|kind| vec![kind])
            .ok_or_else(|| Problem::bad_parameter("kind", format!("must be one of {all}")))
    }
}

/// Compare two scans
///
/// Finding by finding, of the same account. Whichever is named first, the later one is the newer.
#[utoipa::path(
    get, path = "/api/v1/scans/{id}/compare", operation_id = "compareScans", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan."), CompareParameters),
    responses((status = 200, description = "What differs.", body = ScanComparison))
)]
pub(crate) async fn compare_scans(
    permit: Permit<op::CompareScans>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
    Parameters(parameters): Parameters<CompareParameters>,
) -> Result<Json<ScanComparison>, Problem> {
    let kinds = parameters.kinds()?;
    let limit = Some(parameters.limit.unwrap_or(LIMIT_DEFAULT));
    let (limit, after) = PageParameters { limit, cursor: parameters.cursor }.bounds()?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let found = compare(&mut tx, id, parameters.to, &kinds, after.map(FindingId), u32::from(limit)).await?;
    tx.commit().await?;
    let of = |kind| found.counts.get(&kind).copied().unwrap_or(0);
    let counts = Counts {
        new: of(Difference::New),
        still_failing: of(Difference::StillFailing),
        resolved: of(Difference::Resolved),
        regressed: of(Difference::Regressed),
        gone: of(Difference::Gone),
        not_looked_at: of(Difference::NotLookedAt),
    };
    let mut by_kind: BTreeMap<Difference, Vec<DifferenceBody>> =
        kinds.into_iter().map(|kind| (kind, Vec::new())).collect();
    for differing in found.findings {
        by_kind.entry(differing.difference).or_default().push(differing.into());
    }
    let findings = by_kind
        .into_iter()
        .map(|(kind, items)| (kind.as_str(), Page::cut(items, limit, |item: &DifferenceBody| item.id.0)));
    Ok(Json(ScanComparison {
        newer: found.newer.id,
        older: found.older.id,
        counts,
        findings: findings.collect(),
    }))
}

impl From<CompareError> for Problem {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Store(error) => error.into(),
            other => Self::bad_parameter("to", other.to_string()),
        }
    }
}
