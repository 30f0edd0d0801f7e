//! `POST /api/v1/providers`

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_scans::Said;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::shapes::ProviderBody;
use crate::{
    App, Permit,
    extract::Json,
    problem::{Problem, ProblemBody},
    routes::{created::created, scans::update::checked_name},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "production", "provider": "aws",
    "credentials": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
    "settings": {"role_arn": "arn:aws:iam::123456789012:role/audit", "external_id": "custody-7"},
}))]
pub(crate) struct NewProvider {
    /// Of the tenant's own it must be the only one with it.
    name: String,
    /// Prowler's name of it: `aws`, `azure`, `gcp`, `kubernetes`, …
    provider: String,
    /// By the names that docs/prowler.md lists for the provider. They are sealed, and never shown again.
    #[schema(value_type = Option<Object>)]
    credentials: Option<Map<String, Value>>,
    /// What is no secret.
    #[schema(value_type = Option<Object>)]
    settings: Option<Map<String, Value>>,
}

/// Connect an account
///
/// So that it can be scanned without giving its credentials each time, and by a schedule.
#[utoipa::path(
    post, path = "/api/v1/providers", operation_id = "createProvider", tag = "scans",
    request_body = NewProvider,
    responses(
        (status = 201, description = "As it is kept.", body = ProviderBody),
        (status = 409, description = "Another one has this name.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_provider(
    permit: Permit<op::CreateProvider>,
    State(app): State<App>,
    Json(new): Json<NewProvider>,
) -> Result<Response, Problem> {
    let name = checked_name(new.name)?;
    let said = Said { name: Some(name), credentials: new.credentials, settings: new.settings };
    let made = app.scans.connect(&permit, &new.provider, said).await?;
    let location = format!("/api/v1/providers/{}", made.id);
    Ok(created(location, &ProviderBody::from(made)))
}
