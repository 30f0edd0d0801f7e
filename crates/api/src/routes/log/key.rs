//! `GET /api/v1/log/key`

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;

use super::PLAIN_TEXT;
use crate::{App, Permit, problem::Problem};

/// Get the log's key
///
/// The verifier key of the newest key that signs this log's checkpoints, as C2SP notes write it:
/// `name+hash+key`. Pin it: whoever verifies should not ask the server each time what to believe.
#[utoipa::path(
    get, path = "/api/v1/log/key", operation_id = "getLogKey", tag = "log",
    responses((status = 200, description = "The verifier key.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn get_log_key(
    permit: Permit<op::GetLogKey>,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let key = app.ledger.log_key(&permit).await?;
    Ok((PLAIN_TEXT, format!("{key}\n")).into_response())
}
