//! What a scan's engine wrote to its standard error, in pieces.

use custody_domain::ScanId;
use sqlx::Row as _;

use crate::{StoreError, TenantTx};

/// A longer piece is cut.
const PIECE_BYTES_MAX: usize = 65_536;

/// Behind what is there.
pub async fn append(tx: &mut TenantTx, scan: ScanId, text: &str) -> Result<(), StoreError> {
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    let end = text.floor_char_boundary(PIECE_BYTES_MAX);
    sqlx::query(
        "INSERT INTO scan_logs (tenant_id, scan_id, n, text)
         SELECT $1, $2, coalesce(max(n) + 1, 0), $3 FROM scan_logs WHERE tenant_id = $1 AND scan_id = $2",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .bind(&text[..end])
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The pieces from this one on, in order: at most `limit`.
pub async fn read(tx: &mut TenantTx, scan: ScanId, from: u32, limit: u32) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query(
        "SELECT text FROM scan_logs WHERE tenant_id = $1 AND scan_id = $2 AND n >= $3 ORDER BY n LIMIT $4",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .bind(i32::try_from(from).unwrap_or(i32::MAX))
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?;
    rows.iter().map(|row| Ok(row.try_get("text")?)).collect()
}
