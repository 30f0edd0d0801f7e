//! Of the table `entries`, whole rows as they lie there, many at a time: for who checks a log, and so
//! wants every column and believes none. By COPY in the binary format (PostgreSQL, "COPY", "Binary
//! Format"), which costs a third of a query's rows: each row is one message, parsed in place.

mod columns;

use bytes::Bytes;
use custody_domain::{EntryId, StoredColumns};
use futures::TryStreamExt as _;
use uuid::Uuid;

use crate::{
    StoreError, TenantTx,
    copied::{self, Tuple},
    heads::{signed, unsigned},
};

/// Which rows: `seq`s from `from` up to and without `to`, with ids above `after`, so many at most.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Where to begin to look, so that the log before it is not walked through.
    pub after: Option<EntryId>,
    pub from: u64,
    pub to: u64,
    pub rows_max: u32,
    /// Of the rows as they are stored; the first is taken whatever its size.
    pub bytes_max: usize,
}

/// Rows in the log's order.
#[derive(Clone, Debug, Default)]
pub struct RawRows {
    rows: Vec<RawRow>,
    /// There were more, which `bytes_max` left out.
    is_cut: bool,
}

/// One row's bytes.
#[derive(Clone, Debug)]
pub struct RawRow(Bytes);

/// What a row says, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawEntry<'b> {
    pub id: EntryId,
    pub seq: u64,
    pub columns: StoredColumns<'b>,
    pub leaf_hash: [u8; 32],
    /// Compressed.
    pub body: &'b [u8],
}

/// Reads them.
pub async fn read(tx: &mut TenantTx, wanted: Wanted) -> Result<RawRows, StoreError> {
    let statement = statement(tx, wanted)?;
    let mut messages = tx.connection().copy_out(&statement).await?;
    let mut read = RawRows::default();
    let mut bytes = 0;
    while let Some(message) = messages.try_next().await? {
        let Some(row) = copied::of_message(message) else { continue };
        bytes += row.len();
        // The rest has to come over the wire all the same; it is not kept.
        if read.rows.is_empty() || bytes <= wanted.bytes_max {
            read.rows.push(RawRow(row));
        } else {
            read.is_cut = true;
        }
    }
    Ok(read)
}

impl RawRows {
    pub fn into_rows(self) -> Vec<RawRow> {
        self.rows
    }

    /// Whether rows that were wanted were left out for their size.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

impl RawRow {
    /// An error where the database answered other columns than it was asked for.
    pub fn entry(&self) -> Result<RawEntry<'_>, StoreError> {
        let mut tuple = Tuple::open(&self.0, columns::FIELDS)?;
        let entry = RawEntry {
            id: EntryId(Uuid::from_bytes(tuple.fixed()?)),
            seq: unsigned(i64::from_be_bytes(tuple.fixed()?))?,
            columns: columns::columns(&mut tuple)?,
            leaf_hash: tuple.fixed()?,
            body: tuple.required()?,
        };
        tuple.end()?;
        Ok(entry)
    }
}

/// COPY takes no parameters; what stands in it are UUIDs and numbers.
fn statement(tx: &TenantTx, wanted: Wanted) -> Result<String, StoreError> {
    Ok(format!(
        "COPY (SELECT id, seq, {}, leaf_hash, body FROM entries \
         WHERE tenant_id = '{}' AND id > '{}' AND seq >= {} AND seq < {} ORDER BY id LIMIT {}) \
         TO STDOUT (FORMAT BINARY)",
        columns::COLUMNS,
        tx.tenant(),
        wanted.after.map_or(Uuid::nil(), Uuid::from),
        signed(wanted.from)?,
        signed(wanted.to)?,
        wanted.rows_max,
    ))
}
