//! The table `scan_checks`: one check of one scan.

use chrono::{DateTime, Utc};
use custody_domain::{CheckStatus, FindingSeverity, ScanId};
use sqlx::{QueryBuilder, Row as _, postgres::PgRow};

use super::{clip, severity, word};
use crate::{StoreError, TenantTx};

/// One that is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCheck {
    pub check_id: String,
    pub service: String,
    pub severity: FindingSeverity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanCheck {
    pub check_id: String,
    pub service: String,
    pub severity: FindingSeverity,
    pub status: CheckStatus,
    pub started_at: Option<DateTime<Utc>>,
    pub duration_ms: Option<u32>,
    pub passed: u32,
    pub failed: u32,
    pub manual: u32,
    pub error: Option<String>,
    /// JSON: the first different calls that failed.
    pub calls: Option<String>,
    pub calls_failed: u32,
}

/// How one ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckEnd {
    pub check_id: String,
    pub duration_ms: u32,
    pub passed: u32,
    pub failed: u32,
    pub manual: u32,
    pub error: Option<String>,
    pub calls: Option<String>,
    pub calls_failed: u32,
}

/// Writes what is to be run; what is planned already stays as it is.
pub async fn plan(tx: &mut TenantTx, scan: ScanId, checks: &[PlannedCheck]) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO scan_checks (tenant_id, scan_id, check_id, service, severity, status)
         SELECT $1, $2, check_id, service, severity, 'pending'
         FROM unnest($3::text[], $4::text[], $5::smallint[]) AS planned (check_id, service, severity)
         ON CONFLICT (tenant_id, scan_id, check_id) DO NOTHING",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .bind(checks.iter().map(|check| check.check_id.clone()).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.service.clone()).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.severity.code()).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Those that have begun.
pub async fn started(tx: &mut TenantTx, scan: ScanId, checks: &[String]) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE scan_checks SET status = 'in_progress', started_at = clock_timestamp()
         WHERE tenant_id = $1 AND scan_id = $2 AND check_id = ANY ($3) AND status = 'pending'",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .bind(checks)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Those that have ended.
pub async fn ended(tx: &mut TenantTx, scan: ScanId, checks: &[CheckEnd]) -> Result<(), StoreError> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let numbers = |of: fn(&CheckEnd) -> u32| checks.iter().map(|end| number(of(end))).collect::<Vec<_>>();
    sqlx::query(
        "UPDATE scan_checks AS c SET
             status = CASE WHEN e.error IS NULL THEN 'completed' ELSE 'errored' END, error = e.error,
             started_at = coalesce(c.started_at, clock_timestamp() - e.duration_ms * interval '1 millisecond'),
             duration_ms = e.duration_ms, passed = e.passed, failed = e.failed, manual = e.manual,
             calls = e.calls, calls_failed = e.calls_failed
         FROM unnest($3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::text[], $9::text[], $10::int[])
             AS e (check_id, duration_ms, passed, failed, manual, error, calls, calls_failed)
         WHERE c.tenant_id = $1 AND c.scan_id = $2 AND c.check_id = e.check_id",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .bind(checks.iter().map(|end| end.check_id.clone()).collect::<Vec<_>>())
    .bind(numbers(|end| end.duration_ms))
    .bind(numbers(|end| end.passed))
    .bind(numbers(|end| end.failed))
    .bind(numbers(|end| end.manual))
    .bind(checks.iter().map(|end| end.error.as_deref().map(|e| clip(e, 2000))).collect::<Vec<_>>())
    .bind(checks.iter().map(|end| end.calls.clone()).collect::<Vec<_>>())
    .bind(numbers(|end| end.calls_failed))
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Those that have not ended, by service and name: another worker goes on with them.
pub async fn remaining(tx: &mut TenantTx, scan: ScanId) -> Result<Vec<PlannedCheck>, StoreError> {
    let rows = sqlx::query(
        "SELECT check_id, service, severity FROM scan_checks
         WHERE tenant_id = $1 AND scan_id = $2 AND status IN ('pending', 'in_progress') ORDER BY service, check_id",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .fetch_all(tx.connection())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(PlannedCheck {
                check_id: row.try_get("check_id")?,
                service: row.try_get("service")?,
                severity: severity(row)?,
            })
        })
        .collect()
}

/// All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckFilter {
    pub status: Option<CheckStatus>,
    pub service: Option<String>,
    pub severity: Option<FindingSeverity>,
}

/// By name, those behind `after`.
pub async fn page(
    tx: &mut TenantTx,
    scan: ScanId,
    filter: &CheckFilter,
    after: &str,
    limit: u32,
) -> Result<Vec<ScanCheck>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT check_id, service, severity, status, started_at, duration_ms, passed, failed, manual, error, calls,
             calls_failed FROM scan_checks WHERE tenant_id = ",
    );
    query.push_bind(tx.tenant().0).push(" AND scan_id = ").push_bind(scan.0);
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(service) = &filter.service {
        query.push(" AND service = ").push_bind(service.clone());
    }
    if let Some(severity) = filter.severity {
        query.push(" AND severity = ").push_bind(severity.code());
    }
    query.push(" AND check_id > ").push_bind(after.to_owned());
    query.push(" ORDER BY check_id LIMIT ").push_bind(i64::from(limit));
    query.build().fetch_all(tx.connection()).await?.iter().map(read).collect()
}

/// How many there are of each status and service.
pub async fn count(tx: &mut TenantTx, scan: ScanId) -> Result<Vec<(String, CheckStatus, u32)>, StoreError> {
    let rows = sqlx::query(
        "SELECT service, status, count(*) AS n FROM scan_checks
         WHERE tenant_id = $1 AND scan_id = $2 GROUP BY service, status ORDER BY service, status",
    )
    .bind(tx.tenant().0)
    .bind(scan.0)
    .fetch_all(tx.connection())
    .await?;
    rows.iter()
        .map(|row| {
            let n = u32::try_from(row.try_get::<i64, _>("n")?).unwrap_or(u32::MAX);
            Ok((row.try_get("service")?, word(row, "status")?, n))
        })
        .collect()
}

fn read(row: &PgRow) -> Result<ScanCheck, StoreError> {
    let number = |name| Ok::<_, StoreError>(u32::try_from(row.try_get::<i32, _>(name)?).unwrap_or(0));
    Ok(ScanCheck {
        check_id: row.try_get("check_id")?,
        service: row.try_get("service")?,
        severity: severity(row)?,
        status: word(row, "status")?,
        started_at: row.try_get("started_at")?,
        duration_ms: row.try_get::<Option<i32>, _>("duration_ms")?.map(i32::unsigned_abs),
        passed: number("passed")?,
        failed: number("failed")?,
        manual: number("manual")?,
        error: row.try_get("error")?,
        calls: row.try_get("calls")?,
        calls_failed: number("calls_failed")?,
    })
}

/// What engines' scans came to at a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedAt {
    pub check_id: String,
    /// It ran to its end, and none of its calls to the provider failed.
    pub wholly: bool,
    pub errored: bool,
}

/// So many of the latest scans tell what was looked at lately; each has as many checks as its engine.
pub const LATEST_MAX: i64 = 20;

/// Of one scan; or of the latest of a provider (and account) that have ended, in any of them.
pub async fn looked_at(
    tx: &mut TenantTx,
    scan: Option<ScanId>,
    provider: &str,
    account: Option<&str>,
) -> Result<Vec<LookedAt>, StoreError> {
    let rows = sqlx::query(
        "SELECT check_id, bool_or(status = 'completed' AND calls_failed = 0) AS wholly,
             bool_or(status = 'errored') AS errored
         FROM scan_checks WHERE tenant_id = $1 AND scan_id = ANY (ARRAY (
             SELECT id FROM scans
             WHERE tenant_id = $1 AND provider = $3 AND source = 'engine'
                 AND ($2::uuid IS NULL AND ended_at IS NOT NULL OR id = $2)
                 AND ($4::text IS NULL OR account = $4)
             ORDER BY id DESC LIMIT $5
         ))
         GROUP BY check_id",
    )
    .bind(tx.tenant().0)
    .bind(scan.map(|scan| scan.0))
    .bind(provider)
    .bind(account)
    .bind(LATEST_MAX)
    .fetch_all(tx.connection())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(LookedAt {
                check_id: row.try_get("check_id")?,
                wholly: row.try_get("wholly")?,
                errored: row.try_get("errored")?,
            })
        })
        .collect()
}
