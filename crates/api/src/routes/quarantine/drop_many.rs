//! `POST /api/v1/quarantine/drop`

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_ingest::quarantine::discard;
use serde::Serialize;
use utoipa::ToSchema;

use super::selection::Selection;
use crate::{App, Permit, extract::Json, problem::Problem};

const ITEMS_MAX: u16 = 1_000;

/// How many were dropped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DroppedItems {
    dropped: u64,
    /// Goes into `cursor` for those behind; null after the last.
    next_cursor: Option<String>,
}

/// Drop many quarantined items
///
/// The oldest first, at most 1,000 a request, all or none of them. Each leaves an entry in the log.
#[utoipa::path(
    post, path = "/api/v1/quarantine/drop", operation_id = "dropQuarantine", tag = "quarantine",
    request_body = Selection,
    responses((status = 200, description = "They are gone.", body = DroppedItems))
)]
pub(crate) async fn drop_quarantine(
    permit: Permit<op::DropQuarantine>,
    State(app): State<App>,
    Json(selection): Json<Selection>,
) -> Result<Answer<DroppedItems>, Problem> {
    let page = selection.page(&app.store, &permit, ITEMS_MAX).await?;
    let dropped = discard(&app.store, &permit, &page.items).await?;
    Ok(Answer(DroppedItems { dropped, next_cursor: page.next_cursor }))
}
