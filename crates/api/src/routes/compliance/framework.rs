//! `GET /api/v1/compliance/{framework}`

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use custody_auth::op;
use custody_scans::compliance::{Compliance, Requirement};
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::{ComplianceParameters, CountsBody, TallyBody};
use crate::{
    App, Permit,
    extract::Parameters,
    problem::Problem,
    routes::{checks::shapes::asked, frameworks::shapes::FrameworkBody},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FrameworkComplianceDetail)]
pub(crate) struct FrameworkComplianceBody {
    provider: String,
    #[schema(example = "prowler 5.46.0")]
    engine: String,
    #[serde(flatten)]
    framework: FrameworkBody,
    #[serde(flatten)]
    counts: CountsBody,
    /// In the order of the framework.
    requirements: Vec<RequirementCompliance>,
    /// Those that stand for any requirement, by id.
    checks: BTreeMap<String, CheckCompliance>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequirementCompliance {
    #[schema(example = "2.1.4")]
    id: String,
    name: String,
    description: String,
    section: String,
    /// `FAIL`: something fails that nobody muted. `MANUAL`: only a person can tell. `not_checked`: nothing was
    /// found. `PASS`: what was found passes, or is muted.
    status: &'static str,
    /// Each of its checks was looked at wholly: it found something with complete evidence, or it ran to its end
    /// and there was nothing to look at. A `PASS` that is not complete counts as `passed_in_part`.
    complete: bool,
    findings: TallyBody,
    /// Those that stand for it, the tenant's own last.
    checks: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckCompliance {
    title: String,
    /// As a requirement's; besides, `no_resources`: it ran to its end and there was nothing to look at;
    /// `errored`: it came to no verdict.
    status: &'static str,
    complete: bool,
    /// The tenant has switched it off.
    disabled: bool,
    findings: TallyBody,
}

/// Get a framework's compliance
///
/// Each requirement of a framework: whether it is met, by which checks, and what was not looked at.
#[utoipa::path(
    get, path = "/api/v1/compliance/{framework}", operation_id = "getFrameworkCompliance", tag = "findings",
    params(("framework" = String, Path, description = "The framework: `cis_3.0_aws`."), ComplianceParameters),
    responses((status = 200, description = "Its requirements.", body = FrameworkComplianceBody))
)]
pub(crate) async fn get_framework_compliance(
    permit: Permit<op::GetFrameworkCompliance>,
    State(app): State<App>,
    Path(id): Path<String>,
    Parameters(parameters): Parameters<ComplianceParameters>,
) -> Result<Json<FrameworkComplianceBody>, Problem> {
    let compliance = app.scans.compliance(&permit, &parameters.asked()?).await.map_err(asked)?;
    let catalogue = compliance.checks.catalogue();
    let framework = catalogue.framework(&id).ok_or_else(Problem::not_found)?;
    let requirements: Vec<_> = compliance
        .requirements(framework)
        .map(|requirement| RequirementCompliance::of(&requirement))
        .collect();
    let named = requirements.iter().flat_map(|requirement| &requirement.checks);
    let checks = named.filter_map(|id| Some((id.clone(), CheckCompliance::of(&compliance, id)?)));
    Ok(Json(FrameworkComplianceBody {
        provider: compliance.checks.provider().to_owned(),
        engine: catalogue.engine.clone(),
        framework: FrameworkBody::of(framework),
        counts: compliance.counts(framework).into(),
        checks: checks.collect(),
        requirements,
    }))
}

impl RequirementCompliance {
    fn of(told: &Requirement<'_>) -> Self {
        let requirement = told.requirement;
        Self {
            id: requirement.id.clone(),
            name: requirement.name.clone(),
            description: requirement.description.clone(),
            section: requirement.section.clone(),
            status: told.met.verdict.as_str(),
            complete: told.met.complete,
            findings: told.met.tally.into(),
            checks: requirement.checks.iter().chain(told.own).cloned().collect(),
        }
    }
}

impl CheckCompliance {
    fn of(compliance: &Compliance, id: &str) -> Option<Self> {
        let known = compliance.checks.get(id)?;
        let standing = compliance.standing(id)?;
        Some(Self {
            title: known.check.title.clone(),
            status: standing.verdict().as_str(),
            complete: standing.complete(),
            disabled: known.disabled(),
            findings: standing.tally.into(),
        })
    }
}
