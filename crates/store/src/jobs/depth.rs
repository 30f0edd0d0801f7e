//! How much there is to do, by kind: for metrics and readiness.

use std::collections::BTreeMap;

use sqlx::Row as _;

use crate::{Store, StoreError};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Depth {
    pub kind: String,
    /// May run now, or are on their way through a message queue.
    pub waiting: u64,
    /// Their time has not come.
    pub delayed: u64,
    pub running: u64,
    /// For how long the one has waited that waits longest.
    pub oldest_seconds: f64,
}

/// Of the kinds that have unfinished jobs. Reads those alone, however many have ended.
pub async fn depths(store: &Store) -> Result<Vec<Depth>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    // Each part goes by an index that holds its rows alone.
    let rows = sqlx::query(
        "SELECT kind, state, jobs, greatest(0, extract(epoch FROM clock_timestamp() - oldest))::float8 AS oldest
         FROM (
             SELECT kind, 'waiting' AS state, count(*) AS jobs, min(since) AS oldest
             FROM jobs WHERE state = 'waiting' GROUP BY kind
             UNION ALL
             SELECT kind, 'delayed', count(*), NULL FROM jobs WHERE state = 'delayed' GROUP BY kind
             UNION ALL
             SELECT kind, state, count(*), min(since) FROM jobs WHERE state IN ('sent', 'running')
             GROUP BY kind, state
         ) AS parts",
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let mut depths: BTreeMap<String, Depth> = BTreeMap::new();
    for row in &rows {
        let (kind, state): (String, String) = (row.try_get("kind")?, row.try_get("state")?);
        let depth = depths.entry(kind.clone()).or_insert_with(|| Depth { kind, ..Depth::default() });
        let jobs = u64::try_from(row.try_get::<i64, _>("jobs")?).unwrap_or(0);
        match state.as_str() {
            "running" => depth.running += jobs,
            "delayed" => depth.delayed += jobs,
            _ => {
                depth.waiting += jobs;
                let oldest = row.try_get::<Option<f64>, _>("oldest")?.unwrap_or(0.0);
                depth.oldest_seconds = depth.oldest_seconds.max(oldest);
            }
        }
    }
    Ok(depths.into_values().collect())
}
