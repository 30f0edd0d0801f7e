//! Asking for a job, in the caller's own transaction: it is there once that has committed, and never if
//! it has not.

use std::{borrow::Cow, time::Duration};

use custody_auth::Scope;
use custody_domain::TenantId;
use sqlx::Row as _;
use uuid::Uuid;

use super::milliseconds;
use crate::{StoreError, SystemTx, TenantTx, connection::Connection, page::new_id, program};

/// A payload says what to work on, by ids; what is worked on lies elsewhere.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// Between looking for the job that has the key and waiting for it, it may end. So often.
const TRIES_MAX: usize = 10;

/// A job to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    pub kind: Cow<'static, str>,
    pub version: u16,
    /// JSON.
    pub payload: String,
    /// Not before so long from now.
    pub delay: Duration,
    /// Among the tenant's own of this kind, -100 to 100; higher first.
    pub priority: i16,
    pub attempts_max: u16,
    /// Of these only one is unfinished at a time, within the tenant and kind.
    pub unique: Option<(String, IfTaken)>,
}

/// What becomes of a job whose key an unfinished one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfTaken {
    /// It runs after that one.
    Wait,
    /// It runs after that one, unless another waits for that already, which then stands for it.
    WaitAlone,
    /// That one stands for it.
    Drop,
    /// [`EnqueueError::Taken`].
    Refuse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    New(Uuid),
    /// The unfinished one of the same key.
    Already(Uuid),
}

impl Enqueued {
    pub fn id(self) -> Uuid {
        match self {
            Self::New(id) | Self::Already(id) => id,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnqueueError {
    #[error("the payload has {bytes} bytes; {PAYLOAD_BYTES_MAX} are allowed")]
    TooLarge { bytes: usize },
    #[error("an unfinished job has this key: {by}")]
    Taken { by: Uuid },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for EnqueueError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// In the transaction of what asks for it, for the scope's holder.
pub async fn enqueue(tx: &mut TenantTx, scope: &Scope, job: &NewJob) -> Result<Enqueued, EnqueueError> {
    let tenant = tx.tenant();
    if tenant != scope.tenant() {
        return Err(StoreError::unexpected("a job of another tenant than its transaction's").into());
    }
    tx.jobs_wait();
    let grant = tx.restricted().map(|reader| reader.grant.clone());
    let by = By { principal: &scope.principal().to_string(), grant: grant.as_deref() };
    insert(tx.connection(), tenant, by, job).await
}

/// As [`enqueue`], for a schedule: in a transaction that sees no tenant's rows.
pub async fn enqueue_for_system(
    tx: &mut SystemTx,
    tenant: TenantId,
    by: &str,
    job: &NewJob,
) -> Result<Enqueued, EnqueueError> {
    tx.jobs_wait();
    insert(tx.connection(), tenant, By { principal: by, grant: None }, job).await
}

/// Who asks, and what they may read; none where that is every entry.
#[derive(Clone, Copy)]
struct By<'b> {
    principal: &'b str,
    grant: Option<&'b str>,
}

async fn insert(
    connection: &mut Connection,
    tenant: TenantId,
    by: By<'_>,
    job: &NewJob,
) -> Result<Enqueued, EnqueueError> {
    let bytes = job.payload.len();
    if bytes > PAYLOAD_BYTES_MAX {
        return Err(EnqueueError::TooLarge { bytes });
    }
    let id = new_id(chrono::Utc::now());
    let state = if job.delay.is_zero() { "waiting" } else { "delayed" };
    for _ in 0..TRIES_MAX {
        if write(connection, tenant, id, by, job, state).await? {
            return Ok(Enqueued::New(id));
        }
        let Some((key, if_taken)) = &job.unique else {
            return Err(StoreError::unexpected("a job without a key stood against another").into());
        };
        let Some(by_other) = holder_of_key(connection, tenant, &job.kind, key).await? else { continue };
        match if_taken {
            IfTaken::Drop => return Ok(Enqueued::Already(by_other)),
            IfTaken::Refuse => return Err(EnqueueError::Taken { by: by_other }),
            IfTaken::Wait => {}
            IfTaken::WaitAlone => {
                if let Some(waits) = waits_for_key(connection, tenant, &job.kind, key).await? {
                    return Ok(Enqueued::Already(waits));
                }
            }
        }
        // The other's row is locked: it cannot end before this is there to be found.
        write(connection, tenant, id, by, job, "blocked").await?;
        return Ok(Enqueued::New(id));
    }
    Err(StoreError::unexpected("the jobs of a key end and begin too fast to wait for one").into())
}

async fn write(
    connection: &mut Connection,
    tenant: TenantId,
    id: Uuid,
    by: By<'_>,
    job: &NewJob,
    state: &str,
) -> Result<bool, StoreError> {
    let written = sqlx::query(
        "INSERT INTO jobs (tenant_id, id, kind, payload, payload_version, state, run_at, priority,
             unique_key, attempts_max, created_by, row_grant, program)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7 * interval '1 millisecond', $8, $9, $10, $11, $12, $13)
         ON CONFLICT (tenant_id, kind, unique_key)
             WHERE unique_key IS NOT NULL AND state IN ('delayed', 'waiting', 'sent', 'running')
             DO NOTHING",
    )
    .bind(tenant.0)
    .bind(id)
    .bind(&*job.kind)
    .bind(&job.payload)
    .bind(i16::try_from(job.version).unwrap_or(i16::MAX))
    .bind(state)
    .bind(milliseconds(job.delay))
    .bind(job.priority.clamp(-100, 100))
    .bind(job.unique.as_ref().map(|(key, _)| key))
    .bind(i16::try_from(job.attempts_max).unwrap_or(i16::MAX).max(1))
    .bind(by.principal)
    .bind(by.grant)
    .bind(program::THIS)
    .execute(connection)
    .await?;
    Ok(written.rows_affected() == 1)
}

async fn holder_of_key(
    connection: &mut Connection,
    tenant: TenantId,
    kind: &str,
    key: &str,
) -> Result<Option<Uuid>, StoreError> {
    let row = sqlx::query(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND kind = $2 AND unique_key = $3
             AND state IN ('delayed', 'waiting', 'sent', 'running') FOR UPDATE",
    )
    .bind(tenant.0)
    .bind(kind)
    .bind(key)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(row.try_get("id")?)).transpose()
}

async fn waits_for_key(
    connection: &mut Connection,
    tenant: TenantId,
    kind: &str,
    key: &str,
) -> Result<Option<Uuid>, StoreError> {
    let id = sqlx::query_scalar(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND kind = $2 AND unique_key = $3 AND state = 'blocked' LIMIT 1",
    )
    .bind(tenant.0)
    .bind(kind)
    .bind(key)
    .fetch_optional(connection)
    .await?;
    Ok(id)
}
