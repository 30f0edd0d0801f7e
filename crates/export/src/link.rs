//! What stands between the entries of a bundle: the compact ranges of the leaves that are not in it.

use std::ops::Range;

use custody_auth::Scope;
use custody_domain::Hash;
use custody_ledger::{Ledger, StoredEntry};

use crate::ExportError;

/// Gaps whose hashes are read at once: each may need another tile, of 8 KiB.
const GAPS_MAX: usize = 256;

/// For each entry the hashes of the leaves between it and the one before; `next` is the `seq` after the
/// last entry of all before.
pub(crate) async fn skips(
    ledger: &Ledger,
    scope: &Scope,
    mut next: u64,
    entries: &[StoredEntry],
) -> Result<Vec<Vec<Hash>>, ExportError> {
    let mut gaps: Vec<Range<u64>> = Vec::with_capacity(entries.len());
    for entry in entries {
        gaps.push(next..entry.seq.max(next));
        next = entry.seq.saturating_add(1);
    }
    let mut hashes = Vec::with_capacity(gaps.len());
    for gaps in gaps.chunks(GAPS_MAX) {
        if gaps.iter().all(Range::is_empty) {
            hashes.extend(gaps.iter().map(|_| Vec::new()));
        } else {
            hashes.extend(ledger.compact_ranges(scope, gaps).await?);
        }
    }
    Ok(hashes)
}

/// Of the leaves after the last entry.
pub(crate) async fn rest(
    ledger: &Ledger,
    scope: &Scope,
    leaves: Range<u64>,
) -> Result<Vec<Hash>, ExportError> {
    let hashes = ledger.compact_ranges(scope, std::slice::from_ref(&leaves)).await?;
    Ok(hashes.into_iter().next().unwrap_or_default())
}
