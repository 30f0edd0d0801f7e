//! What a scan found, in the order in which it came.

use custody_domain::{FindingId, ScanId};

use super::row::{COLUMNS, FROM, Finding, read};
use crate::{Page, PageRequest, StoreError, TenantTx, by_index};

/// A page of a scan's findings. However long the scan, it costs what it holds.
pub async fn of_scan(
    tx: &mut TenantTx,
    scan: ScanId,
    request: PageRequest,
) -> Result<Page<Finding>, StoreError> {
    by_index::plan(tx.connection()).await?;
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE f.tenant_id = $1 AND f.scan_id = $2 AND f.id > $3
         ORDER BY f.id LIMIT $4"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .bind(tx.tenant().0)
        .bind(scan.0)
        .bind(request.after())
        .bind(request.fetch())
        .fetch_all(tx.connection())
        .await?;
    let findings = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::of(findings, request, |finding| FindingId::into(finding.id)))
}
