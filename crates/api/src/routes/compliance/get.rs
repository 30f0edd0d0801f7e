//! `GET /api/v1/compliance`

use axum::{Json, extract::State};
use custody_auth::op;
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::{ComplianceParameters, CountsBody};
use crate::{
    App, Permit,
    extract::Parameters,
    problem::Problem,
    routes::{checks::shapes::asked, frameworks::shapes::FrameworkBody},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Compliance)]
pub(crate) struct ComplianceBody {
    provider: String,
    /// Whose frameworks they are.
    #[schema(example = "prowler 5.46.0")]
    engine: String,
    /// In the order of the engine.
    frameworks: Vec<FrameworkCompliance>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FrameworkCompliance {
    #[serde(flatten)]
    framework: FrameworkBody,
    #[serde(flatten)]
    counts: CountsBody,
}

/// Count met requirements
///
/// For each compliance framework of a provider: how many of its requirements are met, by what no later scan
/// has looked at again, or by what one scan found. Nothing that was not looked at counts as met.
#[utoipa::path(
    get, path = "/api/v1/compliance", operation_id = "getCompliance", tag = "findings",
    params(ComplianceParameters),
    responses((status = 200, description = "The counts.", body = ComplianceBody))
)]
pub(crate) async fn get_compliance(
    permit: Permit<op::GetCompliance>,
    State(app): State<App>,
    Parameters(parameters): Parameters<ComplianceParameters>,
) -> Result<Json<ComplianceBody>, Problem> {
    let compliance = app.scans.compliance(&permit, &parameters.asked()?).await.map_err(asked)?;
    let frameworks = compliance.overview().into_iter().map(|(framework, counts)| FrameworkCompliance {
        framework: FrameworkBody::of(framework),
        counts: counts.into(),
    });
    Ok(Json(ComplianceBody {
        provider: compliance.checks.provider().to_owned(),
        engine: compliance.checks.catalogue().engine.clone(),
        frameworks: frameworks.collect(),
    }))
}
