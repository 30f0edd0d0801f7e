//! What the run of a scan writes of it, in its job's own transactions.

use custody_auth::Scope;
use custody_domain::{ScanId, ScanStatus};
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Scan, clip, list};
use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
};

/// What became of a scan that was to begin.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// It runs; also where it did before, and another worker goes on with it.
    Yes(Box<Scan>),
    /// Another one of the same account and scope runs.
    Taken { by: ScanId },
    /// It has ended, or somebody deleted it.
    Over,
}

/// Marks it as running, of this account and scope, and says what it is compared with: the latest one of the
/// same scope that completed. Of one scope one scan runs at a time.
pub async fn begin(
    tx: &mut TenantTx,
    id: ScanId,
    engine: &str,
    account: &str,
    scope_key: Uuid,
) -> Result<Begun, StoreError> {
    let scan = match list::lock(tx, id).await {
        Err(StoreError::NotFound) => return Ok(Begun::Over),
        scan => scan?,
    };
    if scan.status.has_ended() {
        return Ok(Begun::Over);
    }
    let tenant = tx.tenant().0;
    // Two that begin at once come one after another.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))")
        .bind(format!("{tenant}/{scope_key}"))
        .execute(tx.connection())
        .await?;
    let other = sqlx::query(
        "SELECT id FROM scans WHERE tenant_id = $1 AND scope_key = $2 AND id <> $3 AND status = 'in_progress' LIMIT 1",
    )
    .bind(tenant)
    .bind(scope_key)
    .bind(id.0)
    .fetch_optional(tx.connection())
    .await?;
    if let Some(other) = other {
        return Ok(Begun::Taken { by: ScanId(other.try_get("id")?) });
    }
    sqlx::query(
        "UPDATE scans SET status = 'in_progress', engine = $3, account = $4, scope_key = $5,
             started_at = coalesce(started_at, clock_timestamp()), version = version + 1,
             updated_at = clock_timestamp(),
             previous_id = coalesce(previous_id, (
                 SELECT id FROM scans AS earlier
                 WHERE earlier.tenant_id = $1 AND earlier.scope_key = $5 AND earlier.id < $2
                   AND earlier.status = 'completed'
                 ORDER BY earlier.id DESC LIMIT 1))
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id.0)
    .bind(engine)
    .bind(clip(account, 200))
    .bind(scope_key)
    .execute(tx.connection())
    .await?;
    tx.jobs_changed();
    Ok(Begun::Yes(Box::new(list::get(tx, id).await?)))
}

/// How far it is, as JSON.
pub async fn progress(tx: &mut TenantTx, id: ScanId, progress: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE scans SET progress = $3, version = version + 1, updated_at = clock_timestamp()
         WHERE tenant_id = $1 AND id = $2 AND (ended_at IS NULL OR source = 'manual') AND progress <> $3",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .bind(progress)
    .execute(tx.connection())
    .await?;
    tx.jobs_changed();
    Ok(())
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub status: ScanStatus,
    pub partial: bool,
    pub failure: Option<String>,
    /// JSON.
    pub progress: String,
}

/// Ends it, wipes its credentials, and tells the log. Once more changes nothing.
pub async fn end(tx: &mut TenantTx, id: ScanId, ending: &Ending) -> Result<(), StoreError> {
    let change = Change::by_system("scan", &format!("custody.scan.{}", ending.status));
    end_by(tx, id, ending, change).await
}

/// Cancels one that has no job: whoever brings its findings sees it at the next batch.
pub async fn cancel_import(tx: &mut TenantTx, scope: &Scope, id: ScanId) -> Result<(), StoreError> {
    let Scan { progress, .. } = list::lock(tx, id).await?;
    let ending = Ending { status: ScanStatus::Cancelled, partial: true, failure: None, progress };
    end_by(tx, id, &ending, Change::by(scope, "custody.scan.cancelled")).await
}

async fn end_by(
    tx: &mut TenantTx,
    id: ScanId,
    ending: &Ending,
    mut change: Change,
) -> Result<(), StoreError> {
    let row = sqlx::query(
        "UPDATE scans SET status = $3, partial = $4, failure = $5, progress = $6, credentials = NULL,
             version = version + 1, updated_at = clock_timestamp(), ended_at = clock_timestamp()
         WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL
         RETURNING name, provider, account",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .bind(ending.status.as_str())
    .bind(ending.partial)
    .bind(ending.failure.as_deref().map(|failure| clip(failure, 2000)))
    .bind(&ending.progress)
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(()) };
    sqlx::query(
        "UPDATE scan_checks SET status = 'cancelled'
         WHERE tenant_id = $1 AND scan_id = $2 AND status IN ('pending', 'in_progress')",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .execute(tx.connection())
    .await?;
    let (name, provider): (String, String) = (row.try_get("name")?, row.try_get("provider")?);
    let account: Option<String> = row.try_get("account")?;
    if ending.status == ScanStatus::Failed {
        change = change.failed();
    }
    let change = change.on("scan", id, Some(&name)).metadata(json!({
        "provider": provider, "account": account, "partial": ending.partial, "failure": ending.failure,
        "progress": serde_json::from_str::<serde_json::Value>(&ending.progress).unwrap_or_default(),
    }));
    tx.jobs_changed();
    let tenant = tx.tenant();
    audit_outbox::write(tx.connection(), tenant, &change, chrono::Utc::now()).await
}
