//! `DELETE /api/v1/providers/{id}`

use axum::extract::State;
use custody_auth::op;
use custody_domain::ProviderId;
use custody_store::providers;
use http::StatusCode;

use crate::{App, Permit, extract::Id, problem::Problem};

/// Disconnect an account
///
/// Its credentials are gone with it; its scans and their findings stay.
#[utoipa::path(
    delete, path = "/api/v1/providers/{id}", operation_id = "deleteProvider", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The connected account.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_provider(
    permit: Permit<op::DeleteProvider>,
    State(app): State<App>,
    Id(id): Id<ProviderId>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.tenant_tx(&permit).await?;
    providers::delete(&mut tx, &permit, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
