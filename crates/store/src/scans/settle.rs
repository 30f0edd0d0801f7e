//! Ends the scans whose jobs ended without saying so.

use std::time::Duration;

use custody_domain::{ScanId, ScanStatus};
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
};

/// An import that has written nothing for so long is one whose server is gone.
const IMPORT_SILENT_MAX: Duration = Duration::from_mins(5);

/// Ends, as their jobs ended, the tenant's scans whose jobs have ended or are gone: cancelled while they
/// waited, or given up because their workers died; and imports that broke off. One look at the few that
/// have not ended.
pub async fn settle(tx: &mut TenantTx) -> Result<Vec<ScanId>, StoreError> {
    let rows = sqlx::query(
        "UPDATE scans AS s SET
             status = CASE WHEN j.state = 'cancelled' THEN 'cancelled' ELSE 'failed' END,
             failure = CASE WHEN j.state = 'cancelled' THEN NULL
                 WHEN open.source = 'import' THEN 'the import broke off'
                 ELSE left(coalesce(j.failure, 'its job is gone'), 2000) END,
             partial = true, credentials = NULL, version = s.version + 1,
             updated_at = clock_timestamp(), ended_at = coalesce(j.ended_at, clock_timestamp())
         FROM scans AS open LEFT JOIN jobs AS j ON j.tenant_id = $1 AND j.id = open.job_id
         WHERE open.tenant_id = $1 AND open.ended_at IS NULL
           AND CASE open.source
               WHEN 'engine' THEN j.id IS NULL OR j.ended_at IS NOT NULL
               WHEN 'import' THEN open.updated_at < clock_timestamp() - $2 * interval '1 second'
               ELSE false END
           AND s.tenant_id = $1 AND s.id = open.id AND s.ended_at IS NULL
         RETURNING s.id, s.name, s.status, s.failure",
    )
    .bind(tx.tenant().0)
    .bind(IMPORT_SILENT_MAX.as_secs_f64())
    .fetch_all(tx.connection())
    .await?;
    let mut ids: Vec<Uuid> = Vec::new();
    for row in &rows {
        let id: Uuid = row.try_get("id")?;
        let (name, status): (String, String) = (row.try_get("name")?, row.try_get("status")?);
        let mut change = Change::by_system("scan", &format!("custody.scan.{status}"));
        if status == ScanStatus::Failed.as_str() {
            change = change.failed();
        }
        let failure: Option<String> = row.try_get("failure")?;
        let change = change.on("scan", id, Some(&name)).metadata(json!({"failure": failure}));
        let tenant = tx.tenant();
        audit_outbox::write(tx.connection(), tenant, &change, chrono::Utc::now()).await?;
        ids.push(id);
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query(
        "UPDATE scan_checks SET status = 'cancelled'
         WHERE tenant_id = $1 AND scan_id = ANY ($2) AND status IN ('pending', 'in_progress')",
    )
    .bind(tx.tenant().0)
    .bind(&ids)
    .execute(tx.connection())
    .await?;
    tx.jobs_changed();
    Ok(ids.into_iter().map(ScanId).collect())
}
