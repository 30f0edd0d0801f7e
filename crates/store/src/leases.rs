//! The tables `leases` and `lease_candidates`: which process follows which group of tenants, and the
//! fence that keeps one that was taken for dead from writing.
//!
//! All times are the database's: no clock of a server counts.

use std::time::Duration;

use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{FencedTx, Store, StoreError, SystemTx};

/// Tenants fall into so many groups by the last four bits of their id (random in a `UUIDv7`).
pub const GROUPS: u8 = 16;

/// A hold on one group. `token` rises with every new holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    pub group: u8,
    pub token: i64,
}

/// What a process holds for one follower. What it writes, it writes in transactions that
/// [`Fence::begin`] began: they hold the leases' rows until they end, so that nobody takes one over
/// in between, and they are refused once somebody did.
#[derive(Clone, Debug)]
pub struct Fence {
    store: Store,
    follower: &'static str,
    holder: Uuid,
    leases: Vec<Lease>,
}

/// Why a fenced transaction was not begun.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FenceError {
    /// Another process holds one of the groups by now.
    #[error("a lease of {follower} has passed to another process")]
    Lost { follower: &'static str },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fence {
    pub fn new(store: Store, follower: &'static str, holder: Uuid, leases: Vec<Lease>) -> Self {
        Self { store, follower, holder, leases }
    }

    pub fn follower(&self) -> &'static str {
        self.follower
    }

    pub fn leases(&self) -> &[Lease] {
        &self.leases
    }

    /// Begins a transaction of the system's role in which every lease is this process's own, and
    /// stays so until it ends.
    pub async fn begin(&self) -> Result<FencedTx, FenceError> {
        let mut tx = self.store.fenced_tx(self.follower).await?;
        let (groups, tokens) = columns(&self.leases);
        // FOR SHARE waits for a take-over that is under way, and then sees its token.
        let own: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (
                 SELECT FROM leases l
                 JOIN unnest($3::smallint[], $4::bigint[]) AS own (tenant_group, token)
                     ON own.tenant_group = l.tenant_group AND own.token = l.token
                 WHERE l.follower = $1 AND l.holder = $2
                 ORDER BY l.tenant_group FOR SHARE OF l
             ) AS held",
        )
        .bind(self.follower)
        .bind(self.holder)
        .bind(groups)
        .bind(tokens)
        .fetch_one(tx.connection())
        .await
        .map_err(StoreError::from)?;
        if usize::try_from(own).ok() == Some(self.leases.len()) {
            return Ok(tx);
        }
        tx.rollback().await?;
        Err(FenceError::Lost { follower: self.follower })
    }
}

/// Renews what `holder` has, gives back what is beyond its share, and takes what is free up to it.
/// Answers with what it has now, for `ttl` from now. Called by each process every third of `ttl`.
pub async fn beat(
    store: &Store,
    follower: &'static str,
    holder: Uuid,
    ttl: Duration,
) -> Result<Vec<Lease>, StoreError> {
    let mut tx = store.system_tx().await?;
    let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
    let candidates = stand(&mut tx, follower, holder, ttl_ms).await?;
    let candidates = u64::try_from(candidates).unwrap_or(0).max(1);
    let share = i64::try_from(u64::from(GROUPS).div_ceil(candidates)).unwrap_or(1);
    let mut leases = renew(&mut tx, follower, holder, ttl_ms, share).await?;
    let room = share - i64::try_from(leases.len()).unwrap_or(share);
    if room > 0 {
        leases.extend(take(&mut tx, follower, holder, ttl_ms, room).await?);
    }
    tx.commit().await?;
    leases.sort_by_key(|lease| lease.group);
    Ok(leases)
}

/// Gives back everything at once, so that others need not wait for it to expire.
pub async fn leave(store: &Store, follower: &'static str, holder: Uuid) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    sqlx::query("DELETE FROM lease_candidates WHERE follower = $1 AND candidate = $2")
        .bind(follower)
        .bind(holder)
        .execute(tx.connection())
        .await?;
    sqlx::query(
        "UPDATE leases SET holder = NULL, expires_at = NULL
         WHERE follower = $1 AND tenant_group IN (
             SELECT tenant_group FROM leases WHERE follower = $1 AND holder = $2
             ORDER BY tenant_group FOR UPDATE
         )",
    )
    .bind(follower)
    .bind(holder)
    .execute(tx.connection())
    .await?;
    tx.commit().await
}

/// Says that the process is there, and counts those that are. A time too far ahead is one that a
/// clock left behind which was set back.
async fn stand(tx: &mut SystemTx, follower: &str, holder: Uuid, ttl_ms: i64) -> Result<i64, StoreError> {
    sqlx::query(
        "INSERT INTO lease_candidates (follower, candidate, expires_at)
         VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
         ON CONFLICT (follower, candidate) DO UPDATE SET expires_at = excluded.expires_at",
    )
    .bind(follower)
    .bind(holder)
    .bind(ttl_ms)
    .execute(tx.connection())
    .await?;
    // SKIP LOCKED: another process may be sweeping the same rows out.
    sqlx::query(
        "DELETE FROM lease_candidates WHERE (follower, candidate) IN (
             SELECT follower, candidate FROM lease_candidates
             WHERE follower = $1 AND candidate <> $2
               AND expires_at NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'
             FOR UPDATE SKIP LOCKED
         )",
    )
    .bind(follower)
    .bind(holder)
    .execute(tx.connection())
    .await?;
    sqlx::query(
        "INSERT INTO leases (follower, tenant_group)
         SELECT $1, n FROM generate_series(0, $2::smallint - 1) AS n
         WHERE NOT EXISTS (SELECT FROM leases WHERE follower = $1 AND tenant_group = n)
         ON CONFLICT (follower, tenant_group) DO NOTHING",
    )
    .bind(follower)
    .bind(i16::from(GROUPS))
    .execute(tx.connection())
    .await?;
    Ok(sqlx::query_scalar("SELECT count(*) FROM lease_candidates WHERE follower = $1")
        .bind(follower)
        .fetch_one(tx.connection())
        .await?)
}

async fn renew(
    tx: &mut SystemTx,
    follower: &str,
    holder: Uuid,
    ttl_ms: i64,
    share: i64,
) -> Result<Vec<Lease>, StoreError> {
    // Beyond its share the last groups go back. An expired lease that nobody took is still its own:
    // the token says so.
    sqlx::query(
        "WITH own AS MATERIALIZED (
             SELECT tenant_group FROM leases WHERE follower = $1 AND holder = $2
             ORDER BY tenant_group FOR UPDATE
         ), kept AS (
             SELECT tenant_group, row_number() OVER (ORDER BY tenant_group) <= $4 AS kept FROM own
         )
         UPDATE leases SET
             holder = CASE WHEN kept.kept THEN holder END,
             expires_at = CASE WHEN kept.kept THEN clock_timestamp() + $3 * interval '1 millisecond' END
         FROM kept WHERE leases.follower = $1 AND leases.tenant_group = kept.tenant_group
         RETURNING leases.tenant_group, leases.token, leases.holder IS NOT NULL AS held",
    )
    .bind(follower)
    .bind(holder)
    .bind(ttl_ms)
    .bind(share)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .filter_map(|row| match row.try_get("held") {
        Ok(true) => Some(lease(row)),
        Ok(false) => None,
        Err(error) => Some(Err(error.into())),
    })
    .collect()
}

async fn take(
    tx: &mut SystemTx,
    follower: &str,
    holder: Uuid,
    ttl_ms: i64,
    room: i64,
) -> Result<Vec<Lease>, StoreError> {
    // SKIP LOCKED: what another takes at this moment is not free.
    sqlx::query(
        "UPDATE leases SET holder = $2, token = token + 1,
             expires_at = clock_timestamp() + $3 * interval '1 millisecond'
         WHERE follower = $1 AND tenant_group IN (
             SELECT tenant_group FROM leases
             WHERE follower = $1 AND (holder IS NULL OR holder <> $2
                 AND expires_at NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes')
             ORDER BY tenant_group LIMIT $4 FOR UPDATE SKIP LOCKED
         )
         RETURNING tenant_group, token",
    )
    .bind(follower)
    .bind(holder)
    .bind(ttl_ms)
    .bind(room)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(lease)
    .collect()
}

fn lease(row: &PgRow) -> Result<Lease, StoreError> {
    let group = u8::try_from(row.try_get::<i16, _>("tenant_group")?)
        .map_err(|_| StoreError::unexpected("a lease of no group"))?;
    Ok(Lease { group, token: row.try_get("token")? })
}

fn columns(leases: &[Lease]) -> (Vec<i16>, Vec<i64>) {
    leases.iter().map(|lease| (i16::from(lease.group), lease.token)).unzip()
}
