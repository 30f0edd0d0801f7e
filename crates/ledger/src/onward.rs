//! The log from a place on, for who follows it entry by entry: rows as they lie there, decompressed one
//! at a time by whoever looks at them, so that a page takes no more memory than it has bytes in the
//! database, and one damaged row hides no other.

use custody_auth::Scope;
use custody_domain::{EntryId, TenantId};
use custody_store::{
    entries::EntryRow,
    heads::{self, Head},
    raw_rows::{self, RawRow, Wanted},
    tiles,
};

use crate::{Ledger, LedgerError, StoredEntry};

/// Bytes of a page, as stored; its first entry is in it whatever its size.
const BYTES_MAX: usize = 1 << 20;

/// Where to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The `seq` of the first entry that is wanted.
    pub seq: u64,
    /// The id of an entry before it, the nearer the better: without one the log is walked from its
    /// beginning.
    pub after: Option<EntryId>,
}

/// An entry that was read and not looked into.
#[derive(Clone, Debug)]
pub struct Unopened {
    pub id: EntryId,
    pub seq: u64,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    Row(TenantId, RawRow),
    Entry(Box<StoredEntry>),
}

impl Unopened {
    /// [`LedgerError::Unreadable`] where the stored bytes are not what an append writes.
    pub fn open(&self) -> Result<StoredEntry, LedgerError> {
        let (tenant, entry) = match &self.kept {
            Kept::Row(tenant, row) => (*tenant, row.entry()?),
            Kept::Entry(entry) => return Ok(StoredEntry::clone(entry)),
        };
        StoredEntry::read(&EntryRow {
            tenant_id: tenant,
            id: entry.id,
            seq: entry.seq,
            leaf_hash: entry.leaf_hash,
            body: entry.body.to_vec(),
        })
    }
}

impl From<StoredEntry> for Unopened {
    /// One that somebody has at hand, as logs in memory do.
    fn from(entry: StoredEntry) -> Self {
        Self { id: entry.id, seq: entry.seq, kept: Kept::Entry(Box::new(entry)) }
    }
}

impl Ledger {
    /// At most `rows_max` entries from the place on, in the log's order. None where there are no more.
    pub async fn onward(
        &self,
        scope: &Scope,
        start: Start,
        rows_max: u32,
    ) -> Result<Vec<Unopened>, LedgerError> {
        let wanted = Wanted {
            after: start.after,
            from: start.seq,
            // The greatest that the database has a number for.
            to: i64::MAX.unsigned_abs(),
            rows_max,
            bytes_max: BYTES_MAX,
        };
        let mut tx = self.store.tenant_tx(scope).await?;
        let read = raw_rows::read(&mut tx, wanted).await?;
        tx.commit().await?;
        let tenant = scope.tenant();
        let unopened = |row: RawRow| {
            let (id, seq) = {
                let entry = row.entry()?;
                (entry.id, entry.seq)
            };
            Ok(Unopened { id, seq, kept: Kept::Row(tenant, row) })
        };
        read.into_rows().into_iter().map(unopened).collect()
    }

    /// The place of an entry by its `seq`, as near as the log's tiles know it.
    pub async fn start_at(&self, scope: &Scope, seq: u64) -> Result<Start, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let before = tiles::last_end(&mut tx, seq / custody_proof::tile::WIDTH).await?;
        tx.commit().await?;
        Ok(Start { seq, after: before.map(|end| end.last_id) })
    }

    /// Where these tenants' logs end: one question, however many they are.
    pub async fn heads(&self, tenants: &[TenantId]) -> Result<Vec<(TenantId, Head)>, LedgerError> {
        let mut tx = self.store.system_tx().await?;
        let heads = heads::of(&mut tx, tenants).await?;
        tx.commit().await?;
        Ok(heads)
    }
}
