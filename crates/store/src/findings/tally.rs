//! How many findings a scan has.

use custody_domain::{Evidence, FindingSeverity, FindingStatus, ScanId};
use sqlx::Row as _;

use super::row::word;
use crate::{StoreError, TenantTx};

/// Of one scan, by status, severity and evidence.
pub async fn tally(
    tx: &mut TenantTx,
    scan: ScanId,
) -> Result<Vec<(FindingStatus, FindingSeverity, Evidence, u64)>, StoreError> {
    let rows = sqlx::query(
        "SELECT status, severity, evidence, count(*) AS n FROM findings
         WHERE tenant_id = $1 AND scan_id = $2 GROUP BY status, severity, evidence",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .fetch_all(tx.connection())
    .await?;
    rows.iter()
        .map(|row| {
            Ok((
                word(row, "status", FindingStatus::from_code)?,
                word(row, "severity", FindingSeverity::from_code)?,
                word(row, "evidence", Evidence::from_code)?,
                u64::try_from(row.try_get::<i64, _>("n")?).unwrap_or(0),
            ))
        })
        .collect()
}
