//! `GET /api/v1/log/checkpoints`

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_ledger::tree::KeptCheckpoint;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

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
    let (limit, after) = parameters.bounds_by(place)?;
    let kept = app.ledger.kept_checkpoints(&permit, after, u32::from(limit) + 1).await?;
    let page = Page::cut(kept, limit, |kept| key(kept.epoch, kept.size));
    Ok(page.map(CheckpointBody::from).answer(&uri))
}

impl From<KeptCheckpoint> for CheckpointBody {
    fn from(kept: KeptCheckpoint) -> Self {
        let KeptCheckpoint { epoch, size, root, note, made_at } = kept;
        Self { epoch, size, root: hex::encode(root), made_at, note }
    }
}

/// Checkpoints have no id: epoch and size tell one.
pub(super) fn key(epoch: u32, size: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&epoch.to_be_bytes());
    key[4..].copy_from_slice(&size.to_be_bytes());
    key
}

pub(super) fn place(key: &[u8]) -> Option<(u32, u64)> {
    let (epoch, size) = key.split_first_chunk()?;
    let (epoch, size) = (u32::from_be_bytes(*epoch), u64::from_be_bytes(size.try_into().ok()?));
    // PostgreSQL's integers have a sign.
    (i32::try_from(epoch).is_ok() && i64::try_from(size).is_ok()).then_some((epoch, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_and_a_foreign_one_is_refused() {
        assert_eq!(place(&key(3, 70_000)), Some((3, 70_000)));
        assert_eq!(place(uuid::Uuid::now_v7().as_bytes()), None);
        assert_eq!(place(&key(0, u64::MAX)), None);
        assert_eq!(place(&key(u32::MAX, 1)), None);
        assert_eq!(place(&[1, 2]), None);
    }
}
