//! `GET /api/v1/frameworks/{framework}`

use axum::{
    Json,
    extract::{Path, State},
};
use custody_auth::op;
use custody_scans::catalogue::Requirement;
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::FrameworkBody;
use crate::{
    App, Permit,
    extract::Parameters,
    problem::Problem,
    routes::checks::shapes::{ProviderParameter, asked},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FrameworkDetail)]
pub(crate) struct FrameworkDetailBody {
    #[serde(flatten)]
    framework: FrameworkBody,
    description: String,
    requirements: Vec<RequirementBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Requirement)]
pub(crate) struct RequirementBody {
    #[schema(example = "2.1.4")]
    id: String,
    name: String,
    description: String,
    section: String,
    /// Those that stand for it; none where only a person can tell.
    checks: Vec<String>,
}

/// Get a compliance framework
///
/// Its requirements, and the checks that stand for each.
#[utoipa::path(
    get, path = "/api/v1/frameworks/{framework}", operation_id = "getFramework", tag = "scans",
    params(("framework" = String, Path, description = "The framework: `cis_3.0_aws`."), ProviderParameter),
    responses((status = 200, description = "As the engine has it.", body = FrameworkDetailBody))
)]
pub(crate) async fn get_framework(
    permit: Permit<op::GetFramework>,
    State(app): State<App>,
    Path(id): Path<String>,
    Parameters(provider): Parameters<ProviderParameter>,
) -> Result<Json<FrameworkDetailBody>, Problem> {
    let checks = app.scans.checks(&permit, provider.name()).await.map_err(asked)?;
    let framework = checks.catalogue().framework(&id).ok_or_else(Problem::not_found)?;
    Ok(Json(FrameworkDetailBody {
        framework: FrameworkBody::of(framework),
        description: framework.description.clone(),
        requirements: framework.requirements.iter().map(RequirementBody::from).collect(),
    }))
}

impl From<&Requirement> for RequirementBody {
    fn from(requirement: &Requirement) -> Self {
        Self {
            id: requirement.id.clone(),
            name: requirement.name.clone(),
            description: requirement.description.clone(),
            section: requirement.section.clone(),
            checks: requirement.checks.clone(),
        }
    }
}
