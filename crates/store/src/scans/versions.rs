//! For who waits for a change.

use custody_domain::{ScanId, TenantId};
use sqlx::Row as _;

use crate::{Store, StoreError, SystemTx};

/// The versions of these scans: of those that are there. One whose job has ended and who does not know
/// it yet has the version that it will have then, so that somebody looks, and [`super::settle`]s it.
pub async fn versions(
    store: &Store,
    scans: &[(TenantId, ScanId)],
) -> Result<Vec<((TenantId, ScanId), u64)>, StoreError> {
    let mut tx: SystemTx = store.system_tx_by_key().await?;
    let rows = sqlx::query(
        "SELECT s.tenant_id, s.id,
             s.version + CASE WHEN s.ended_at IS NULL AND j.ended_at IS NOT NULL THEN 1 ELSE 0 END AS version
         FROM scans AS s
         JOIN unnest($1::uuid[], $2::uuid[]) AS asked (tenant, scan) ON s.tenant_id = tenant AND s.id = scan
         LEFT JOIN jobs AS j ON j.tenant_id = s.tenant_id AND j.id = s.job_id",
    )
    .bind(scans.iter().map(|(tenant, _)| tenant.0).collect::<Vec<_>>())
    .bind(scans.iter().map(|(_, scan)| scan.0).collect::<Vec<_>>())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            let scan = (TenantId(row.try_get("tenant_id")?), ScanId(row.try_get("id")?));
            Ok((scan, u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0)))
        })
        .collect()
}
