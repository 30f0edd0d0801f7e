//! `GET /api/v1/log/keys`

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_ledger::tree::LogKey;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, Permit, page::Page, problem::Problem};

/// A key of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogKeyBody {
    /// `name+hash+key`, as C2SP notes write it.
    verifier_key: String,
    created_at: DateTime<Utc>,
    /// It signs beside the newest until then; null for the newest.
    signs_until: Option<DateTime<Utc>>,
    /// Whether new checkpoints have a signature of it.
    signs: bool,
}

/// List the log's keys
///
/// All that ever signed this log's checkpoints, the newest first. After a rotation the key before
/// signs beside the new one for a time, in which whoever pinned it can learn the new one from it.
#[utoipa::path(
    get, path = "/api/v1/log/keys", operation_id = "listLogKeys", tag = "log",
    responses((status = 200, description = "The keys.", body = Page<LogKeyBody>))
)]
pub(crate) async fn list_log_keys(
    permit: Permit<op::ListLogKeys>,
    State(app): State<App>,
) -> Result<Json<Page<LogKeyBody>>, Problem> {
    let keys = app.ledger.log_keys(&permit).await?;
    Ok(Json(Page { items: keys.into_iter().map(LogKeyBody::from).collect(), next_cursor: None }))
}

impl From<LogKey> for LogKeyBody {
    fn from(key: LogKey) -> Self {
        let LogKey { key, created_at, signs_until, signs } = key;
        Self { verifier_key: key.to_string(), created_at, signs_until, signs }
    }
}
