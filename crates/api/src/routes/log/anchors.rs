//! `GET /api/v1/log/anchors`

mod found;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_objects::ObjectsError;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

use super::checkpoints::{key, place};
use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// A checkpoint that was written to the object store.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchorBody {
    /// Of the log.
    epoch: u32,
    /// Entries in the tree.
    size: u64,
    /// Whether the database knows of it. If not, what it would say is null.
    recorded: bool,
    /// Root hash, in hexadecimal.
    root: Option<String>,
    /// Of the object, in hexadecimal.
    sha256: Option<String>,
    /// When it was written.
    anchored_at: DateTime<Utc>,
    /// Until when the object store holds it; null where it does not.
    locked_until: Option<DateTime<Utc>>,
}

/// List the anchored checkpoints
///
/// Oldest first: those that the database knows of, and those that lie in the object store and it does
/// not. What they say is at `/log/anchors/{epoch}/{size}`.
#[utoipa::path(
    get, path = "/api/v1/log/anchors", operation_id = "listAnchors", tag = "log",
    params(PageParameters),
    responses((status = 200, description = "A page of anchors.", body = Page<AnchorBody>))
)]
pub(crate) async fn list_anchors(
    permit: Permit<op::ListAnchors>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let (limit, after) = parameters.bounds_by(place)?;
    let found = found::after(&app, &permit, after, limit + 1).await?;
    Ok(Page::cut(found, limit, |anchor| key(anchor.epoch, anchor.size)).answer(&uri))
}

/// A problem of what the object store answered.
pub(super) fn not_to_be_had(error: ObjectsError) -> Problem {
    match error {
        ObjectsError::NotFound => Problem::not_found(),
        ObjectsError::Unavailable { .. } | ObjectsError::Denied { .. } => {
            Problem::unavailable("The object store does not answer.", 5).caused_by(error)
        }
        error => Problem::internal(error),
    }
}
