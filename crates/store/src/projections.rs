//! The table `projections`: what followers keep outside of this database, and how to begin it anew.

use custody_domain::EntryId;
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    Store, StoreError, SystemTx, TenantTx,
    heads::{Head, unsigned},
};

/// Which of what a follower has ever made is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Rises each time it is begun anew.
    pub generation: u32,
    /// Of its form.
    pub version: u32,
}

/// A tenant's log, and how far a projection goes in it, as both were at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projected {
    pub head: Head,
    /// None where none was ever begun.
    pub projection: Option<Projection>,
    /// Entries that are in it, …
    pub position: u64,
    /// … and the last one's id.
    pub last_id: Option<EntryId>,
}

/// The one that is in force; begun where there is none, and begun anew where it is of an earlier version.
pub async fn ensure(store: &Store, name: &str, version: u32) -> Result<Projection, StoreError> {
    let mut tx = store.system_tx().await?;
    let found = find(&mut tx, name, "").await?;
    if let Some(found) = found.filter(|found| found.version >= version) {
        tx.commit().await?;
        return Ok(found);
    }
    let begun = anew(&mut tx, name, version, true).await?;
    tx.commit().await?;
    Ok(begun)
}

/// Begins it anew, with all logs from their beginning. Who follows at this moment loses the lease, so
/// that nothing of what they are about to note counts for the new one.
pub async fn begin_anew(store: &Store, name: &str, version: u32) -> Result<Projection, StoreError> {
    let mut tx = store.system_tx().await?;
    let begun = anew(&mut tx, name, version, false).await?;
    tx.commit().await?;
    Ok(begun)
}

async fn anew(
    tx: &mut SystemTx,
    name: &str,
    version: u32,
    only_older: bool,
) -> Result<Projection, StoreError> {
    // The row is made first, so that two who begin at once wait for each other.
    sqlx::query(
        "INSERT INTO projections (name, generation, version) VALUES ($1, 1, 0) ON CONFLICT (name) DO NOTHING",
    )
    .bind(name)
    .execute(tx.connection())
    .await?;
    let found = find(tx, name, "FOR UPDATE").await?;
    if let Some(found) = found.filter(|found| only_older && found.version >= version) {
        return Ok(found);
    }
    let row = sqlx::query(
        "UPDATE projections SET generation = generation + 1, version = $2, begun_at = clock_timestamp()
         WHERE name = $1 RETURNING generation, version",
    )
    .bind(name)
    .bind(column(version)?)
    .fetch_one(tx.connection())
    .await?;
    sqlx::query("UPDATE leases SET token = token + 1, holder = NULL, expires_at = NULL WHERE follower = $1")
        .bind(name)
        .execute(tx.connection())
        .await?;
    sqlx::query(
        "UPDATE followers SET position = 0, last_id = NULL, updated_at = clock_timestamp(), failure = NULL,
             failed_at = NULL WHERE follower = $1",
    )
    .bind(name)
    .execute(tx.connection())
    .await?;
    projection(&row)
}

async fn find(tx: &mut SystemTx, name: &str, lock: &str) -> Result<Option<Projection>, StoreError> {
    let statement = format!("SELECT generation, version FROM projections WHERE name = $1 {lock}");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(name).fetch_optional(tx.connection()).await?;
    row.as_ref().map(projection).transpose()
}

/// The log of the transaction's tenant beside what the projection has of it.
pub async fn standing(tx: &mut TenantTx, name: &str) -> Result<Projected, StoreError> {
    // One statement, so that all is of one moment.
    let row = sqlx::query(
        "SELECT h.epoch, h.size, h.last_id, coalesce(f.position, 0) AS position, f.last_id AS followed_id,
             p.generation, p.version
         FROM heads h
         LEFT JOIN followers f ON f.tenant_id = h.tenant_id AND f.follower = $2 AND f.epoch = h.epoch
         LEFT JOIN projections p ON p.name = $2
         WHERE h.tenant_id = $1",
    )
    .bind(tx.tenant().0)
    .bind(name)
    .fetch_one(tx.connection())
    .await?;
    let known = row.try_get::<Option<i32>, _>("generation")?.is_some();
    Ok(Projected {
        head: Head {
            epoch: number(&row, "epoch")?,
            size: unsigned(row.try_get("size")?)?,
            last_id: row.try_get::<Option<Uuid>, _>("last_id")?.map(EntryId),
        },
        projection: if known { Some(projection(&row)?) } else { None },
        position: unsigned(row.try_get("position")?)?,
        last_id: row.try_get::<Option<Uuid>, _>("followed_id")?.map(EntryId),
    })
}

/// How many entries of the transaction's tenant were received in each hour, up to the entry with this id:
/// by the hours since 1970.
pub async fn hours(
    tx: &mut TenantTx,
    after: Option<EntryId>,
    up_to: EntryId,
) -> Result<Vec<(i64, u64)>, StoreError> {
    let rows = sqlx::query(
        "SELECT ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 3600000 AS hour, count(*) AS count
         FROM entries WHERE tenant_id = $1 AND id > $2 AND id <= $3 GROUP BY 1 ORDER BY 1",
    )
    .bind(tx.tenant().0)
    .bind(after.map_or(Uuid::nil(), |id| id.0))
    .bind(up_to.0)
    .fetch_all(tx.connection())
    .await?;
    rows.iter().map(|row| Ok((row.try_get("hour")?, unsigned(row.try_get("count")?)?))).collect()
}

fn projection(row: &PgRow) -> Result<Projection, StoreError> {
    Ok(Projection { generation: number(row, "generation")?, version: number(row, "version")? })
}

fn number(row: &PgRow, column: &str) -> Result<u32, StoreError> {
    u32::try_from(row.try_get::<i32, _>(column)?).map_err(|_| StoreError::unexpected("a negative number"))
}

fn column(number: u32) -> Result<i32, StoreError> {
    i32::try_from(number).map_err(|_| StoreError::unexpected("a number beyond an integer"))
}
