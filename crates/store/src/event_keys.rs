//! The tables `event_keys` and `request_keys`: which events are in the log already. Read and written
//! by the writer alone, while it holds the tenants' heads.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use custody_domain::{EntryId, TenantId};
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    StoreError, WriterTx,
    connection::CopyError,
    copy::{Chunks, field},
};

/// So long a request that is repeated is known again.
pub const REQUEST_KEYS_KEPT: TimeDelta = TimeDelta::hours(24);

const COLUMNS: &str = "tenant_id, id, key_hi, key_lo, fp8";

/// Whose id an event is known again by, and so for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// The event's own, or that of the quarantined item that it was: as long as its entry is kept.
    Event,
    /// Its request's (`Idempotency-Key`), with its place in it: for 24 hours.
    Request,
}

impl EventKind {
    /// The partition that is written.
    fn table(self) -> &'static str {
        match self {
            Self::Event => "event_keys_all",
            Self::Request => "request_keys_all",
        }
    }
}

/// An event that is in the log, or is about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKeyRow {
    pub tenant: TenantId,
    pub id: EntryId,
    /// HMAC of the event's id.
    pub key16: [u8; 16],
    /// Of the HMAC of the event as received.
    pub fp8: [u8; 8],
}

impl EventKeyRow {
    /// The key's two halves and the fingerprint, as they stand in the table.
    fn numbers(&self) -> [i64; 3] {
        let key = i128::from_be_bytes(self.key16);
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let (hi, lo) = ((key >> 64) as i64, key as i64);
        [hi, lo, i64::from_be_bytes(self.fp8)]
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let (hi, lo): (i64, i64) = (row.try_get("key_hi")?, row.try_get("key_lo")?);
        let mut key16 = [0; 16];
        key16[..8].copy_from_slice(&hi.to_be_bytes());
        key16[8..].copy_from_slice(&lo.to_be_bytes());
        Ok(Self {
            tenant: TenantId(row.try_get("tenant_id")?),
            id: EntryId(row.try_get("id")?),
            key16,
            fp8: row.try_get::<i64, _>("fp8")?.to_be_bytes(),
        })
    }
}

/// Those of `keys` that are there, and perhaps others that begin as one of them does. Call it after
/// the heads are locked: what another appender committed before is then seen. The keys of one tenant
/// stand side by side; `now` is the log's clock.
pub async fn find(
    tx: &mut WriterTx,
    kind: EventKind,
    keys: &[(TenantId, [u8; 16])],
    now: DateTime<Utc>,
) -> Result<Vec<EventKeyRow>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (mut tenants, mut firsts) = (Vec::new(), Vec::new());
    let mut first = 1;
    for of_tenant in keys.chunk_by(|a, b| a.0 == b.0) {
        tenants.extend(of_tenant.first().map(|(tenant, _)| tenant.0));
        firsts.push(first);
        first += i32::try_from(of_tenant.len()).map_err(|_| StoreError::unexpected("too many keys"))?;
    }
    firsts.push(first);
    let keys_hi: Vec<_> =
        keys.iter().filter_map(|(_, key16)| key16.first_chunk()).map(|hi| i64::from_be_bytes(*hi)).collect();
    let query = match kind {
        EventKind::Event => sqlx::query("SELECT * FROM custody_known_events($1, $2, $3)"),
        EventKind::Request => sqlx::query("SELECT * FROM custody_known_requests($1, $2, $3, $4)"),
    };
    let query = query.bind(tenants).bind(firsts).bind(keys_hi);
    let query = match kind {
        EventKind::Event => query,
        EventKind::Request => query.bind(EntryId::lower_bound(now - REQUEST_KEYS_KEPT).0),
    };
    query.fetch_all(tx.connection()).await?.iter().map(EventKeyRow::read).collect()
}

/// Writes them with the entries that they name, in the same transaction.
pub async fn insert(tx: &mut WriterTx, kind: EventKind, rows: &[EventKeyRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    // In the index's order, so that rows of one leaf follow each other.
    let mut sorted = rows.to_vec();
    sorted.sort_unstable_by_key(EventKeyRow::numbers);
    let mut chunks = Chunks::new(&sorted, |out, row| {
        out.extend_from_slice(&5_i16.to_be_bytes());
        field(out, Some(row.tenant.0.as_bytes()))?;
        field(out, Some(row.id.0.as_bytes()))?;
        row.numbers().iter().try_for_each(|number| field(out, Some(&number.to_be_bytes())))
    });
    let statement = format!("COPY {} ({COLUMNS}) FROM STDIN (FORMAT BINARY)", kind.table());
    let written = tx.connection().copy_in(&statement, |chunk| chunks.fill(chunk)).await;
    let written = written.map_err(|error| match error {
        CopyError::Chunk(error) => error,
        CopyError::Database(error) => error.into(),
    })?;
    if written == rows.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::unexpected("not every event key was written"))
    }
}

/// Empty where there are no rows, else ends with a semicolon.
pub(crate) fn insert_statement(kind: EventKind, rows: &[EventKeyRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut out = format!("INSERT INTO {} ({COLUMNS}) VALUES ", kind.table());
    for (at, row) in rows.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        let [hi, lo, fp8] = row.numbers();
        let _ = write!(out, "{separator}('{}','{}',{hi},{lo},{fp8})", row.tenant, row.id);
    }
    out.push_str("; ");
    out
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_key_is_two_numbers_of_its_bytes() {
        let row = EventKeyRow {
            tenant: TenantId(Uuid::nil()),
            id: EntryId(Uuid::nil()),
            key16: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0, 7],
            fp8: [0, 0, 0, 0, 0, 0, 1, 0],
        };
        assert_eq!(row.numbers(), [-2, 7, 256]);
    }
}
