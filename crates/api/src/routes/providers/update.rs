//! `PATCH /api/v1/providers/{id}`

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_domain::ProviderId;
use custody_scans::Said;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::shapes::ProviderBody;
use crate::{
    App, Permit,
    extract::{Id, Json},
    problem::{Fault, Kind, Problem, ProblemBody},
    routes::scans::update::checked_name,
};

/// What is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "production, read-only"}))]
pub(crate) struct ProviderChange {
    name: Option<String>,
    /// In the place of those that are there.
    #[schema(value_type = Option<Object>)]
    credentials: Option<Map<String, Value>>,
    /// In the place of those that are there.
    #[schema(value_type = Option<Object>)]
    settings: Option<Map<String, Value>>,
}

/// Change a connected account
///
/// Scans that run go on with what they began with.
#[utoipa::path(
    patch, path = "/api/v1/providers/{id}", operation_id = "updateProvider", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The connected account.")),
    request_body = ProviderChange,
    responses(
        (status = 200, description = "As it is now.", body = ProviderBody),
        (status = 409, description = "Another one has this name.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_provider(
    permit: Permit<op::UpdateProvider>,
    State(app): State<App>,
    Id(id): Id<ProviderId>,
    Json(change): Json<ProviderChange>,
) -> Result<Answer<ProviderBody>, Problem> {
    if change.name.is_none() && change.credentials.is_none() && change.settings.is_none() {
        let fault = Fault::at("/name", "give this, `credentials` or `settings`");
        return Err(Problem::new(Kind::Invalid, "There is nothing to change.").fault(fault));
    }
    let name = change.name.map(checked_name).transpose()?;
    let said = Said { name, credentials: change.credentials, settings: change.settings };
    Ok(Answer(app.scans.reconnect(&permit, id, said).await?.into()))
}
