//! What differs between two scans: finding by finding, whichever scan each was compared with when it came.

use std::collections::BTreeMap;

use custody_domain::{FindingId, FindingStatus, ScanId};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::row::{COLUMNS, FROM, Finding, read, word};
use crate::{StoreError, TenantTx};

/// From an older scan to a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// It fails, and the older scan has it not.
    New = 1,
    StillFailing = 2,
    /// It failed and passes now.
    Resolved = 3,
    /// It did not fail and fails now.
    Regressed = 4,
    /// It failed, the newer scan looked, and it is no longer there.
    Gone = 5,
    /// It failed, and whether it is still there is not known: the newer scan did not look, or not wholly.
    NotLookedAt = 6,
}

impl Difference {
    pub const ALL: [Self; 6] =
        [Self::New, Self::StillFailing, Self::Resolved, Self::Regressed, Self::Gone, Self::NotLookedAt];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::StillFailing => "still_failing",
            Self::Resolved => "resolved",
            Self::Regressed => "regressed",
            Self::Gone => "gone",
            Self::NotLookedAt => "not_looked_at",
        }
    }

    fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|difference| *difference as i16 == code)
    }
}

/// Two scans of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    pub newer: ScanId,
    pub older: ScanId,
    /// Where the newer one looked, if only in some: elsewhere it knows of nothing that is gone.
    pub regions: Option<Vec<String>>,
}

/// One that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    pub difference: Difference,
    pub was: Option<FindingStatus>,
    pub is: Option<FindingStatus>,
    /// Of the newer scan; of the older one where the newer has it not.
    pub finding: Finding,
}

/// A check that the newer scan has brought to its end, every call answered, has looked. Of findings that
/// were brought nothing is known but that a check has some; of those by hand not even that.
const DIFFERING: &str = "WITH looked AS (
         SELECT check_id FROM scan_checks
         WHERE tenant_id = $1 AND scan_id = $2 AND status = 'completed' AND calls_failed = 0
         UNION
         SELECT check_id FROM findings WHERE tenant_id = $1 AND scan_id = $2
             AND NOT EXISTS (SELECT FROM scan_checks WHERE tenant_id = $1 AND scan_id = $2)
             AND NOT EXISTS (SELECT FROM scans WHERE tenant_id = $1 AND id = $2 AND source = 'manual')
     ), differing AS (
         SELECT coalesce(n.id, o.id) AS id, o.status AS status_was, n.status AS status_is, CASE
             WHEN n.status = 2 AND o.status = 2 THEN 2
             WHEN n.status = 2 AND o.status IS NULL THEN 1
             WHEN n.status = 2 THEN 4
             WHEN n.status = 1 AND o.status = 2 THEN 3
             WHEN n.status IS NULL AND o.status = 2 THEN
                 CASE WHEN o.check_id IN (SELECT check_id FROM looked)
                     AND ($4::text[] IS NULL OR o.region = ANY ($4)) THEN 5 ELSE 6 END
             END::smallint AS difference
         FROM (SELECT id, key, ordinal, status FROM findings WHERE tenant_id = $1 AND scan_id = $2) AS n
         FULL JOIN (SELECT id, key, ordinal, status, check_id, region FROM findings
                    WHERE tenant_id = $1 AND scan_id = $3) AS o
             ON n.key = o.key AND n.ordinal = o.ordinal
     )";

/// How many there are of each; what there is none of is not in it.
pub async fn differences(
    tx: &mut TenantTx,
    compared: &Compared,
) -> Result<BTreeMap<Difference, u64>, StoreError> {
    let sql = format!(
        "{DIFFERING} SELECT difference, count(*) AS n FROM differing WHERE difference IS NOT NULL GROUP BY difference"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(compared.newer.0)
        .bind(compared.older.0)
        .bind(compared.regions.as_deref())
        .fetch_all(tx.connection())
        .await?;
    rows.iter()
        .map(|row| {
            let n = u64::try_from(row.try_get::<i64, _>("n")?).unwrap_or(0);
            Ok((word(row, "difference", Difference::from_code)?, n))
        })
        .collect()
}

/// Of each kind that is asked for the first `limit` behind `after`, in the order of their ids.
pub async fn differing(
    tx: &mut TenantTx,
    compared: &Compared,
    kinds: &[Difference],
    after: Option<FindingId>,
    limit: u32,
) -> Result<Vec<Differing>, StoreError> {
    let sql = format!(
        "{DIFFERING} SELECT id, status_was, status_is, difference FROM (
             SELECT *, row_number() OVER (PARTITION BY difference ORDER BY id) AS at FROM differing
             WHERE difference = ANY ($5) AND id > $6) AS ranked
         WHERE at <= $7 ORDER BY difference, id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(compared.newer.0)
        .bind(compared.older.0)
        .bind(compared.regions.as_deref())
        .bind(kinds.iter().map(|kind| *kind as i16).collect::<Vec<_>>())
        .bind(after.map_or(Uuid::nil(), |after| after.0))
        .bind(i64::from(limit))
        .fetch_all(tx.connection())
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    let mut findings: BTreeMap<Uuid, Finding> =
        by_ids(tx, &ids).await?.into_iter().map(|finding| (finding.id.0, finding)).collect();
    let status = |row: &_, column| match sqlx::Row::try_get::<Option<i16>, _>(row, column)? {
        None => Ok(None),
        Some(_) => word(row, column, FindingStatus::from_code).map(Some),
    };
    let mut found = Vec::with_capacity(rows.len());
    for (row, id) in rows.iter().zip(ids) {
        // Deleted between the two statements.
        let Some(finding) = findings.remove(&id) else { continue };
        let difference = word(row, "difference", Difference::from_code)?;
        found.push(Differing {
            difference,
            was: status(row, "status_was")?,
            is: status(row, "status_is")?,
            finding,
        });
    }
    Ok(found)
}

async fn by_ids(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Finding>, StoreError> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM {FROM} WHERE f.tenant_id = "));
    // `FROM` names the tenant as `$1`.
    query.push_bind(tx.tenant().0).push(" AND f.id = ANY (").push_bind(ids.to_vec()).push(")");
    query.build().fetch_all(tx.connection()).await?.iter().map(read).collect()
}
