//! What checks have said: how many findings of each verdict.

use custody_domain::{Evidence, FindingStatus, ScanId};
use sqlx::{QueryBuilder, Row as _};

use super::row::word;
use crate::{StoreError, TenantTx};

/// So many findings of one check, in one account, that have all of this in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts {
    pub findings: u64,
    pub provider: String,
    pub check_id: String,
    pub account: String,
    pub status: FindingStatus,
    pub evidence: Evidence,
    pub muted: bool,
}

/// Of a scan's findings, or of those that no later scan has looked at again.
pub async fn verdicts(tx: &mut TenantTx, scan: Option<ScanId>) -> Result<Vec<Verdicts>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT counted.*, b.provider, b.check_id FROM (
             SELECT base_id, account, status, evidence, coalesce(muted_until > now(), false) AS muted,
                 count(*) AS findings
             FROM findings WHERE tenant_id = ",
    );
    query.push_bind(tx.tenant().0);
    match scan {
        Some(scan) => query.push(" AND scan_id = ").push_bind(scan.0),
        None => query.push(" AND current"),
    };
    query.push(
        " GROUP BY base_id, account, status, evidence, coalesce(muted_until > now(), false)
         ) AS counted JOIN finding_bases AS b ON b.tenant_id = ",
    );
    query.push_bind(tx.tenant().0).push(" AND b.id = counted.base_id");
    let rows = query.build().fetch_all(tx.connection()).await?;
    rows.iter()
        .map(|row| {
            Ok(Verdicts {
                findings: u64::try_from(row.try_get::<i64, _>("findings")?).unwrap_or(0),
                provider: row.try_get("provider")?,
                check_id: row.try_get("check_id")?,
                account: row.try_get("account")?,
                status: word(row, "status", FindingStatus::from_code)?,
                evidence: word(row, "evidence", Evidence::from_code)?,
                muted: row.try_get("muted")?,
            })
        })
        .collect()
}
