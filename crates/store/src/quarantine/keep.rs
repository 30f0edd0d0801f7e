//! Keeping items: many in as many round trips as one.

use std::collections::HashMap;

use custody_domain::QuarantineId;
use uuid::Uuid;

use super::{
    ItemError, Quota, Seen,
    count::count,
    usage::{self, holding},
};
use crate::{StoreError, TenantTx, audit_outbox::json_text, heads::signed};

/// An item to keep.
#[derive(Clone, Debug)]
pub struct NewItem<'a> {
    /// HMAC of the item under the tenant's key.
    pub fp16: [u8; 16],
    /// `schema`, `syntax`, `conflict`, …: small letters and underscores.
    pub reason: &'a str,
    pub errors: &'a [ItemError],
    pub source_format: &'a str,
    /// As in an entry.
    pub recorded_by: &'a serde_json::Value,
    /// Of what is kept.
    pub size_bytes: u64,
    /// Of the item as received, where only its beginning is kept.
    pub sent_bytes: Option<u64>,
    pub sealed: &'a [u8],
    /// How often it came, for all who are told of it.
    pub times: u64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    New(QuarantineId),
    /// The same item was kept before.
    Known(QuarantineId),
    /// The quota is used up; nothing was written.
    Full,
}

/// Keeps items within the quota and answers for each, in their order: one that does not fit leaves its
/// room to those after it. An item that is there already is counted, as are those of `again`, of which
/// the caller saw that they are. Five round trips at most, or two where there is nothing but `again`.
pub async fn keep(
    tx: &mut TenantTx,
    items: &[NewItem<'_>],
    mut again: Seen,
    quota: Quota,
) -> Result<Vec<Kept>, StoreError> {
    usage::lock(tx).await?;
    let kept = if items.is_empty() { Vec::new() } else { keep_new(tx, items, &mut again, quota).await? };
    if !again.is_empty() {
        count(tx, &again).await?;
    }
    Ok(kept)
}

/// Adds to `again` what turns out to be there.
async fn keep_new(
    tx: &mut TenantTx,
    items: &[NewItem<'_>],
    again: &mut Seen,
    quota: Quota,
) -> Result<Vec<Kept>, StoreError> {
    // Nobody else keeps anything now, so what is not here yet is new. A statement of its own: what was
    // committed while the lock was waited for is only seen by one that begins after it.
    let fingerprints: Vec<_> = items.iter().map(|item| item.fp16).collect();
    let mut held = holding(tx, &fingerprints).await?;
    let mut new = Vec::new();
    let mut news: HashMap<[u8; 16], QuarantineId> = HashMap::new();
    let mut kept = Vec::with_capacity(items.len());
    let mut bytes = 0;
    for item in items {
        let known = held.known.get(&item.fp16).or_else(|| news.get(&item.fp16));
        kept.push(if let Some(id) = known {
            *again.entry(item.fp16).or_default() += item.times;
            Kept::Known(*id)
        } else if held.charge(item.size_bytes, quota) {
            let id = QuarantineId(Uuid::now_v7());
            news.insert(item.fp16, id);
            new.push((id, item));
            bytes += item.size_bytes;
            Kept::New(id)
        } else {
            Kept::Full
        });
    }
    if !new.is_empty() {
        insert(tx, &new).await?;
        usage::add(tx, new.len() as u64, bytes).await?;
    }
    Ok(kept)
}

async fn insert(tx: &mut TenantTx, new: &[(QuarantineId, &NewItem<'_>)]) -> Result<(), StoreError> {
    let tenant = tx.tenant().0;
    let all = || new.iter().map(|(_, item)| item);
    let written = sqlx::query(
        "INSERT INTO quarantine
             (tenant_id, id, fp16, reason, errors, source_format, recorded_by, size_bytes, sealed, sent_bytes,
              times)
         SELECT $1, id, fp16, reason, errors::json, source_format, recorded_by::json, size_bytes, sealed, sent_bytes,
             times
         FROM unnest($2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
                 $9::bytea[], $10::bigint[], $11::bigint[])
             AS new (id, fp16, reason, errors, source_format, recorded_by, size_bytes, sealed, sent_bytes, times)",
    )
    .bind(tenant)
    .bind(new.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind(all().map(|item| item.fp16.as_slice()).collect::<Vec<_>>())
    .bind(all().map(|item| item.reason).collect::<Vec<_>>())
    .bind(all().map(|item| json_text(&item.errors)).collect::<Result<Vec<_>, _>>()?)
    .bind(all().map(|item| item.source_format).collect::<Vec<_>>())
    .bind(all().map(|item| json_text(item.recorded_by)).collect::<Result<Vec<_>, _>>()?)
    .bind(all().map(|item| signed(item.size_bytes)).collect::<Result<Vec<_>, _>>()?)
    .bind(all().map(|item| item.sealed).collect::<Vec<_>>())
    .bind(all().map(|item| item.sent_bytes.map(signed).transpose()).collect::<Result<Vec<_>, _>>()?)
    .bind(all().map(|item| signed(item.times)).collect::<Result<Vec<_>, _>>()?)
    .execute(tx.connection())
    .await?
    .rows_affected();
    if written == new.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::unexpected("not every quarantined item was written"))
    }
}
