//! How far followers are behind in all logs together.

use chrono::TimeDelta;
use custody_domain::EntryId;
use sqlx::Row as _;
use uuid::Uuid;

use crate::{Store, StoreError, heads::unsigned};

/// One follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    pub follower: String,
    /// Logs that it is behind in, and those of them in which something keeps it from going on.
    pub logs: u64,
    pub failing: u64,
    /// For how long the entry has lain that has lain longest, by the database's clock.
    pub waits: TimeDelta,
}

/// Of these followers.
pub async fn lag(store: &Store, followers: &[&str]) -> Result<Vec<Lag>, StoreError> {
    let mut tx = store.system_tx().await?;
    let rows = sqlx::query(
        "SELECT name, count(h.tenant_id) AS logs, count(f.failure) AS failing,
             (array_agg(first.id ORDER BY first.id))[1] AS oldest, clock_timestamp() AS now
         FROM unnest($1::text[]) AS name CROSS JOIN heads h
         LEFT JOIN followers f ON f.tenant_id = h.tenant_id AND f.follower = name AND f.epoch = h.epoch
         LEFT JOIN LATERAL (
             SELECT e.id FROM entries e WHERE e.tenant_id = h.tenant_id AND e.id > coalesce(f.last_id, $2)
             ORDER BY e.id LIMIT 1
         ) AS first ON true
         WHERE h.size > coalesce(f.position, 0) GROUP BY name",
    )
    .bind(followers)
    .bind(Uuid::nil())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            let now: chrono::DateTime<chrono::Utc> = row.try_get("now")?;
            let oldest: Option<Uuid> = row.try_get("oldest")?;
            let waits = oldest.map(|id| (now - EntryId(id).received_at()).max(TimeDelta::zero()));
            Ok(Lag {
                follower: row.try_get("name")?,
                logs: unsigned(row.try_get("logs")?)?,
                failing: unsigned(row.try_get("failing")?)?,
                waits: waits.unwrap_or_default(),
            })
        })
        .collect()
}
