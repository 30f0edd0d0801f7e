//! `GET /api/v1/log/watermark`

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;

use super::PLAIN_TEXT;
use crate::{App, Permit, problem::Problem};

/// Get the watermark
///
/// What the log signs of its completeness: everything received up to then, so many entries, this root,
/// and which numbers of which producers have not come. A signed note; its text: docs/completeness.md.
#[utoipa::path(
    get, path = "/api/v1/log/watermark", operation_id = "getWatermark", tag = "log",
    responses((status = 200, description = "The signed note.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn get_watermark(
    permit: Permit<op::GetWatermark>,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let watermark = app.ledger.watermark(&permit).await?;
    Ok((PLAIN_TEXT, watermark.to_string()).into_response())
}
