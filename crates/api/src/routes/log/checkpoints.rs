//! `GET /api/v1/log/checkpoints`

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_ledger::tree::KeptCheckpoint;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    App, Permit,
    extract::Parameters,
    page::{Page, PageParameters},
    problem::Problem,
};

/// A checkpoint that is kept for good.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckpointBody {
    /// Of the log: rises when a restore may have lost entries.
    epoch: u32,
    /// Entries in the tree.
    size: u64,
    /// Root hash, in hexadecimal.
    root: String,
    made_at: Option<DateTime<Utc>>,
    /// The signed note, from which the rest can be read.
    note: String,
}

/// List the checkpoints that are kept
///
/// One an hour, and each that was handed out, oldest first. The newest is at `/log/checkpoint`.
#[utoipa::path(
    get, path = "/api/v1/log/checkpoints", operation_id = "listCheckpoints", tag = "log",
    params(PageParameters),
    responses((status = 200, description = "A page of checkpoints.", body = Page<CheckpointBody>))
)]
pub(crate) async fn list_checkpoints(
    permit: Permit<op::ListCheckpoints>,
    State(app): State<App>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let (limit, after) = parameters.bounds()?;
    let after = after.map(place).transpose()?;
    let kept = app.ledger.kept_checkpoints(&permit, after, u32::from(limit) + 1).await?;
    let page = Page::cut(kept, limit, |kept| id(kept.epoch, kept.size));
    Ok(page.map(CheckpointBody::from).answer(&uri))
}

impl From<KeptCheckpoint> for CheckpointBody {
    fn from(kept: KeptCheckpoint) -> Self {
        let KeptCheckpoint { epoch, size, root, note, made_at } = kept;
        Self { epoch, size, root: hex::encode(root), made_at, note }
    }
}

/// Checkpoints have no id, and a cursor is one: epoch and size make it.
fn id(epoch: u32, size: u64) -> Uuid {
    Uuid::from_u64_pair(epoch.into(), size)
}

fn place(id: Uuid) -> Result<(u32, u64), Problem> {
    let (epoch, size) = id.as_u64_pair();
    let foreign = || Problem::bad_parameter("cursor", "is no cursor of this list");
    let (epoch, size_max) = (i32::try_from(epoch).map_err(|_| foreign())?, i64::MAX as u64);
    let epoch = u32::try_from(epoch).map_err(|_| foreign())?;
    if size <= size_max { Ok((epoch, size)) } else { Err(foreign()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_cursor_leads_back_and_a_foreign_one_is_refused() {
        assert_eq!(place(id(3, 70_000)).unwrap(), (3, 70_000));
        assert!(place(Uuid::now_v7()).is_err());
        assert!(place(id(0, u64::MAX)).is_err());
    }
}
