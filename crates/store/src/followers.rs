//! The table `followers`: how far each follower has come in each tenant's log.

mod lag;

use chrono::{DateTime, TimeDelta, Utc};
use custody_domain::{EntryId, TenantId};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    FencedTx, StoreError, SystemTx, TenantTx,
    heads::{signed, unsigned},
    leases::{GROUPS, Lease},
};

pub use lag::{Lag, lag};

/// A log that has gone on since a follower was there last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    pub tenant: TenantId,
    /// The log's. Where it is not the one that was followed, `from` is 0 and `after` is none.
    pub epoch: u32,
    /// Entries followed so far: the `seq` of the first one that was not.
    pub from: u64,
    /// The id of entry `from - 1`.
    pub after: Option<EntryId>,
    /// Entries in the log, and the last one's id.
    pub head: u64,
    pub head_id: EntryId,
}

impl Behind {
    /// Entries to follow.
    pub fn count(&self) -> u64 {
        self.head - self.from
    }

    /// Where the follower is once it has followed all of it.
    pub fn whole(&self) -> Position {
        Position { tenant: self.tenant, epoch: self.epoch, position: self.head, last_id: self.head_id }
    }
}

/// Logs that a follower is behind, and how far it is behind in all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub logs: Vec<Behind>,
    /// All logs behind, of which `logs` are some.
    pub tenants: u64,
    /// Entries to follow in all of them, and in the one with the most.
    pub entries: u64,
    pub entries_max: u64,
}

impl Page {
    pub fn is_all(&self) -> bool {
        self.logs.len() as u64 >= self.tenants
    }
}

/// The group of [`crate::leases`] that a tenant is in.
pub fn group(tenant: TenantId) -> u8 {
    tenant.0.as_bytes().last().copied().unwrap_or(0) % GROUPS
}

/// Where a follower is in a tenant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub tenant: TenantId,
    pub epoch: u32,
    /// Entries followed; more than none.
    pub position: u64,
    /// The id of entry `position - 1`.
    pub last_id: EntryId,
}

/// How a follower stands in the log of one tenant, as the tenant is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub follower: String,
    pub epoch: u32,
    pub position: u64,
    /// The id of entry `position - 1`.
    pub last_id: Option<EntryId>,
    /// When it moved on last.
    pub updated_at: DateTime<Utc>,
    pub failure: Option<Failure>,
}

/// What keeps a follower from going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// At most `limit` logs of these groups that the follower is behind, in the tenants' order from
/// `after` on and around: so that nobody is always the last.
pub async fn behind(
    tx: &mut SystemTx,
    follower: &str,
    leases: &[Lease],
    after: Option<TenantId>,
    limit: u16,
) -> Result<Page, StoreError> {
    let groups: Vec<i32> = leases.iter().map(|lease| i32::from(lease.group)).collect();
    let rows = sqlx::query(
        "SELECT *, count(*) OVER () AS tenants, (sum(size - position) OVER ())::bigint AS entries,
             max(size - position) OVER () AS entries_max
         FROM (
             SELECT h.tenant_id, h.epoch, h.size, h.last_id,
                 coalesce(f.position, 0) AS position, f.last_id AS followed_id
             FROM heads h
             LEFT JOIN followers f
                 ON f.tenant_id = h.tenant_id AND f.follower = $1 AND f.epoch = h.epoch
             WHERE h.size > coalesce(f.position, 0)
               AND get_byte(uuid_send(h.tenant_id), 15) % $5 = ANY ($2)
         ) AS behind
         ORDER BY tenant_id <= $3, tenant_id LIMIT $4",
    )
    .bind(follower)
    .bind(groups)
    .bind(after.map_or(Uuid::nil(), |tenant| tenant.0))
    .bind(i64::from(limit))
    .bind(i32::from(GROUPS))
    .fetch_all(tx.connection())
    .await?;
    let Some(first) = rows.first() else { return Ok(Page::default()) };
    Ok(Page {
        logs: rows.iter().map(log_behind).collect::<Result<_, _>>()?,
        tenants: unsigned(first.try_get("tenants")?)?,
        entries: unsigned(first.try_get("entries")?)?,
        entries_max: unsigned(first.try_get("entries_max")?)?,
    })
}

/// Moves the follower on, in the transaction that writes what it made of the entries. It never moves
/// back within an epoch.
pub async fn advance(tx: &mut FencedTx, positions: &[Position]) -> Result<(), StoreError> {
    let follower = tx.follower();
    let tenants: Vec<_> = positions.iter().map(|p| p.tenant.0).collect();
    let epochs = positions.iter().map(|p| epoch_column(p.epoch)).collect::<Result<Vec<_>, _>>()?;
    let sizes = positions.iter().map(|p| signed(p.position)).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<_> = positions.iter().map(|p| p.last_id.0).collect();
    let moved = sqlx::query(
        "INSERT INTO followers (tenant_id, follower, epoch, position, last_id)
         SELECT tenant_id, $1, epoch, position, last_id
         FROM unnest($2::uuid[], $3::integer[], $4::bigint[], $5::uuid[])
             AS new (tenant_id, epoch, position, last_id)
         ON CONFLICT (tenant_id, follower) DO UPDATE SET
             epoch = excluded.epoch, position = excluded.position, last_id = excluded.last_id,
             updated_at = clock_timestamp(), failure = NULL, failed_at = NULL
         WHERE (followers.epoch, followers.position) < (excluded.epoch, excluded.position)",
    )
    .bind(follower)
    .bind(tenants)
    .bind(epochs)
    .bind(sizes)
    .bind(ids)
    .execute(tx.connection())
    .await?
    .rows_affected();
    if moved == positions.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::unexpected("a follower that was to move on is further already"))
    }
}

/// Notes why a follower does not come on in a tenant's log; [`advance`] takes it away.
pub async fn fail(tx: &mut FencedTx, behind: &Behind, reason: &str) -> Result<(), StoreError> {
    let follower = tx.follower();
    let reason: String = reason.chars().take(500).collect();
    sqlx::query(
        "INSERT INTO followers (tenant_id, follower, epoch, position, failure, failed_at)
         VALUES ($1, $2, $3, 0, $4, clock_timestamp())
         ON CONFLICT (tenant_id, follower) DO UPDATE
         SET failure = excluded.failure, failed_at = excluded.failed_at",
    )
    .bind(behind.tenant.0)
    .bind(follower)
    .bind(epoch_column(behind.epoch)?)
    .bind(reason)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// How the followers stand in the log of the transaction's tenant, by name.
pub async fn standing(tx: &mut TenantTx) -> Result<Vec<Standing>, StoreError> {
    sqlx::query(
        "SELECT follower, epoch, position, last_id, updated_at, failure, failed_at FROM followers
         WHERE tenant_id = $1 ORDER BY follower",
    )
    .bind(tx.tenant().0)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(|row| {
        let (reason, at) = (row.try_get("failure")?, row.try_get("failed_at")?);
        let failure = Option::zip(reason, at).map(|(reason, at)| Failure { reason, at });
        Ok(Standing {
            follower: row.try_get("follower")?,
            epoch: epoch(row, "epoch")?,
            position: unsigned(row.try_get("position")?)?,
            last_id: row.try_get::<Option<Uuid>, _>("last_id")?.map(EntryId),
            updated_at: row.try_get("updated_at")?,
            failure,
        })
    })
    .collect()
}

/// For how long, by the database's clock, the first entry after `after` has lain in the log of the
/// transaction's tenant; none where there is no such entry.
pub async fn waiting(tx: &mut TenantTx, after: Option<EntryId>) -> Result<Option<TimeDelta>, StoreError> {
    let tenant = tx.tenant();
    let row = sqlx::query(
        "SELECT id, clock_timestamp() AS now FROM entries WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT 1",
    )
    .bind(tenant.0)
    .bind(after.map_or(Uuid::nil(), |id| id.0))
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let now: DateTime<Utc> = row.try_get("now")?;
    Ok(Some((now - EntryId(row.try_get("id")?).received_at()).max(TimeDelta::zero())))
}

fn log_behind(row: &PgRow) -> Result<Behind, StoreError> {
    Ok(Behind {
        tenant: TenantId(row.try_get("tenant_id")?),
        epoch: epoch(row, "epoch")?,
        from: unsigned(row.try_get("position")?)?,
        after: row.try_get::<Option<Uuid>, _>("followed_id")?.map(EntryId),
        head: unsigned(row.try_get("size")?)?,
        head_id: EntryId(row.try_get("last_id")?),
    })
}

fn epoch(row: &PgRow, column: &str) -> Result<u32, StoreError> {
    u32::try_from(row.try_get::<i32, _>(column)?).map_err(|_| StoreError::unexpected("a negative epoch"))
}

fn epoch_column(epoch: u32) -> Result<i32, StoreError> {
    i32::try_from(epoch).map_err(|_| StoreError::unexpected("an epoch beyond an integer"))
}
