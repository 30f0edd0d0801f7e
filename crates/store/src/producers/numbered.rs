//! The numbers that producers gave, read from the entries' columns.

use custody_domain::{EntryId, TenantId};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    StoreError, SystemTx, by_index,
    heads::{signed, unsigned},
};

/// A part of one log: the entries after one, up to and with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub tenant: TenantId,
    /// None: from the first one on.
    pub after: Option<EntryId>,
    pub to: EntryId,
}

/// What one producer numbered in a stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Which of the stretches, from 0.
    pub stretch: usize,
    /// None: those entries that have no producer.
    pub producer: Option<String>,
    pub entries: u64,
    /// Its numbers in log order, and the ids of their entries; empty where there is no producer.
    pub seqs: Vec<u64>,
    pub ids: Vec<EntryId>,
}

/// What all producers numbered in these stretches, in one round trip.
pub async fn numbered(tx: &mut SystemTx, stretches: &[Stretch]) -> Result<Vec<Numbered>, StoreError> {
    let tenants: Vec<_> = stretches.iter().map(|s| s.tenant.0).collect();
    let after: Vec<_> = stretches.iter().map(|s| s.after.map_or(Uuid::nil(), |id| id.0)).collect();
    let to: Vec<_> = stretches.iter().map(|s| s.to.0).collect();
    sqlx::query("SELECT place, producer_id, entries, seqs, ids FROM custody_numbered($1, $2, $3)")
        .bind(tenants)
        .bind(after)
        .bind(to)
        .fetch_all(tx.connection())
        .await?
        .iter()
        .map(|row| {
            let place = usize::try_from(row.try_get::<i32, _>("place")?).ok().and_then(|n| n.checked_sub(1));
            let seqs: Option<Vec<i64>> = row.try_get("seqs")?;
            let ids: Option<Vec<Uuid>> = row.try_get("ids")?;
            Ok(Numbered {
                stretch: place.ok_or_else(|| StoreError::unexpected("no stretch has that place"))?,
                producer: row.try_get("producer_id")?,
                entries: unsigned(row.try_get("entries")?)?,
                seqs: seqs.unwrap_or_default().into_iter().map(unsigned).collect::<Result<_, _>>()?,
                ids: ids.unwrap_or_default().into_iter().map(EntryId).collect(),
            })
        })
        .collect()
}

/// The id of the `nth` entry after one; `nth` is 1 or more. None where the log is not so long.
pub async fn nth_after(
    tx: &mut SystemTx,
    tenant: TenantId,
    after: Option<EntryId>,
    nth: u64,
) -> Result<Option<EntryId>, StoreError> {
    by_index::plan(tx.connection()).await?;
    let id: Option<Uuid> = sqlx::query_scalar(
        "SELECT id FROM entries WHERE tenant_id = $1 AND id > $2 ORDER BY id OFFSET $3 LIMIT 1",
    )
    .bind(tenant.0)
    .bind(after.map_or(Uuid::nil(), |id| id.0))
    .bind(signed(nth.saturating_sub(1))?)
    .fetch_optional(tx.connection())
    .await?;
    Ok(id.map(EntryId))
}
