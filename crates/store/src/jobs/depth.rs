//! How much there is to do, by kind: for metrics and readiness.

use sqlx::Row as _;

use crate::{Store, StoreError};

#[derive(Clone, Debug, PartialEq)]
pub struct Depth {
    pub kind: String,
    /// May run now, or are on their way through a message queue.
    pub waiting: u64,
    /// Their time has not come.
    pub delayed: u64,
    pub running: u64,
    /// For how long the one has waited that waits longest. Not those that a limit holds up.
    pub oldest_seconds: f64,
}

pub async fn depths(store: &Store) -> Result<Vec<Depth>, StoreError> {
    let mut tx = store.system_tx().await?;
    let rows = sqlx::query(
        "SELECT kind,
             count(*) FILTER (WHERE state IN ('waiting', 'sent')) AS waiting,
             count(*) FILTER (WHERE state = 'delayed') AS delayed,
             count(*) FILTER (WHERE state = 'running') AS running,
             greatest(0, extract(epoch FROM clock_timestamp()
                 - min(since) FILTER (WHERE state IN ('waiting', 'sent'))))::float8 AS oldest
         FROM jobs WHERE ended_at IS NULL GROUP BY kind",
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    rows.iter()
        .map(|row| {
            Ok(Depth {
                kind: row.try_get("kind")?,
                waiting: count(row.try_get("waiting")?),
                delayed: count(row.try_get("delayed")?),
                running: count(row.try_get("running")?),
                oldest_seconds: row.try_get::<Option<f64>, _>("oldest")?.unwrap_or(0.0),
            })
        })
        .collect()
}
