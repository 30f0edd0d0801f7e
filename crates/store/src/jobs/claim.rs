//! Handing out what waits: fairly between tenants, within the limits.

use custody_auth::Scope;
use custody_domain::TenantId;
use sqlx::Row as _;
use uuid::Uuid;

use super::JobId;
use crate::{Store, StoreError};

/// What a worker would run of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    pub kind: &'static str,
    /// The highest that it can read.
    pub version: u16,
    /// How many more.
    pub room: usize,
    /// At most so many at a time in the whole installation.
    pub installation_max: Option<u16>,
    /// … and of one tenant.
    pub tenant_max: Option<u16>,
    /// The tenant that had the last turn.
    pub after: TenantId,
}

/// A job that was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub job: JobId,
    pub kind: String,
    pub version: u16,
    /// Who holds another one for this job writes nothing.
    pub token: i64,
    /// This one counted.
    pub attempt: u16,
    pub attempts_max: u16,
    /// Whether it has a unique key.
    pub unique: bool,
}

/// Hands out at most `total`, and `room` of each lane, to this worker, one tenant after the other. Those that are to be
/// sent on by a message queue are not running yet.
pub async fn claim(
    store: &Store,
    worker: Uuid,
    lanes: &[Lane],
    total: usize,
    to_send: bool,
) -> Result<Vec<Claim>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let rows = sqlx::query("SELECT * FROM custody_claim_jobs($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(worker)
        .bind(if to_send { "sent" } else { "running" })
        .bind(lanes.iter().map(|lane| lane.kind).collect::<Vec<_>>())
        .bind(lanes.iter().map(|lane| i16::try_from(lane.version).unwrap_or(i16::MAX)).collect::<Vec<_>>())
        .bind(lanes.iter().map(|lane| count(lane.room)).collect::<Vec<_>>())
        .bind(count(total))
        .bind(lanes.iter().map(|lane| lane.installation_max.map(i32::from)).collect::<Vec<_>>())
        .bind(lanes.iter().map(|lane| lane.tenant_max.map(i32::from)).collect::<Vec<_>>())
        .bind(lanes.iter().map(|lane| lane.after.0).collect::<Vec<_>>())
        .fetch_all(tx.connection())
        .await?;
    let claims = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if claims.is_empty() {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(claims)
}

pub(super) fn read(row: &sqlx::postgres::PgRow) -> Result<Claim, StoreError> {
    let number = |name| Ok::<_, StoreError>(u16::try_from(row.try_get::<i16, _>(name)?).unwrap_or(0));
    Ok(Claim {
        job: JobId { tenant: TenantId(row.try_get("job_tenant")?), id: row.try_get("job_id")? },
        kind: row.try_get("job_kind")?,
        version: number("job_version")?,
        token: row.try_get("job_token")?,
        attempt: number("job_attempts")?,
        attempts_max: number("job_attempts_max")?,
        unique: row.try_get("job_unique")?,
    })
}

/// What is to be done: read as the tenant, in one round trip. None once another holds the job.
pub async fn payload(
    store: &Store,
    scope: &Scope,
    claim: &Claim,
) -> Result<Option<(String, String)>, StoreError> {
    let (tenant, id, token) = (claim.job.tenant, claim.job.id, claim.token);
    if tenant != scope.tenant() {
        return Err(StoreError::unexpected("the payload of another tenant's job"));
    }
    // UUIDs and numbers need no quoting.
    let statement = format!(
        "SELECT payload, created_by FROM jobs
         WHERE tenant_id = '{tenant}' AND id = '{id}' AND token = {token} AND state = 'running'"
    );
    let rows = store.ask_in_tenant(scope, &statement).await?;
    rows.first().map(|row| Ok((row.try_get("payload")?, row.try_get("created_by")?))).transpose()
}
