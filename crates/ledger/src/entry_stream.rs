//! A stretch of the log as a verifier reads it (`custody_proof::stream`): rows as they lie there,
//! bodies decompressed, in constant memory and at the reader's pace. Nothing is checked on the way:
//! what was changed in the database must reach the verifier as it is.
//!
//! Rows are fetched page by page, each in a transaction of its own: a reader that is slow holds no
//! connection and no snapshot.

mod encode;
mod fetch;

use std::collections::VecDeque;

use bytes::Bytes;
use custody_auth::Scope;
use custody_proof::stream::{Opening, write_end, write_opening};
use custody_store::{heads, raw_rows::RawRow, tiles};
use tokio::sync::mpsc;

use crate::{Ledger, LedgerError};
use fetch::{Fetch, Page};

/// Entries of one stream; a reader goes on with another one from where it ended.
pub const ENTRIES_MAX: u64 = 1 << 20;
/// A piece is handed on when it holds so many bytes.
const PIECE_BYTES: usize = 256 * 1024;
/// Pages that are fetched ahead.
const PAGES_AHEAD: usize = 1;

/// A stream's pieces. Dropping it ends the fetching.
#[derive(Debug)]
pub struct EntryStream {
    opening: Option<Opening>,
    pages: mpsc::Receiver<Result<Page, LedgerError>>,
    rows: VecDeque<RawRow>,
    next: u64,
    is_over: bool,
}

impl Ledger {
    /// The entries `from..to`, up to [`ENTRIES_MAX`] of them; without `to`, up to where the log ends
    /// now. What lies beyond the log's end is streamed, too, if it is there.
    pub async fn entry_stream(
        &self,
        scope: &Scope,
        from: u64,
        to: Option<u64>,
    ) -> Result<EntryStream, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let head = heads::read(&mut tx).await?;
        let before = tiles::last_end(&mut tx, from / custody_proof::tile::WIDTH).await?;
        tx.commit().await?;
        let to = to.unwrap_or(head.size).min(from.saturating_add(ENTRIES_MAX)).max(from);
        let opening = Opening {
            tenant: scope.tenant(),
            epoch: head.epoch,
            size: head.size,
            last_id: head.last_id,
            from,
            to,
        };
        let (sender, pages) = mpsc::channel(PAGES_AHEAD);
        let fetch = Fetch::new(self.store.clone(), scope.clone(), (from, to), before.map(|end| end.last_id));
        tokio::spawn(fetch.run(sender));
        Ok(EntryStream { opening: Some(opening), pages, rows: VecDeque::new(), next: from, is_over: false })
    }
}

impl EntryStream {
    /// The next piece; none after the last. After an error the stream is cut off, and whoever reads
    /// it can tell.
    pub async fn next(&mut self) -> Option<Result<Bytes, LedgerError>> {
        if self.is_over {
            return None;
        }
        let piece = self.piece().await;
        self.is_over |= piece.is_err();
        Some(piece)
    }

    async fn piece(&mut self) -> Result<Bytes, LedgerError> {
        if let Some(opening) = self.opening.take() {
            let mut out = Vec::new();
            write_opening(&opening, &mut out);
            return Ok(out.into());
        }
        if self.rows.is_empty() {
            match self.pages.recv().await {
                Some(page) => {
                    let page = page?;
                    self.rows = page.rows;
                    self.next = page.next;
                }
                None => return Ok(self.end()),
            }
        }
        let mut rows = std::mem::take(&mut self.rows);
        // Milliseconds of decompressing: not on a thread that others' requests wait for.
        let (rows, out) = tokio::task::spawn_blocking(move || {
            let mut out = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
            encode::piece(&mut rows, PIECE_BYTES, &mut out).map(|()| (rows, out))
        })
        .await
        .map_err(|error| LedgerError::Unavailable(Box::new(error)))??;
        self.rows = rows;
        Ok(out.into())
    }

    fn end(&mut self) -> Bytes {
        self.is_over = true;
        let mut out = Vec::new();
        write_end(self.next, &mut out);
        out.into()
    }
}
