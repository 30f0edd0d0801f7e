//! `GET /api/v1/findings/risks`

#![expect(unused_qualifications, reason = "the path macro writes them for parameters of this file")]

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_domain::ScanId;
use custody_scans::findings::RankedRisk;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{App, Permit, extract::Parameters, page::up_to, problem::Problem};

const LIMIT_DEFAULT: u16 = 20;
const LIMIT_MAX: u16 = 100;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RisksParameters {
    /// What that scan found. Without it: what no later scan has looked at again.
    scan_id: Option<Uuid>,
    /// So many of the worst: 1 to 100, 20 if not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopRisks {
    items: Vec<RiskBody>,
}

/// A check that fails.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Risk)]
pub(crate) struct RiskBody {
    check_id: String,
    provider: String,
    service: String,
    title: String,
    /// The gravest of its failures.
    #[schema(example = "critical")]
    severity: &'static str,
    /// Resources times the weight of the severity: 256, 64, 16, 4 and 1 from `critical` down.
    score: u64,
    /// Failures that are not muted.
    findings: u64,
    /// Different ones that fail it.
    resources: u64,
    accounts: u64,
    /// When the oldest of its failures was first seen.
    first_seen_at: DateTime<Utc>,
    /// What it means that it fails; empty where the check says nothing of it.
    risk: String,
    /// What to do about it; empty likewise.
    remediation: String,
}

/// List the top risks
///
/// Checks that fail, by how grave they are and how many resources fail them, the worst first. What is muted
/// does not count.
#[utoipa::path(
    get, path = "/api/v1/findings/risks", operation_id = "listRisks", tag = "findings",
    params(RisksParameters),
    responses((status = 200, description = "The worst.", body = TopRisks))
)]
pub(crate) async fn list_risks(
    permit: Permit<op::ListRisks>,
    State(app): State<App>,
    Parameters(parameters): Parameters<RisksParameters>,
) -> Result<Json<TopRisks>, Problem> {
    let limit = up_to(LIMIT_MAX, "limit", parameters.limit.unwrap_or_else(|| LIMIT_DEFAULT.into()))?;
    let ranked = app.scans.risks(&permit, parameters.scan_id.map(ScanId), usize::from(limit)).await?;
    Ok(Json(TopRisks { items: ranked.into_iter().map(RiskBody::from).collect() }))
}

impl From<RankedRisk> for RiskBody {
    fn from(ranked: RankedRisk) -> Self {
        let risk = ranked.risk;
        Self {
            check_id: risk.check_id,
            provider: risk.provider,
            service: risk.service,
            title: risk.title,
            severity: risk.severity.as_str(),
            score: ranked.score,
            findings: risk.findings,
            resources: risk.resources,
            accounts: risk.accounts,
            first_seen_at: risk.first_seen_at,
            risk: ranked.means,
            remediation: ranked.remediation,
        }
    }
}
