//! `GET /api/v1/log/checkpoint`

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;

use super::PLAIN_TEXT;
use crate::{App, Permit, problem::Problem};

/// Get the newest checkpoint
///
/// The size and the root of the tenant's tree, signed: a C2SP checkpoint. What is handed out is kept
/// for good, so that it can be held against the log later. Its form: docs/tree.md.
#[utoipa::path(
    get, path = "/api/v1/log/checkpoint", operation_id = "getCheckpoint", tag = "log",
    responses((status = 200, description = "The signed note.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn get_checkpoint(
    permit: Permit<op::GetCheckpoint>,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let checkpoint = app.ledger.hand_out(&permit).await?;
    Ok((PLAIN_TEXT, checkpoint.note).into_response())
}
