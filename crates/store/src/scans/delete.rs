//! A scan goes, and what it found goes with it.

use custody_auth::Scope;
use custody_domain::{ScanId, Severity};
use serde_json::json;

use super::{Scan, list};
use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
    findings,
};

#[derive(Clone, Debug, PartialEq)]
pub enum Deleted {
    /// With so many findings.
    Gone { findings: u64 },
    /// It runs, or waits to: it has to be cancelled first. As it is.
    NotEnded(Box<Scan>),
}

/// Removes it. Where its findings were the latest, those before them are that again.
pub async fn delete(tx: &mut TenantTx, scope: &Scope, id: ScanId) -> Result<Deleted, StoreError> {
    let scan = list::lock(tx, id).await?;
    if !scan.status.has_ended() {
        return Ok(Deleted::NotEnded(Box::new(scan)));
    }
    let tenant = tx.tenant().0;
    let findings = findings::delete_of_scan(tx, id).await?;
    for table in ["scan_logs", "scan_checks"] {
        let sql = format!("DELETE FROM {table} WHERE tenant_id = $1 AND scan_id = $2");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(id.0).execute(tx.connection()).await?;
    }
    // Those that were compared with it have nothing to be compared with any more.
    sqlx::query("UPDATE scans SET previous_id = $3 WHERE tenant_id = $1 AND previous_id = $2")
        .bind(tenant)
        .bind(id.0)
        .bind(scan.previous_id.map(|id| id.0))
        .execute(tx.connection())
        .await?;
    sqlx::query("DELETE FROM scans WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id.0)
        .execute(tx.connection())
        .await?;
    let change = Change::by(scope, "custody.scan.deleted")
        .on("scan", id, Some(&scan.name))
        .severity(Severity::Warning)
        .before(json!({
            "name": scan.name, "provider": scan.provider, "account": scan.account,
            "status": scan.status.as_str(), "created_at": scan.created_at, "findings": findings,
        }));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    tx.jobs_changed();
    Ok(Deleted::Gone { findings })
}
