//! What cannot be found in the index yet, read from the log.

use custody_auth::Scope;
use custody_ledger::{Order, Projected, Range, StoredEntry};

use super::index::Inner;
use crate::{SearchError, chunk::Chunk};

/// Entries read at once, at first, …
const READ_FIRST: u32 = 512;
/// … and later, …
const READ: u32 = 4_096;
/// … of large entries fewer.
const READ_BYTES: usize = 8 << 20;
/// Bytes of content that are read for one request.
const BYTES_MAX: usize = 128 << 20;

/// The entries from the position on, up to the head as it was when the read began; an error where they are
/// larger than what is read for one request.
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
    let mut chunk = Chunk::new(READ_FIRST, READ, READ_BYTES);
    loop {
        let after = tail.last().map(|entry| entry.id).or(projected.last_id);
        let want = chunk.size();
        let some = inner.log.page(scope, Range { after, before }, Order::OldestFirst, want).await?;
        let ended = some.len() < usize::try_from(want).unwrap_or(usize::MAX);
        chunk.took(&some);
        tail.extend(some);
        if chunk.bytes() > BYTES_MAX {
            return Err(SearchError::Indexing { done: projected.position, of: projected.head.size });
        }
        if ended {
            return Ok(tail);
        }
    }
}
