//! Scans as they are.

use custody_domain::{ScanId, ScanStatus};
use sqlx::{QueryBuilder, Row as _};

use super::{COLUMNS, Scan, Source, read};
use crate::{StoreError, TenantTx};

/// All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanFilter {
    pub status: Option<ScanStatus>,
    pub provider: Option<String>,
    pub account: Option<String>,
    pub source: Option<Source>,
}

/// Newest first, those before `before`.
pub async fn page(
    tx: &mut TenantTx,
    filter: &ScanFilter,
    before: Option<ScanId>,
    limit: u32,
) -> Result<Vec<Scan>, StoreError> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM scans WHERE tenant_id = "));
    query.push_bind(tx.tenant().0);
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(provider) = &filter.provider {
        query.push(" AND provider = ").push_bind(provider.clone());
    }
    if let Some(account) = &filter.account {
        query.push(" AND account = ").push_bind(account.clone());
    }
    if let Some(source) = filter.source {
        query.push(" AND source = ").push_bind(source.as_str());
    }
    query.push(" AND id < ").push_bind(before.map_or(uuid::Uuid::max(), |id| id.0));
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
    query.build().fetch_all(tx.connection()).await?.iter().map(read).collect()
}

/// [`StoreError::NotFound`] where it is none of the tenant's.
pub async fn get(tx: &mut TenantTx, id: ScanId) -> Result<Scan, StoreError> {
    one(tx, id, "").await
}

/// As [`get`], and nobody else changes it until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: ScanId) -> Result<Scan, StoreError> {
    one(tx, id, "FOR UPDATE").await
}

async fn one(tx: &mut TenantTx, id: ScanId, locking: &str) -> Result<Scan, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM scans WHERE tenant_id = $1 AND id = $2 {locking}");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_one(tx.connection())
        .await?;
    read(&row)
}

/// Its sealed credentials, for who runs it; none where it has none of its own.
pub async fn credentials(tx: &mut TenantTx, id: ScanId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sqlx::query("SELECT credentials FROM scans WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_one(tx.connection())
        .await?;
    Ok(row.try_get("credentials")?)
}

/// The scan that a job runs, where it is one's.
pub async fn of_job(tx: &mut TenantTx, job: uuid::Uuid) -> Result<Option<ScanId>, StoreError> {
    let row =
        sqlx::query("SELECT id FROM scans WHERE tenant_id = $1 AND job_id = $2 ORDER BY id DESC LIMIT 1")
            .bind(tx.tenant().0)
            .bind(job)
            .fetch_optional(tx.connection())
            .await?;
    row.map(|row| Ok(ScanId(row.try_get("id")?))).transpose()
}

/// The latest of this scope that completed.
pub async fn previous(tx: &mut TenantTx, scope_key: uuid::Uuid) -> Result<Option<ScanId>, StoreError> {
    let row = sqlx::query(
        "SELECT id FROM scans WHERE tenant_id = $1 AND scope_key = $2 AND status = 'completed'
         ORDER BY id DESC LIMIT 1",
    )
    .bind(tx.tenant().0)
    .bind(scope_key)
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| Ok(ScanId(row.try_get("id")?))).transpose()
}

/// Those of this scope up to one of them, newest first.
pub async fn of_scope(
    tx: &mut TenantTx,
    scope_key: uuid::Uuid,
    up_to: ScanId,
    limit: u32,
) -> Result<Vec<Scan>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM scans WHERE tenant_id = $1 AND scope_key = $2 AND id <= $3
         ORDER BY id DESC LIMIT $4"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(scope_key)
        .bind(up_to.0)
        .bind(i64::from(limit))
        .fetch_all(tx.connection())
        .await?;
    rows.iter().map(read).collect()
}
