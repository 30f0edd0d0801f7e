//! The calls that failed beneath a finding: those of its scan's check.

use custody_domain::ScanId;
use sqlx::Row as _;

use crate::{StoreError, TenantTx};

/// What a verdict could not look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedCalls {
    pub count: u32,
    /// JSON: the first different ones.
    pub calls: Option<String>,
}

/// None failed where the scan knows nothing of the check.
pub async fn failed_calls(
    tx: &mut TenantTx,
    scan: ScanId,
    check_id: &str,
) -> Result<FailedCalls, StoreError> {
    let row = sqlx::query(
        "SELECT calls, calls_failed FROM scan_checks WHERE tenant_id = $1 AND scan_id = $2 AND check_id = $3",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .bind(check_id)
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(FailedCalls::default()) };
    Ok(FailedCalls {
        count: u32::try_from(row.try_get::<i32, _>("calls_failed")?).unwrap_or(0),
        calls: row.try_get("calls")?,
    })
}
