//! `POST /api/v1/quarantine/replay`

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_domain::QuarantineId;
use custody_ingest::quarantine::{Correction, Replay};
use serde::Serialize;
use utoipa::ToSchema;

use super::selection::Selection;
use crate::{
    App, Permit,
    extract::Json,
    problem::{Fault, Problem},
};

/// Each is a commit of its own, and the answer waits for all.
const ITEMS_MAX: u16 = 100;

/// What became of the items.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayedItems {
    /// Entries now.
    accepted: u64,
    /// Entries before: the same event was in the log.
    duplicate: u64,
    /// These stay where they are.
    rejected: Vec<RejectedItem>,
    /// Goes into `cursor` for those behind; null after the last.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedItem {
    #[schema(value_type = Uuid)]
    quarantine_id: QuarantineId,
    reason: String,
    errors: Vec<Fault>,
}

/// Replay many quarantined items
///
/// As they were sent, the oldest first, at most 100 a request: after a change of the mask policy, or
/// with a version that takes what an earlier one did not. What becomes an entry leaves the
/// quarantine. Each that does leaves an entry that says so.
#[utoipa::path(
    post, path = "/api/v1/quarantine/replay", operation_id = "replayQuarantine", tag = "quarantine",
    request_body = Selection,
    responses((status = 200, description = "What became of them.", body = ReplayedItems))
)]
pub(crate) async fn replay_quarantine(
    permit: Permit<op::ReplayQuarantine>,
    State(app): State<App>,
    Json(selection): Json<Selection>,
) -> Result<Answer<ReplayedItems>, Problem> {
    let page = selection.page(&app.store, &permit, ITEMS_MAX).await?;
    let mut answer =
        ReplayedItems { accepted: 0, duplicate: 0, rejected: Vec::new(), next_cursor: page.next_cursor };
    for id in page.items {
        match app.ingest.replay(&permit, id, Correction::default()).await? {
            Replay::Accepted(_) => answer.accepted += 1,
            Replay::Known(_) => answer.duplicate += 1,
            Replay::Rejected { reason, errors } => answer.rejected.push(RejectedItem {
                quarantine_id: id,
                reason: reason.as_str().to_owned(),
                errors: errors.into_iter().map(|e| Fault::at(e.pointer, e.detail)).collect(),
            }),
            // Somebody else was quicker.
            Replay::Gone => {}
        }
    }
    Ok(Answer(answer))
}
