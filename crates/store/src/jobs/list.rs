//! What a tenant sees of its jobs. Never the payload: it is the program's own.
//!
//! Who may read a part of the entries sees the jobs that they asked for themselves while they might read
//! that same part: of others, progress, result and files tell of entries that are not theirs to know.

use std::str::FromStr;

use custody_domain::TenantId;
use sqlx::{Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{JobId, Time};
use crate::{Store, StoreError, SystemTx, TenantTx, transaction::Restricted};

/// A job as it is told. `version` rises whenever any of it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub id: Uuid,
    pub kind: String,
    pub status: Status,
    pub priority: i16,
    pub unique_key: Option<String>,
    pub attempts: u16,
    pub attempts_max: u16,
    pub version: u64,
    /// JSON.
    pub progress: Option<String>,
    /// JSON.
    pub result: Option<String>,
    pub result_expires_at: Option<Time>,
    pub failure: Option<String>,
    pub failed_at: Option<Time>,
    pub cancel_requested_at: Option<Time>,
    pub created_at: Time,
    pub created_by: String,
    /// Not before.
    pub run_at: Time,
    pub started_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// Whether it waits for another of the same unique key.
    pub blocked: bool,
}

/// In the words of scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Pending,
    InProgress,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::InProgress, Self::Completed, Self::Failed, Self::Cancelled];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    pub(super) fn of(state: &str) -> Self {
        match state {
            "running" => Self::InProgress,
            "succeeded" => Self::Completed,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            _ => Self::Pending,
        }
    }

    fn states(self) -> &'static [&'static str] {
        match self {
            Self::Pending => &["delayed", "waiting", "blocked", "sent"],
            Self::InProgress => &["running"],
            Self::Completed => &["succeeded"],
            Self::Failed => &["failed"],
            Self::Cancelled => &["cancelled"],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of pending, in_progress, completed, failed, cancelled")]
pub struct UnknownStatus;

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

/// All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    pub status: Option<Status>,
    pub kind: Option<String>,
}

const COLUMNS: &str = "id, kind, state, priority, unique_key, attempts, attempts_max, version, progress, \
    CASE WHEN result_expires_at > clock_timestamp() THEN result END AS result, result_expires_at, failure, \
    failed_at, cancel_requested_at, created_at, created_by, run_at, started_at, ended_at";

/// Newest first, those before `before`.
pub async fn page(
    tx: &mut TenantTx,
    filter: &JobFilter,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM jobs WHERE tenant_id = "));
    query.push_bind(tx.tenant().0);
    if let Some(status) = filter.status {
        query.push(" AND state = ANY(").push_bind(status.states().to_vec()).push(")");
    }
    if let Some(kind) = &filter.kind {
        query.push(" AND kind = ").push_bind(kind.clone());
    }
    only_of(&mut query, tx.restricted());
    query.push(" AND id < ").push_bind(before.unwrap_or(Uuid::max()));
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
    query.build().fetch_all(tx.connection()).await?.iter().map(read).collect()
}

fn only_of(query: &mut QueryBuilder<Postgres>, reader: Option<&Restricted>) {
    if let Some(reader) = reader {
        query.push(" AND created_by = ").push_bind(reader.principal.clone());
        query.push(" AND row_grant = ").push_bind(reader.grant.clone());
    }
}

pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Job, StoreError> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM jobs WHERE tenant_id = "));
    query.push_bind(tx.tenant().0).push(" AND id = ").push_bind(id);
    only_of(&mut query, tx.restricted());
    read(&query.build().fetch_one(tx.connection()).await?)
}

/// The versions of these jobs, for who waits for a change: of those that are there.
pub async fn versions(store: &Store, jobs: &[JobId]) -> Result<Vec<(JobId, u64)>, StoreError> {
    let mut tx: SystemTx = store.system_tx_by_key().await?;
    let rows = sqlx::query(
        "SELECT tenant_id, id, version FROM jobs
         JOIN unnest($1::uuid[], $2::uuid[]) AS asked (tenant, job) ON tenant_id = tenant AND id = job",
    )
    .bind(jobs.iter().map(|job| job.tenant.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.id).collect::<Vec<_>>())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            let job = JobId { tenant: TenantId(row.try_get("tenant_id")?), id: row.try_get("id")? };
            Ok((job, u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0)))
        })
        .collect()
}

fn read(row: &PgRow) -> Result<Job, StoreError> {
    let number = |name| Ok::<_, StoreError>(u16::try_from(row.try_get::<i16, _>(name)?).unwrap_or(0));
    let state: String = row.try_get("state")?;
    Ok(Job {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        status: Status::of(&state),
        priority: row.try_get("priority")?,
        unique_key: row.try_get("unique_key")?,
        attempts: number("attempts")?,
        attempts_max: number("attempts_max")?,
        version: u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0),
        progress: row.try_get("progress")?,
        result: row.try_get("result")?,
        result_expires_at: row.try_get("result_expires_at")?,
        failure: row.try_get("failure")?,
        failed_at: row.try_get("failed_at")?,
        cancel_requested_at: row.try_get("cancel_requested_at")?,
        created_at: row.try_get("created_at")?,
        created_by: row.try_get("created_by")?,
        run_at: row.try_get("run_at")?,
        started_at: row.try_get("started_at")?,
        ended_at: row.try_get("ended_at")?,
        blocked: state == "blocked",
    })
}
