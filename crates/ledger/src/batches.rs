//! Long stretches of the log, for who reads all of it: rows are fetched ahead, in transactions of a page
//! each, so that a reader who is slow holds no connection and no snapshot; what is dear, decompressing, is
//! left to the reader's own threads, in batches of a bounded size.

use std::time::{Duration, Instant};

use custody_auth::Scope;
use custody_domain::{EntryId, TenantId};
use custody_store::{
    Store,
    bodies::{self, BodyRow},
    entries::Range,
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::{Ledger, LedgerError, StoredEntry, codec, entry};

/// Rows of a page: a plan costs what some hundred of them do.
const ROWS_MAX: u32 = 4096;
/// Bytes of a page, as stored.
const BYTES_MAX: usize = 2 << 20;
/// Bytes of a batch, decompressed; an entry that has more is one alone.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// Batches that are fetched ahead: some two pages of usual ones.
const BATCHES_AHEAD: usize = 8;

/// For so long a page is asked for again while the database, or a connection to it, is not to be had:
/// the reader has begun and cannot be told to come again.
const PATIENCE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(200);

/// The entries of a range, oldest first. Dropping it ends the fetching.
#[derive(Debug)]
pub struct EntryBatches {
    batches: mpsc::Receiver<Result<EntryBatch, LedgerError>>,
    _fetch: AbortOnDropHandle<()>,
}

/// Entries that follow each other, still compressed; never none.
#[derive(Debug)]
pub struct EntryBatch {
    tenant: TenantId,
    rows: Vec<BodyRow>,
    next: u64,
}

impl Ledger {
    /// What of the range is there when each page is read; who wants the log as it is now ends the range
    /// behind its head.
    pub fn batches(&self, scope: &Scope, range: Range) -> EntryBatches {
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let fetch = Fetch { store: self.store.clone(), scope: scope.clone(), range, rows_max: ROWS_MAX };
        let fetch = AbortOnDropHandle::new(tokio::spawn(fetch.run(sender)));
        EntryBatches { batches, _fetch: fetch }
    }
}

impl EntryBatches {
    /// None after the last one, or after an error.
    pub async fn next(&mut self) -> Option<Result<EntryBatch, LedgerError>> {
        self.batches.recv().await
    }
}

impl EntryBatch {
    /// The `seq` after its last entry's.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Decompresses them, one after the other: not for a thread that others' requests wait for.
    pub fn into_entries(self) -> impl Iterator<Item = Result<StoredEntry, LedgerError>> {
        let tenant_id = self.tenant;
        self.rows.into_iter().map(move |row| {
            let row = row.entry()?;
            let body = entry::decode(row.body).map_err(|source| LedgerError::Unreadable {
                tenant: tenant_id,
                seq: row.seq,
                source,
            })?;
            Ok(StoredEntry { tenant_id, id: row.id, seq: row.seq, leaf_hash: row.leaf_hash, body })
        })
    }
}

struct Fetch {
    store: Store,
    scope: Scope,
    range: Range,
    /// Of the next page.
    rows_max: u32,
}

type Batches = mpsc::Sender<Result<EntryBatch, LedgerError>>;

impl Fetch {
    async fn run(mut self, batches: Batches) {
        if let Err(error) = self.pages(&batches).await {
            // Nobody is left to tell where this fails.
            let _ = batches.send(Err(error)).await;
        }
    }

    async fn pages(&mut self, batches: &Batches) -> Result<(), LedgerError> {
        loop {
            let (rows, is_last) = self.page_in_time().await?;
            for batch in split(self.scope.tenant(), rows)? {
                if batches.send(Ok(batch)).await.is_err() {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// A page that could not be read has changed nothing, and is read again.
    async fn page_in_time(&mut self) -> Result<(Vec<BodyRow>, bool), LedgerError> {
        let due = Instant::now() + PATIENCE;
        loop {
            match self.page().await {
                Err(LedgerError::Unavailable(error)) if Instant::now() < due => {
                    tracing::debug!(%error, "who reads the log waits for the database");
                    tokio::time::sleep(AGAIN).await;
                }
                answer => return answer,
            }
        }
    }

    async fn page(&mut self) -> Result<(Vec<BodyRow>, bool), LedgerError> {
        let mut tx = self.store.tenant_tx(&self.scope).await?;
        let read = bodies::read(&mut tx, self.range, self.rows_max, BYTES_MAX).await?;
        tx.commit().await?;
        let Some(last) = read.rows.last() else { return Ok((Vec::new(), true)) };
        self.range.after = Some(last.entry()?.id);
        let count = u32::try_from(read.rows.len()).unwrap_or(u32::MAX);
        let is_last = !read.is_cut && count < self.rows_max || self.is_over();
        // Of large entries fewer at a time: what is left out of a page is read twice.
        self.rows_max = if read.is_cut { count } else { self.rows_max.saturating_mul(2).min(ROWS_MAX) };
        Ok((read.rows, is_last))
    }

    /// Whether no id lies between the last row and the range's end.
    fn is_over(&self) -> bool {
        let number = |id: EntryId| id.0.as_u128();
        match (self.range.after, self.range.before) {
            (Some(after), Some(before)) => number(after).saturating_add(1) >= number(before),
            _ => false,
        }
    }
}

fn split(tenant: TenantId, rows: Vec<BodyRow>) -> Result<Vec<EntryBatch>, LedgerError> {
    let mut batches: Vec<EntryBatch> = Vec::new();
    let mut bytes = usize::MAX;
    for row in rows {
        let entry = row.entry()?;
        let next = entry.seq.saturating_add(1);
        bytes = bytes.saturating_add(codec::bytes_max(entry.body));
        match batches.last_mut() {
            Some(batch) if bytes <= BATCH_BYTES_MAX => {
                batch.rows.push(row);
                batch.next = next;
            }
            _ => {
                bytes = codec::bytes_max(entry.body);
                batches.push(EntryBatch { tenant, rows: vec![row], next });
            }
        }
    }
    Ok(batches)
}
