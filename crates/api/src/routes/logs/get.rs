//! `GET /api/v1/logs/{id}`

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_domain::EntryId;

use super::{answer, readable, shapes::Entry};
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get an entry
///
/// Holders of the role `user` find what they recorded themselves; everything else is answered as if
/// it had never been.
#[utoipa::path(
    get, path = "/api/v1/logs/{id}", operation_id = "getEntry", tag = "entries",
    params(("id" = uuid::Uuid, Path, description = "The entry's id.")),
    responses((status = 200, description = "The entry.", body = Entry))
)]
pub(crate) async fn get_entry(
    permit: Permit<op::GetEntry>,
    State(app): State<App>,
    Id(id): Id<EntryId>,
) -> Result<Response, Problem> {
    let entry = app.ledger.get(&permit, id).await?.ok_or_else(Problem::not_found)?;
    app.told(&permit, readable(&permit, &entry)?, 1);
    Ok(answer::entry(&entry))
}
