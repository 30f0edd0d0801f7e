//! `POST /api/v1/checks`

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_domain::FindingSeverity;
use custody_scans::{
    catalogue::{Check, Severity},
    checks::{OwnCheck, Wanted},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::detail::{CheckDetailBody, CheckRemediation};
use crate::{
    App, Permit,
    extract::Json,
    problem::{Fault, Kind, Problem, ProblemBody},
    routes::created::created,
};

/// A check of the tenant's own: its texts alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCheck, example = json!({
    "id": "admin_console_sign_in", "provider": "manual", "title": "The admin console asks for a sign-in",
    "severity": "high", "service": "web", "categories": ["review"], "risk": "Anybody could change prices.",
    "remediation": {"text": "Put it behind the identity provider."},
}))]
pub(crate) struct NewCheck {
    /// Findings name it. 1 to 200 of `a-z`, `A-Z`, `0-9`, `_`, `.`, `-`.
    id: String,
    /// `aws` if not given; `manual` for what no engine looks at.
    provider: Option<String>,
    title: String,
    /// `critical`, `high`, `medium`, `low`, `informational`.
    #[schema(example = "high")]
    severity: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    resource_type: String,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    types: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    risk: String,
    #[serde(default)]
    urls: Vec<String>,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    remediation: CheckRemediation,
    /// Requirements that it stands for, by framework of the provider; it counts for them with the engine's.
    #[serde(default)]
    compliance: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    disabled: bool,
    note: Option<String>,
}

/// Write a check
///
/// What findings that people write or bring refer to. It has no code, and no scan runs it.
#[utoipa::path(
    post, path = "/api/v1/checks", operation_id = "createCheck", tag = "scans",
    request_body = NewCheck,
    responses(
        (status = 201, description = "As it is kept.", body = CheckDetailBody,
            headers(("Location" = String, description = "Its place."))),
        (status = 409, description = "There is a check of this id, of the engine's or your own.",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_check(
    permit: Permit<op::CreateCheck>,
    State(app): State<App>,
    Json(new): Json<NewCheck>,
) -> Result<Response, Problem> {
    let (provider, wanted) = new.read()?;
    let id = wanted.own.check.id.clone();
    let checks = app.scans.create_check(&permit, &provider, wanted).await?;
    let location = format!("/api/v1/checks/{id}?provider={provider}");
    Ok(created(location, &CheckDetailBody::of(&checks, &id)?))
}

impl NewCheck {
    fn read(self) -> Result<(String, Wanted), Problem> {
        let check = Check {
            id: self.id,
            title: self.title,
            service: self.service,
            severity: Severity(severity(&self.severity)?),
            resource_type: self.resource_type,
            categories: self.categories,
            types: self.types,
            description: self.description,
            risk: self.risk,
            urls: self.urls,
            notes: self.notes,
            remediation: self.remediation.into(),
        };
        let own = OwnCheck { check, compliance: self.compliance };
        let provider = self.provider.unwrap_or_else(|| "aws".to_owned());
        Ok((provider, Wanted { own, disabled: self.disabled, note: self.note }))
    }
}

pub(super) fn severity(text: &str) -> Result<FindingSeverity, Problem> {
    text.parse().map_err(|unknown: custody_domain::finding::UnknownWord| {
        Problem::new(Kind::Invalid, "The severity cannot be taken.")
            .fault(Fault::at("/severity", unknown.to_string()))
    })
}
