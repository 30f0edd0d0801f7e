//! Of the table `entries`, what an entry is made of again and no more: for who reads long stretches of a
//! log. By COPY in the binary format, as [`crate::raw_rows`] is; without the columns that are copies of
//! the body a row costs two thirds of one there.

use bytes::Bytes;
use custody_domain::EntryId;
use futures::TryStreamExt as _;
use uuid::Uuid;

use crate::{
    StoreError, TenantTx,
    copied::{self, Tuple},
    entries::Range,
    heads::unsigned,
};

/// `id`, `seq`, `leaf_hash`, `body`.
const FIELDS: i16 = 4;

/// Rows in the log's order.
#[derive(Clone, Debug, Default)]
pub struct BodyRows {
    pub rows: Vec<BodyRow>,
    /// There were more, which the bound of bytes left out.
    pub is_cut: bool,
}

/// One row's bytes.
#[derive(Clone, Debug)]
pub struct BodyRow(Bytes);

/// What a row says, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyEntry<'b> {
    pub id: EntryId,
    pub seq: u64,
    pub leaf_hash: [u8; 32],
    /// Compressed.
    pub body: &'b [u8],
}

/// At most `rows_max` rows of the range, and `bytes_max` as they are stored; the first is taken whatever
/// its size.
pub async fn read(
    tx: &mut TenantTx,
    range: Range,
    rows_max: u32,
    bytes_max: usize,
) -> Result<BodyRows, StoreError> {
    // COPY takes no parameters; what stands in it are UUIDs and numbers.
    let statement = format!(
        "COPY (SELECT id, seq, leaf_hash, body FROM entries \
         WHERE tenant_id = '{}' AND id > '{}' AND id < '{}' ORDER BY id LIMIT {rows_max}) \
         TO STDOUT (FORMAT BINARY)",
        tx.tenant(),
        range.after.map_or(Uuid::nil(), Uuid::from),
        range.before.map_or(Uuid::max(), Uuid::from),
    );
    let mut messages = tx.connection().copy_out(&statement).await?;
    let mut read = BodyRows::default();
    let mut bytes = 0;
    while let Some(message) = messages.try_next().await? {
        let Some(row) = copied::of_message(message) else { continue };
        bytes += row.len();
        // The rest has to come over the wire all the same; it is not kept.
        if read.rows.is_empty() || bytes <= bytes_max {
            read.rows.push(BodyRow(row));
        } else {
            read.is_cut = true;
        }
    }
    Ok(read)
}

impl BodyRow {
    /// An error where the database answered other columns than it was asked for.
    pub fn entry(&self) -> Result<BodyEntry<'_>, StoreError> {
        let mut tuple = Tuple::open(&self.0, FIELDS)?;
        let entry = BodyEntry {
            id: EntryId(Uuid::from_bytes(tuple.fixed()?)),
            seq: unsigned(i64::from_be_bytes(tuple.fixed()?))?,
            leaf_hash: tuple.fixed()?,
            body: tuple.required()?,
        };
        tuple.end()?;
        Ok(entry)
    }
}
