//! Findings go: one, those of a scan, or those of checks that are run again. Where one was the latest of
//! its place, the one before it is that again.

use custody_domain::{FindingId, ScanId};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{StoreError, TenantTx, by_index, resources};

/// False where the tenant has no such finding.
pub async fn delete(tx: &mut TenantTx, id: FindingId) -> Result<bool, StoreError> {
    by_index::plan(tx.connection()).await?;
    let gone = sqlx::query(
        "DELETE FROM findings WHERE tenant_id = $1 AND id = $2
         RETURNING key, ordinal, resource_id, current",
    )
    .persistent(false)
    .bind(tx.tenant().0)
    .bind(id.0)
    .fetch_all(tx.connection())
    .await?;
    after(tx, &gone).await?;
    Ok(!gone.is_empty())
}

/// So many of a scan's go by one statement: one of a million took longer than a statement may.
const STEP: i64 = 10_000;

/// All of a scan's. Answers how many there were.
pub async fn delete_of_scan(tx: &mut TenantTx, scan: ScanId) -> Result<u64, StoreError> {
    by_index::plan(tx.connection()).await?;
    let mut total = 0;
    loop {
        let gone = sqlx::query(
            "DELETE FROM findings WHERE tenant_id = $1 AND id = ANY(ARRAY(
                 SELECT id FROM findings WHERE tenant_id = $1 AND scan_id = $2 ORDER BY id LIMIT $3))
             RETURNING key, ordinal, resource_id, current",
        )
        .persistent(false)
        .bind(tx.tenant().0)
        .bind(scan.0)
        .bind(STEP)
        .fetch_all(tx.connection())
        .await?;
        if gone.is_empty() {
            return Ok(total);
        }
        total += after(tx, &gone).await?;
    }
}

/// Those of some of a scan's checks, that are begun again: a second run writes other times, so that its
/// findings are not to be told from others of the same uid.
pub async fn delete_of_checks(tx: &mut TenantTx, scan: ScanId, checks: &[&str]) -> Result<u64, StoreError> {
    by_index::plan(tx.connection()).await?;
    let gone = sqlx::query(
        "DELETE FROM findings WHERE tenant_id = $1 AND scan_id = $2 AND check_id = ANY($3)
         RETURNING key, ordinal, resource_id, current",
    )
    .persistent(false)
    .bind(tx.tenant().0)
    .bind(scan.0)
    .bind(checks)
    .fetch_all(tx.connection())
    .await?;
    after(tx, &gone).await
}

async fn after(tx: &mut TenantTx, gone: &[PgRow]) -> Result<u64, StoreError> {
    let (mut keys, mut ordinals, mut of): (Vec<Uuid>, Vec<i16>, Vec<Uuid>) = (vec![], vec![], vec![]);
    let mut resources = Vec::with_capacity(gone.len());
    for row in gone {
        let resource: Uuid = row.try_get("resource_id")?;
        resources.push(resource);
        if row.try_get("current")? {
            keys.push(row.try_get("key")?);
            ordinals.push(row.try_get("ordinal")?);
            of.push(resource);
        }
    }
    restore(tx, &keys, &ordinals, &of).await?;
    resources.sort_unstable();
    resources.dedup();
    resources::drop_unused(tx, &resources).await?;
    Ok(gone.len() as u64)
}

/// The latest that is left of each place becomes it, with what people said since. It is looked for among
/// the findings of the same resource, which has an index.
async fn restore(
    tx: &mut TenantTx,
    keys: &[Uuid],
    ordinals: &[i16],
    resources: &[Uuid],
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE findings AS f
         SET current = true, triage = coalesce(said.state, 0), muted_until = said.muted_until
         FROM (
             SELECT DISTINCT ON (left_over.key, left_over.ordinal) left_over.id, left_over.key
             FROM unnest($2::uuid[], $3::smallint[], $4::uuid[]) AS gone (key, ordinal, resource_id)
             JOIN findings AS left_over ON left_over.tenant_id = $1
                 AND left_over.resource_id = gone.resource_id
                 AND left_over.key = gone.key AND left_over.ordinal = gone.ordinal
             ORDER BY left_over.key, left_over.ordinal, left_over.last_seen_at DESC, left_over.scan_id
         ) AS newest
         LEFT JOIN finding_triage AS said ON said.tenant_id = $1 AND said.key = newest.key
         WHERE f.tenant_id = $1 AND f.id = newest.id",
    )
    .persistent(false)
    .bind(tx.tenant().0)
    .bind(keys)
    .bind(ordinals)
    .bind(resources)
    .execute(tx.connection())
    .await?;
    Ok(())
}
