//! Since when something fails: what scans said of it, one after the other.

use chrono::{DateTime, Utc};
use custody_domain::FindingStatus;
use sqlx::Row as _;

use super::Finding;
use crate::{StoreError, TenantTx, by_index};

/// Of a finding that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// When it was first seen to, of the failures that no other verdict stands between.
    pub since: DateTime<Utc>,
    /// When it was last seen to pass before that.
    pub passed_at: Option<DateTime<Utc>>,
}

/// None where the finding does not fail. What later scans said counts for nothing.
pub async fn failing(tx: &mut TenantTx, finding: &Finding) -> Result<Option<Failing>, StoreError> {
    if finding.status != FindingStatus::Fail {
        return Ok(None);
    }
    by_index::plan_by_key(tx.connection()).await?;
    let row = sqlx::query(
        "WITH seen AS MATERIALIZED (
             SELECT status, last_seen_at FROM findings
             WHERE tenant_id = $1 AND resource_id = $2 AND key = $3 AND ordinal = $4 AND last_seen_at <= $5),
         other AS (SELECT max(last_seen_at) AS at FROM seen WHERE status <> $6)
         SELECT min(seen.last_seen_at) FILTER (WHERE status = $6
                    AND last_seen_at > coalesce(other.at, '-infinity')) AS since,
             max(last_seen_at) FILTER (WHERE status = $7) AS passed_at
         FROM seen CROSS JOIN other",
    )
    .bind(tx.tenant().0)
    .bind(finding.resource.id)
    .bind(finding.key)
    .bind(i16::try_from(finding.ordinal).unwrap_or(i16::MAX))
    .bind(finding.last_seen_at)
    .bind(FindingStatus::Fail.code())
    .bind(FindingStatus::Pass.code())
    .fetch_one(tx.connection())
    .await?;
    let since: Option<DateTime<Utc>> = row.try_get("since")?;
    Ok(Some(Failing { since: since.unwrap_or(finding.last_seen_at), passed_at: row.try_get("passed_at")? }))
}
