//! `POST /api/v1/findings`

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_domain::{ScanId, finding::UnknownWord};
use custody_scans::findings::{Described, HandWritten, create};
use custody_store::findings::NewResource;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::detail::DetailBody;
use crate::{
    App, Permit,
    extract::Json,
    problem::{Fault, Kind, Problem, ProblemBody},
    routes::created::created,
};

/// A finding of a person's own: of a review, of a test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "check_id": "pentest-2026-07", "title": "The admin console answers anybody", "status": "FAIL",
    "severity": "high", "provider": "aws", "account": "123456789012", "region": "eu-west-1",
    "resource": {"uid": "https://admin.example.com", "type": "Website"},
    "status_detail": "No sign-in is asked for.", "remediation": {"text": "Ask for one."},
}))]
pub(crate) struct NewFindingBody {
    /// A scan of source `manual`; without it one of the provider and account is made on first need.
    scan_id: Option<Uuid>,
    /// Without it `manual`.
    provider: Option<String>,
    account: Option<String>,
    /// By which it is known in every scan; made of the others where it is not given.
    uid: Option<String>,
    check_id: String,
    title: String,
    /// `PASS`, `FAIL`, `MANUAL`.
    status: String,
    /// `critical`, `high`, `medium`, `low`, `informational`.
    severity: String,
    resource: NewResourceBody,
    #[serde(default)]
    region: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    status_detail: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    risk: String,
    #[serde(default)]
    remediation: NewRemediation,
    #[serde(default)]
    categories: Vec<String>,
    /// Requirements by framework.
    #[serde(default)]
    compliance: BTreeMap<String, Vec<String>>,
    /// When somebody looked; now, where it is not given.
    seen_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFindingResource)]
pub(crate) struct NewResourceBody {
    uid: String,
    /// The uid, where it is not given.
    name: Option<String>,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewFindingRemediation)]
pub(crate) struct NewRemediation {
    text: String,
    url: String,
}

/// Write a finding
///
/// By hand. It is shown, asked for, triaged and exported as those of engines are.
#[utoipa::path(
    post, path = "/api/v1/findings", operation_id = "createFinding", tag = "findings",
    request_body = NewFindingBody,
    responses(
        (status = 201, description = "The finding.", body = DetailBody,
            headers(("Location" = String, description = "Its place."))),
        (status = 409, description = "The scan has a finding of this uid.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_finding(
    permit: Permit<op::CreateFinding>,
    State(app): State<App>,
    Json(body): Json<NewFindingBody>,
) -> Result<Response, Problem> {
    let id = create(&app.store, &permit, &body.read()?, app.now()).await?;
    let body = DetailBody::now(&app, &permit, id).await?;
    Ok(created(format!("/api/v1/findings/{id}"), &body))
}

impl NewFindingBody {
    fn read(self) -> Result<HandWritten, Problem> {
        let wrong = |pointer: &'static str| {
            move |unknown: UnknownWord| {
                Problem::new(Kind::Invalid, "The finding cannot be taken.")
                    .fault(Fault::at(pointer, unknown.to_string()))
            }
        };
        let resource = self.resource;
        Ok(HandWritten {
            scan: self.scan_id.map(ScanId),
            provider: self.provider,
            account: self.account,
            uid: self.uid,
            check_id: self.check_id,
            title: self.title,
            status: self.status.parse().map_err(wrong("/status"))?,
            severity: self.severity.parse().map_err(wrong("/severity"))?,
            resource: NewResource {
                name: resource.name.unwrap_or_else(|| resource.uid.clone()),
                uid: resource.uid,
                kind: resource.kind,
            },
            region: self.region,
            service: self.service,
            described: Described {
                status_detail: self.status_detail,
                description: self.description,
                risk: self.risk,
                remediation: self.remediation.text,
                remediation_url: self.remediation.url,
                categories: self.categories,
                compliance: self.compliance,
            },
            seen_at: self.seen_at,
        })
    }
}
