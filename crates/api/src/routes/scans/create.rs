//! `POST /api/v1/scans`

use std::collections::BTreeMap;

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_domain::ProviderId;
use custody_scans::{Request, Scope, Wish, catalogue::Planned};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    shapes::ScanBody,
    update::{checked_name, tags_as_text},
};
use crate::{
    App, Permit,
    extract::Json,
    problem::{Fault, Kind, Problem, ProblemBody},
    routes::created::created,
};

const PARALLELISM_MAX: u16 = 16;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "production, nightly", "tags": {"team": "platform"}, "provider": "aws",
    "credentials": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
    "settings": {"role_arn": "arn:aws:iam::123456789012:role/audit"},
    "scope": {"services": ["s3", "iam"], "severities": ["critical", "high"]}, "parallelism": 2,
}))]
pub(crate) struct NewScan {
    name: Option<String>,
    /// Texts by name, for people.
    tags: Option<BTreeMap<String, String>>,
    /// Prowler's name of it: `aws`, `azure`, `gcp`, `kubernetes`, … Where no connected account is named.
    provider: Option<String>,
    /// A connected account, in the place of `provider`, `credentials` and `settings`.
    #[schema(value_type = Option<uuid::Uuid>)]
    provider_id: Option<ProviderId>,
    /// By the names that docs/prowler.md lists for the provider. They are sealed, used for this scan alone,
    /// and wiped at its end.
    #[schema(value_type = Option<Object>)]
    credentials: Option<Map<String, Value>>,
    /// What is no secret.
    #[schema(value_type = Option<Object>)]
    settings: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "by_name")]
    scope: Option<ScopeBody>,
    /// So many processes share the services. 1 if not given.
    #[schema(minimum = 1, maximum = 16)]
    parallelism: Option<u16>,
    /// What becomes of it where one of the same account and scope has not ended.
    if_running: Option<IfRunning>,
    /// Scans an emulated AWS account, which the worker starts and fills for it.
    demo: Option<bool>,
    /// Answers which checks would be run, and runs none.
    dry_run: Option<bool>,
}

/// What is looked at: each kind that is given narrows.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ScanScope)]
pub(crate) struct ScopeBody {
    regions: Vec<String>,
    services: Vec<String>,
    checks: Vec<String>,
    /// `critical`, `high`, `medium`, `low`, `informational`; a tenant's own word on a check counts.
    severities: Vec<String>,
    /// Compliance frameworks: `cis_3.0_aws`.
    frameworks: Vec<String>,
    categories: Vec<String>,
    excluded_services: Vec<String>,
    excluded_checks: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IfScanRuns)]
pub(crate) enum IfRunning {
    /// 409, with its `scan_id`.
    #[default]
    Refuse,
    /// It runs after that one.
    Wait,
}

/// What a dry run answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScanPlan)]
pub(crate) struct PlanBody {
    checks_total: usize,
    services_total: usize,
    /// By service and name.
    checks: Vec<PlannedBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedCheck)]
pub(crate) struct PlannedBody {
    id: String,
    service: String,
    #[schema(example = "high")]
    severity: &'static str,
}

/// Start a scan
///
/// It is there at once, `pending`, and runs as soon as a worker takes it. Follow it by
/// `GET /api/v1/scans/{id}/status` or its stream. `dry_run` answers 200 with the checks that would be run.
#[utoipa::path(
    post, path = "/api/v1/scans", operation_id = "createScan", tag = "scans",
    request_body = NewScan,
    responses(
        (status = 201, description = "As it is kept.", body = ScanBody),
        (status = 200, description = "What would be run (`dry_run`).", body = PlanBody),
        (status = 409, description = "One of the same account and scope has not ended; `scan_id` is its id.",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_scan(
    permit: Permit<op::CreateScan>,
    State(app): State<App>,
    Json(new): Json<NewScan>,
) -> Result<Response, Problem> {
    let dry = new.dry_run == Some(true);
    let request = new.read()?;
    if dry {
        let plan = app.scans.plan(&permit, &request).await?;
        return Ok(Answer(PlanBody::of(plan)).into_response());
    }
    let scan = app.scans.create(&permit, request).await?;
    let location = format!("/api/v1/scans/{}", scan.id);
    Ok(created(location, &ScanBody::try_from(scan)?))
}

impl NewScan {
    fn read(self) -> Result<Request, Problem> {
        let parallelism = self.parallelism.unwrap_or(1);
        if !(1..=PARALLELISM_MAX).contains(&parallelism) {
            let fault = Fault::at("/parallelism", format!("must be from 1 to {PARALLELISM_MAX}"));
            return Err(Problem::new(Kind::Invalid, "The parallelism cannot be taken.").fault(fault));
        }
        Ok(Request {
            name: self.name.map(checked_name).transpose()?,
            tags: self.tags.as_ref().map(tags_as_text).transpose()?,
            provider: self.provider,
            connection: self.provider_id,
            credentials: self.credentials,
            settings: self.settings,
            wish: Wish { scope: self.scope.unwrap_or_default().into(), demo: self.demo.unwrap_or_default() },
            parallelism,
            waits: self.if_running.unwrap_or_default() == IfRunning::Wait,
        })
    }
}

/// serde would also take a list, by the fields' order: an empty one would be a scan of everything.
pub(crate) fn by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ScopeBody>, D::Error> {
    let given: Option<Map<String, Value>> = Option::deserialize(deserializer)?;
    given.map(|given| ScopeBody::deserialize(Value::Object(given)).map_err(D::Error::custom)).transpose()
}

impl From<ScopeBody> for Scope {
    fn from(body: ScopeBody) -> Self {
        Self {
            regions: body.regions,
            services: body.services,
            checks: body.checks,
            severities: body.severities,
            frameworks: body.frameworks,
            categories: body.categories,
            excluded_services: body.excluded_services,
            excluded_checks: body.excluded_checks,
        }
        .normal()
    }
}

impl PlanBody {
    fn of(plan: Vec<Planned>) -> Self {
        let mut services: Vec<_> = plan.iter().map(|check| check.service.as_str()).collect();
        services.dedup();
        Self {
            checks_total: plan.len(),
            services_total: services.len(),
            checks: plan
                .into_iter()
                .map(|check| PlannedBody {
                    id: check.check_id,
                    service: check.service,
                    severity: check.severity.as_str(),
                })
                .collect(),
        }
    }
}
