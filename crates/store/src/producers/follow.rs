//! How the follower keeps what it knows of producers.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use custody_domain::{TenantId, producer::Run};
use serde_json::json;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::{COLUMNS, producer, signed, unsigned};
use crate::{FencedTx, StoreError, audit_outbox::json_text};

/// What is known of one producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    pub tenant: TenantId,
    pub epoch: u32,
    pub id: String,
    pub run: Run,
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

/// How many producers a tenant has, and how many entries of others were not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub kept: u64,
    pub unwatched: u64,
}

/// Those of these producers (tenant, epoch, id) that are known in that epoch.
pub async fn load(
    tx: &mut FencedTx,
    producers: &[(TenantId, u32, &str)],
) -> Result<Vec<Tracked>, StoreError> {
    let tenants: Vec<_> = producers.iter().map(|(tenant, ..)| tenant.0).collect();
    let epochs: Vec<_> = producers.iter().map(|(_, epoch, _)| i64::from(*epoch)).collect();
    let ids: Vec<_> = producers.iter().map(|(.., id)| *id).collect();
    sqlx::query(AssertSqlSafe(format!(
        "SELECT tenant_id, epoch, {COLUMNS} FROM producers
         JOIN unnest($1::uuid[], $2::bigint[], $3::text[]) AS asked (tenant, of_epoch, id)
             ON tenant_id = tenant AND epoch = of_epoch AND producer_id = id"
    )))
    .bind(tenants)
    .bind(epochs)
    .bind(ids)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(|row| {
        let known = producer(row)?;
        Ok(Tracked {
            tenant: TenantId(row.try_get("tenant_id")?),
            epoch: u32::try_from(row.try_get::<i32, _>("epoch")?)
                .map_err(|_| StoreError::unexpected("a negative epoch"))?,
            id: known.id,
            run: known.run,
            first_seen_at: known.first_seen_at,
            last_seen_at: known.last_seen_at,
        })
    })
    .collect()
}

/// Writes them, in the place of what was known before.
pub async fn save(tx: &mut FencedTx, producers: &[Tracked]) -> Result<(), StoreError> {
    let rows: Vec<_> = producers.iter().map(row).collect();
    sqlx::query(
        "INSERT INTO producers (tenant_id, producer_id, epoch, run, first_seq, highest_seq, gaps,
             gaps_dropped, gaps_kept_from, missing, missing_earlier, entries, late, repeated, unplaced,
             first_seen_at, last_seen_at)
         SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS r (tenant_id uuid, producer_id text,
             epoch integer, run bigint, first_seq bigint, highest_seq bigint, gaps jsonb,
             gaps_dropped bigint, gaps_kept_from bigint, missing bigint, missing_earlier bigint,
             entries bigint, late bigint, repeated bigint, unplaced bigint,
             first_seen_at timestamptz, last_seen_at timestamptz)
         ON CONFLICT (tenant_id, producer_id) DO UPDATE SET
             epoch = excluded.epoch, run = excluded.run, first_seq = excluded.first_seq,
             highest_seq = excluded.highest_seq, gaps = excluded.gaps,
             gaps_dropped = excluded.gaps_dropped, gaps_kept_from = excluded.gaps_kept_from,
             missing = excluded.missing, missing_earlier = excluded.missing_earlier,
             entries = excluded.entries, late = excluded.late, repeated = excluded.repeated,
             unplaced = excluded.unplaced, first_seen_at = excluded.first_seen_at,
             last_seen_at = excluded.last_seen_at",
    )
    .bind(json_text(&rows)?)
    .execute(tx.connection())
    .await?;
    Ok(())
}

fn row(tracked: &Tracked) -> serde_json::Value {
    let run = &tracked.run;
    let gaps: Vec<_> = run.gaps.as_slice().iter().map(|gap| (gap.from, gap.to, gap.since_ms)).collect();
    // Sums of numbers of many runs: as much of them as the column holds.
    let column = |count: u64| count.min(i64::MAX.unsigned_abs());
    json!({
        "tenant_id": tracked.tenant, "producer_id": tracked.id, "epoch": tracked.epoch,
        "run": run.run, "first_seq": run.first, "highest_seq": run.highest, "gaps": gaps,
        "gaps_dropped": run.gaps_dropped, "gaps_kept_from": run.gaps_kept_from,
        "missing": run.missing(), "missing_earlier": column(run.missing_earlier),
        "entries": run.entries, "late": run.late, "repeated": run.repeated, "unplaced": run.unplaced,
        "first_seen_at": tracked.first_seen_at, "last_seen_at": tracked.last_seen_at,
    })
}

/// How many producers these logs (tenant, epoch) have; those with none are left out.
pub async fn counts(
    tx: &mut FencedTx,
    logs: &[(TenantId, u32)],
) -> Result<HashMap<TenantId, Counts>, StoreError> {
    let tenants: Vec<_> = logs.iter().map(|(tenant, _)| tenant.0).collect();
    let epochs: Vec<_> = logs.iter().map(|(_, epoch)| i64::from(*epoch)).collect();
    sqlx::query(
        "SELECT tenant_id, kept, unwatched FROM producer_counts
         JOIN unnest($1::uuid[], $2::bigint[]) AS asked (tenant, of_epoch)
             ON tenant_id = tenant AND epoch = of_epoch",
    )
    .bind(tenants)
    .bind(epochs)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(|row| {
        let counts =
            Counts { kept: unsigned(row.try_get("kept")?)?, unwatched: unsigned(row.try_get("unwatched")?)? };
        Ok((TenantId(row.try_get::<Uuid, _>("tenant_id")?), counts))
    })
    .collect()
}

/// Writes them, in the place of those before.
pub async fn save_counts(tx: &mut FencedTx, counts: &[(TenantId, u32, Counts)]) -> Result<(), StoreError> {
    let tenants: Vec<_> = counts.iter().map(|(tenant, ..)| tenant.0).collect();
    let epochs: Vec<_> = counts.iter().map(|(_, epoch, _)| i64::from(*epoch)).collect();
    let kept = counts.iter().map(|(.., c)| signed(c.kept)).collect::<Result<Vec<_>, _>>()?;
    let unwatched = counts.iter().map(|(.., c)| signed(c.unwatched)).collect::<Result<Vec<_>, _>>()?;
    sqlx::query(
        "INSERT INTO producer_counts (tenant_id, epoch, kept, unwatched)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])
         ON CONFLICT (tenant_id) DO UPDATE
         SET epoch = excluded.epoch, kept = excluded.kept, unwatched = excluded.unwatched",
    )
    .bind(tenants)
    .bind(epochs)
    .bind(kept)
    .bind(unwatched)
    .execute(tx.connection())
    .await?;
    Ok(())
}
