//! Pages of rows, one after the other, until there are no more.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use custody_auth::Scope;
use custody_domain::EntryId;
use custody_store::{
    Store,
    raw_rows::{self, RawRow, Wanted},
};
use tokio::sync::mpsc;

use crate::LedgerError;

/// Rows of a page: a plan costs what some hundred of them do.
const ROWS_MAX: u64 = 4096;
/// Bytes of a page, as stored.
const BYTES_MAX: usize = 2 << 20;

/// For so long a page is asked for again while the database, or a connection to it, is not to be had:
/// the reader cannot be told to come again any more. Less than a reader may be quiet for.
const PATIENCE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(200);

/// Rows in the log's order; never empty.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: VecDeque<RawRow>,
    /// The `seq` after its last row's.
    pub(super) next: u64,
}

#[derive(Debug)]
pub(super) struct Fetch {
    store: Store,
    scope: Scope,
    from: u64,
    to: u64,
    after: Option<EntryId>,
    /// Rows so far.
    count: u64,
    /// Of the next page.
    rows_max: u64,
    is_over: bool,
}

impl Fetch {
    /// `after`: the id of an entry before `from`.
    pub(super) fn new(store: Store, scope: Scope, (from, to): (u64, u64), after: Option<EntryId>) -> Self {
        Self { store, scope, from, to, after, count: 0, rows_max: ROWS_MAX, is_over: from >= to }
    }

    /// Until all are sent, or nobody wants them any more.
    pub(super) async fn run(mut self, pages: mpsc::Sender<Result<Page, LedgerError>>) {
        while !self.is_over {
            match self.page_in_time(&pages).await {
                Ok(None) => break,
                Ok(Some(page)) => {
                    if pages.send(Ok(page)).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    // Nobody is left to tell where this fails.
                    let _ = pages.send(Err(error)).await;
                    break;
                }
            }
        }
    }

    /// A page that could not be read has changed nothing, and is read again.
    async fn page_in_time(
        &mut self,
        pages: &mpsc::Sender<Result<Page, LedgerError>>,
    ) -> Result<Option<Page>, LedgerError> {
        let due = Instant::now() + PATIENCE;
        let mut waits = false;
        loop {
            match self.page().await {
                Err(LedgerError::Unavailable(error)) if Instant::now() < due && !pages.is_closed() => {
                    if !waits {
                        tracing::warn!(%error, "a stream of entries waits for the database");
                        waits = true;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
                answer => return answer,
            }
        }
    }

    async fn page(&mut self) -> Result<Option<Page>, LedgerError> {
        // As many as there should be, so that the database need not look for more behind the last;
        // where rows were exchanged or added, it has to.
        let left = (self.to - self.from).saturating_sub(self.count).max(1);
        let rows_max = u32::try_from(self.rows_max.min(left)).unwrap_or(u32::MAX);
        let (from, to) = (self.from, self.to);
        let wanted = Wanted { after: self.after, from, to, rows_max, bytes_max: BYTES_MAX };
        let mut tx = self.store.tenant_tx(&self.scope).await?;
        let read = raw_rows::read(&mut tx, wanted).await?;
        tx.commit().await?;
        let is_cut = read.is_cut();
        let rows: VecDeque<_> = read.into_rows().into();
        let Some(last) = rows.back() else { return Ok(None) };
        let last = last.entry()?;
        let next = last.seq.saturating_add(1);
        self.after = Some(last.id);
        self.count += rows.len() as u64;
        let count = rows.len() as u64;
        let all = next == to && self.count >= to - from;
        let none_left = !is_cut && count < u64::from(rows_max);
        self.is_over = all || none_left;
        // Of large entries fewer at a time: what is left out of a page is read twice.
        self.rows_max = if is_cut { count } else { (2 * self.rows_max).min(ROWS_MAX) };
        Ok(Some(Page { rows, next }))
    }
}
