//! `GET /api/v1/log/anchors/{epoch}/{size}`

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_objects::{ObjectsError, Range, layout};
use futures::TryStreamExt as _;

use super::{PLAIN_TEXT, anchors::not_to_be_had};
use crate::{App, Permit, problem::Problem};

/// No note is longer. What is, is cut off, and is no note then either.
const BYTES_MAX: u64 = 64 * 1024;

/// Get an anchored checkpoint
///
/// The object's bytes as the object store has them now, whatever the database says of it. They may be held
/// against the log: docs/verify.md.
#[utoipa::path(
    get, path = "/api/v1/log/anchors/{epoch}/{size}", operation_id = "getAnchor", tag = "log",
    params(
        ("epoch" = u32, Path, description = "Of the log."),
        ("size" = u64, Path, description = "Entries in the tree."),
    ),
    responses((status = 200, description = "The object.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn get_anchor(
    permit: Permit<op::GetAnchor>,
    State(app): State<App>,
    Path((epoch, size)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (Ok(epoch), Ok(size)) = (epoch.parse(), size.parse()) else { return Err(Problem::not_found()) };
    let key = layout::anchor(&permit, epoch, size);
    let range = Range::Between { from: 0, until: BYTES_MAX };
    let bytes = match app.objects.get(&key, Some(range)).await {
        Ok(download) => download.stream.try_collect::<Vec<_>>().await.map_err(not_to_be_had)?.concat(),
        // It is there, and has nothing in it.
        Err(ObjectsError::BeyondTheEnd { .. }) => Vec::new(),
        Err(error) => return Err(not_to_be_had(error)),
    };
    Ok((PLAIN_TEXT, bytes).into_response())
}
