//! What has ended long ago goes; results go sooner.

use std::time::Duration;

use super::milliseconds;
use crate::{Store, StoreError};

/// In one transaction.
const BATCH: i64 = 5000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub jobs: u64,
    pub results: u64,
}

/// Removes jobs that ended `kept` ago (dead letters three times that), and results that have expired.
pub async fn sweep(store: &Store, kept: Duration) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    loop {
        let mut tx = store.system_tx_by_key().await?;
        let jobs = sqlx::query(
            "DELETE FROM jobs USING (
                 SELECT tenant_id AS old_tenant, id AS old_id FROM jobs
                 WHERE ended_at < clock_timestamp() - $1 * interval '1 millisecond'
                   AND (state <> 'failed' OR ended_at < clock_timestamp() - 3 * $1 * interval '1 millisecond')
                 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
             ) AS old
             WHERE tenant_id = old_tenant AND id = old_id",
        )
        .bind(milliseconds(kept))
        .bind(BATCH)
        .execute(tx.connection())
        .await?
        .rows_affected();
        let results = sqlx::query(
            "UPDATE jobs SET result = NULL, result_expires_at = NULL
             FROM (
                 SELECT tenant_id AS old_tenant, id AS old_id FROM jobs
                 WHERE result_expires_at < clock_timestamp()
                 LIMIT $1 FOR UPDATE SKIP LOCKED
             ) AS old
             WHERE tenant_id = old_tenant AND id = old_id",
        )
        .bind(BATCH)
        .execute(tx.connection())
        .await?
        .rows_affected();
        tx.commit().await?;
        swept.jobs += jobs;
        swept.results += results;
        if jobs + results == 0 {
            return Ok(swept);
        }
    }
}
