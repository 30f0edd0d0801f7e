//! What cannot be found in the index yet, read from the log.

use custody_auth::Scope;
use custody_ledger::{Order, Projected, Range, StoredEntry};

use super::index::Inner;
use crate::SearchError;

/// Entries read at once.
const READ: u32 = 4_096;

/// The entries from the position on, up to the head as it was when the read began.
pub(super) async fn read(
    inner: &Inner,
    scope: &Scope,
    projected: &Projected,
) -> Result<Vec<StoredEntry>, SearchError> {
    let mut tail: Vec<StoredEntry> = Vec::new();
    let before = projected.head.last_id.map(custody_domain::EntryId::next_up);
    if before.is_none() || projected.position >= projected.head.size {
        return Ok(tail);
    }
    loop {
        let after = tail.last().map(|entry| entry.id).or(projected.last_id);
        let some = inner.log.page(scope, Range { after, before }, Order::OldestFirst, READ).await?;
        let ended = some.len() < READ as usize;
        tail.extend(some);
        if ended {
            return Ok(tail);
        }
    }
}
