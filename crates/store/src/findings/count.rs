//! How many findings there are, of what.

use custody_domain::{Delta, Evidence, FindingSeverity, FindingStatus, ScanId, TriageState};
use sqlx::{QueryBuilder, Row as _};

use super::row::word;
use crate::{StoreError, TenantTx};

/// So many findings that have all of this in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub findings: u64,
    pub provider: String,
    pub check_id: String,
    pub service: String,
    pub title: String,
    pub region: String,
    pub account: String,
    pub status: FindingStatus,
    pub severity: FindingSeverity,
    pub evidence: Evidence,
    pub delta: Delta,
    pub triage: TriageState,
    pub muted: bool,
}

/// Of a scan's findings, or of those that no later scan has looked at again.
pub async fn counts(tx: &mut TenantTx, scan: Option<ScanId>) -> Result<Vec<Count>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT counted.*, b.provider, b.check_id, b.service, b.title FROM (
             SELECT base_id, region, account, status, severity, evidence, delta, triage,
                 coalesce(muted_until > now(), false) AS muted, count(*) AS findings
             FROM findings WHERE tenant_id = ",
    );
    query.push_bind(tx.tenant().0);
    match scan {
        Some(scan) => query.push(" AND scan_id = ").push_bind(scan.0),
        None => query.push(" AND current"),
    };
    query.push(
        " GROUP BY base_id, region, account, status, severity, evidence, delta, triage,
              coalesce(muted_until > now(), false)
         ) AS counted JOIN finding_bases AS b ON b.tenant_id = ",
    );
    query.push_bind(tx.tenant().0).push(" AND b.id = counted.base_id");
    let rows = query.build().fetch_all(tx.connection()).await?;
    rows.iter()
        .map(|row| {
            Ok(Count {
                findings: u64::try_from(row.try_get::<i64, _>("findings")?).unwrap_or(0),
                provider: row.try_get("provider")?,
                check_id: row.try_get("check_id")?,
                service: row.try_get("service")?,
                title: row.try_get("title")?,
                region: row.try_get("region")?,
                account: row.try_get("account")?,
                status: word(row, "status", FindingStatus::from_code)?,
                severity: word(row, "severity", FindingSeverity::from_code)?,
                evidence: word(row, "evidence", Evidence::from_code)?,
                delta: word(row, "delta", Delta::from_code)?,
                triage: word(row, "triage", TriageState::from_code)?,
                muted: row.try_get("muted")?,
            })
        })
        .collect()
}
