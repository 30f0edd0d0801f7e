//! What scans came to, one after the other.

use custody_domain::ScanId;

use super::{COLUMNS, Scan, Source, get, read};
use crate::{StoreError, TenantTx};

/// Those that have ended, newest first: of the same scope as this one and no newer, or all of the tenant's.
/// Findings by hand are of no time, and left out.
pub async fn trend(tx: &mut TenantTx, of: Option<ScanId>, limit: u32) -> Result<Vec<Scan>, StoreError> {
    let of = match of {
        Some(id) => Some(get(tx, id).await?),
        None => None,
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM scans
         WHERE tenant_id = $1 AND ended_at IS NOT NULL AND source <> $2
             AND ($3::uuid IS NULL OR scope_key = $3) AND ($4::uuid IS NULL OR id <= $4)
         ORDER BY id DESC LIMIT $5"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(Source::Manual.as_str())
        .bind(of.as_ref().map(|scan| scan.scope_key))
        .bind(of.as_ref().map(|scan| scan.id.0))
        .bind(i64::from(limit))
        .fetch_all(tx.connection())
        .await?;
    rows.iter().map(read).collect()
}
