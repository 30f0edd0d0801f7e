//! `GET /api/v1/followers`

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_ledger::follow::Standing;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, Permit, page::Page, problem::Problem};

/// What is derived from the log, and how far.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowerBody {
    /// `tree` (tiles and checkpoints) or `producers` (gaps, watermark).
    name: String,
    /// Entries that it has followed.
    position: u64,
    /// Entries in the log.
    head: u64,
    /// How many it has still to follow, and since when the first of them waits.
    lag_entries: u64,
    lag_seconds: f64,
    /// When it moved on last; null where it never did.
    updated_at: Option<DateTime<Utc>>,
    /// Why it does not come on in this log; null where it does.
    failure: Option<FailureBody>,
}

/// It is tried again by itself, the next time at the latest after five minutes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureBody {
    reason: String,
    at: DateTime<Utc>,
}

/// List the followers
///
/// What is derived from the tenant's log, how far each has come in it, and what holds it up.
#[utoipa::path(
    get, path = "/api/v1/followers", operation_id = "listFollowers", tag = "log",
    responses((status = 200, description = "All of them.", body = Page<FollowerBody>))
)]
pub(crate) async fn list_followers(
    permit: Permit<op::ListFollowers>,
    State(app): State<App>,
) -> Result<Json<Page<FollowerBody>>, Problem> {
    let followers = app.ledger.followers(&permit).await?;
    Ok(Json(Page { items: followers.into_iter().map(FollowerBody::from).collect(), next_cursor: None }))
}

impl From<Standing> for FollowerBody {
    fn from(standing: Standing) -> Self {
        Self {
            name: standing.follower,
            position: standing.position,
            head: standing.head,
            lag_entries: standing.head.saturating_sub(standing.position),
            lag_seconds: standing.waits.as_seconds_f64(),
            updated_at: standing.updated_at,
            failure: standing.failure.map(|failure| FailureBody { reason: failure.reason, at: failure.at }),
        }
    }
}
