//! The tables `producers` and `producer_counts`: what producers' own numbers say of completeness.

use chrono::{DateTime, Utc};
use custody_domain::{
    EntryId,
    producer::{Gap, Gaps, Run},
};
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    StoreError, TenantTx,
    heads::{signed, unsigned},
};

mod follow;
mod numbered;

pub use follow::{Counts, Tracked, counts, load, save, save_counts};
pub use numbered::{Numbered, Stretch, nth_after, numbered};

/// One producer, as its tenant is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    pub id: String,
    pub run: Run,
    /// When its first and its last entry were received.
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

/// How complete the first `size` entries of a log are by their producers' numbers, all of it read at
/// one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    pub epoch: u32,
    /// Entries whose producers were looked at.
    pub size: u64,
    /// The id of the last of them.
    pub last_id: Option<EntryId>,
    /// Producers known, and entries of those beyond the bound.
    pub producers: u64,
    pub unwatched: u64,
    /// Those of which something is missing, or was in an earlier run, by the bytes of their ids.
    pub incomplete: Vec<(String, Run)>,
}

const COLUMNS: &str = "producer_id, run, first_seq, highest_seq, gaps::text AS gaps, gaps_dropped, \
     gaps_kept_from, missing_earlier, entries, late, repeated, unplaced, first_seen_at, last_seen_at";

/// At most `limit` producers of the log as it is now, by the bytes of their ids, from behind `after`.
pub async fn page(tx: &mut TenantTx, after: Option<&str>, limit: u16) -> Result<Vec<Producer>, StoreError> {
    let tenant = tx.tenant();
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM producers
         WHERE tenant_id = $1 AND producer_id > $2
           AND epoch = (SELECT epoch FROM heads WHERE tenant_id = $1)
         ORDER BY producer_id LIMIT $3"
    )))
    .bind(tenant.0)
    .bind(after.unwrap_or_default())
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(producer)
    .collect()
}

/// In one statement, so that what is missing belongs to the size that is told. None where `follower`
/// has not followed the log as it is now.
pub async fn completeness(tx: &mut TenantTx, follower: &str) -> Result<Option<Completeness>, StoreError> {
    let tenant = tx.tenant();
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT f.epoch, f.position, f.last_id, coalesce(c.kept, 0) AS kept,
             coalesce(c.unwatched, 0) AS unwatched, p.*
         FROM heads h
         JOIN followers f ON f.tenant_id = h.tenant_id AND f.epoch = h.epoch AND f.follower = $2
         LEFT JOIN producer_counts c ON c.tenant_id = h.tenant_id AND c.epoch = h.epoch
         LEFT JOIN (
             SELECT tenant_id, epoch AS of_epoch, {COLUMNS} FROM producers
             WHERE tenant_id = $1 AND (missing > 0 OR missing_earlier > 0)
         ) p ON p.tenant_id = h.tenant_id AND p.of_epoch = h.epoch
         WHERE h.tenant_id = $1
         ORDER BY p.producer_id"
    )))
    .bind(tenant.0)
    .bind(follower)
    .fetch_all(tx.connection())
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut incomplete = Vec::new();
    for row in &rows {
        if let Some(id) = row.try_get("producer_id")? {
            incomplete.push((id, run(row)?));
        }
    }
    Ok(Some(Completeness {
        epoch: u32::try_from(first.try_get::<i32, _>("epoch")?)
            .map_err(|_| StoreError::unexpected("a negative epoch"))?,
        size: unsigned(first.try_get("position")?)?,
        last_id: first.try_get::<Option<uuid::Uuid>, _>("last_id")?.map(EntryId),
        producers: unsigned(first.try_get("kept")?)?,
        unwatched: unsigned(first.try_get("unwatched")?)?,
        incomplete,
    }))
}

fn producer(row: &PgRow) -> Result<Producer, StoreError> {
    Ok(Producer {
        id: row.try_get("producer_id")?,
        run: run(row)?,
        first_seen_at: row.try_get("first_seen_at")?,
        last_seen_at: row.try_get("last_seen_at")?,
    })
}

fn run(row: &PgRow) -> Result<Run, StoreError> {
    let count = |column: &str| unsigned(row.try_get(column)?);
    Ok(Run {
        run: count("run")?,
        first: count("first_seq")?,
        highest: count("highest_seq")?,
        gaps: gaps(row.try_get("gaps")?)?,
        gaps_dropped: count("gaps_dropped")?,
        gaps_kept_from: count("gaps_kept_from")?,
        missing_earlier: count("missing_earlier")?,
        entries: count("entries")?,
        late: count("late")?,
        repeated: count("repeated")?,
        unplaced: count("unplaced")?,
    })
}

fn gaps(json: &str) -> Result<Gaps, StoreError> {
    let triples: Vec<(u64, u64, i64)> =
        serde_json::from_str(json).map_err(|error| StoreError::Unexpected(Box::new(error)))?;
    let gaps = triples.into_iter().map(|(from, to, since_ms)| Gap { from, to, since_ms }).collect();
    Gaps::new(gaps).ok_or_else(|| StoreError::unexpected("gaps that are out of order"))
}
