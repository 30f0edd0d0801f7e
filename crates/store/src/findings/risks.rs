//! What fails: how many findings and resources of each check.

use chrono::{DateTime, Utc};
use custody_domain::{FindingSeverity, ScanId};
use sqlx::{QueryBuilder, Row as _};

use super::row::word;
use crate::{StoreError, TenantTx};

/// A check that fails. Muted failures are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    pub provider: String,
    pub check_id: String,
    pub service: String,
    pub title: String,
    /// The gravest of them: a tenant's word on a check counts from its next scan on.
    pub severity: FindingSeverity,
    pub findings: u64,
    /// Different ones.
    pub resources: u64,
    pub accounts: u64,
    /// Since when the oldest of them fails.
    pub first_seen_at: DateTime<Utc>,
}

/// Of a scan's findings, or of those that no later scan has looked at again; in no order.
pub async fn risks(tx: &mut TenantTx, scan: Option<ScanId>) -> Result<Vec<Risk>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT b.provider, b.check_id, max(b.service) AS service, max(b.title) AS title,
             max(f.severity) AS severity, count(*) AS findings, count(DISTINCT f.resource_id) AS resources,
             count(DISTINCT f.account) AS accounts, min(f.first_seen_at) AS first_seen_at
         FROM findings AS f JOIN finding_bases AS b ON b.tenant_id = ",
    );
    query.push_bind(tx.tenant().0).push(" AND b.id = f.base_id WHERE f.tenant_id = ");
    query.push_bind(tx.tenant().0);
    match scan {
        Some(scan) => query.push(" AND f.scan_id = ").push_bind(scan.0),
        None => query.push(" AND f.current"),
    };
    query.push(
        " AND f.status = 2 AND (f.muted_until IS NULL OR f.muted_until <= now())
         GROUP BY b.provider, b.check_id",
    );
    let rows = query.build().fetch_all(tx.connection()).await?;
    let number = |row: &sqlx::postgres::PgRow, name: &str| {
        Ok::<_, StoreError>(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or(0))
    };
    rows.iter()
        .map(|row| {
            Ok(Risk {
                provider: row.try_get("provider")?,
                check_id: row.try_get("check_id")?,
                service: row.try_get("service")?,
                title: row.try_get("title")?,
                severity: word(row, "severity", FindingSeverity::from_code)?,
                findings: number(row, "findings")?,
                resources: number(row, "resources")?,
                accounts: number(row, "accounts")?,
                first_seen_at: row.try_get("first_seen_at")?,
            })
        })
        .collect()
}
