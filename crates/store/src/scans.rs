//! The tables `scans`, `scan_checks` and `scan_logs`: what was asked to be looked at, how far that is, and
//! how each check of it ended. What was found lies in `findings`.
//!
//! A scan of an engine's has a job, and what runs it writes in that job's fenced transactions. Where the
//! job ends without anybody to say so (cancelled while it waited, a worker lost too often), the scan is
//! ended by whoever looks next: [`settle`].

mod change;
pub mod checks;
mod create;
mod delete;
mod list;
pub mod log;
mod run;
mod settle;
mod trend;
mod versions;

use chrono::{DateTime, Utc};
use custody_domain::{FindingSeverity, ProviderId, ScanId, ScanStatus, finding::UnknownWord};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::StoreError;

pub use change::{Changes, exported, reported, update};
pub use create::{NewScan, Source, create, new_id};
pub use delete::{Deleted, delete};
pub use list::{ScanFilter, credentials, get, lock, of_job, of_scope, page, previous};
pub use run::{Begun, Ending, begin, cancel_import, end, progress};
pub use settle::settle;
pub use trend::trend;
pub use versions::versions;

/// A scan as it is told. `version` rises whenever any of it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    pub id: ScanId,
    pub name: String,
    /// A JSON object of texts.
    pub tags: String,
    pub source: Source,
    pub provider: String,
    pub provider_id: Option<ProviderId>,
    pub account: Option<String>,
    /// JSON: what is looked at, and how.
    pub scope: String,
    /// Scans with the same are compared with each other.
    pub scope_key: Uuid,
    pub parallelism: u16,
    pub job_id: Option<Uuid>,
    pub status: ScanStatus,
    /// Something of what was asked for was not looked at, or not wholly.
    pub partial: bool,
    pub failure: Option<String>,
    /// JSON.
    pub progress: String,
    /// Its name and version.
    pub engine: Option<String>,
    /// The one that its findings are compared with.
    pub previous_id: Option<ScanId>,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub updated_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "id, name, tags, source, provider, provider_id, account, scope, scope_key, parallelism, \
    job_id, status, partial, failure, progress, engine, previous_id, version, created_at, created_by, updated_at, \
    started_at, ended_at";

fn read(row: &PgRow) -> Result<Scan, StoreError> {
    let source: String = row.try_get("source")?;
    Ok(Scan {
        id: ScanId(row.try_get("id")?),
        name: row.try_get("name")?,
        tags: row.try_get("tags")?,
        source: Source::of(&source),
        provider: row.try_get("provider")?,
        provider_id: row.try_get::<Option<Uuid>, _>("provider_id")?.map(ProviderId),
        account: row.try_get("account")?,
        scope: row.try_get("scope")?,
        scope_key: row.try_get("scope_key")?,
        parallelism: u16::try_from(row.try_get::<i16, _>("parallelism")?).unwrap_or(1),
        job_id: row.try_get("job_id")?,
        status: word(row, "status")?,
        partial: row.try_get("partial")?,
        failure: row.try_get("failure")?,
        progress: row.try_get("progress")?,
        engine: row.try_get("engine")?,
        previous_id: row.try_get::<Option<Uuid>, _>("previous_id")?.map(ScanId),
        version: u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0),
        created_at: row.try_get("created_at")?,
        created_by: row.try_get("created_by")?,
        updated_at: row.try_get("updated_at")?,
        started_at: row.try_get("started_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}

fn word<W: std::str::FromStr<Err = UnknownWord>>(row: &PgRow, name: &str) -> Result<W, StoreError> {
    let text: String = row.try_get(name)?;
    text.parse().map_err(|error| StoreError::Unexpected(Box::new(error)))
}

fn severity(row: &PgRow) -> Result<FindingSeverity, StoreError> {
    FindingSeverity::from_code(row.try_get("severity")?)
        .ok_or_else(|| StoreError::unexpected("a severity that is none"))
}

/// What a column of so many characters takes.
fn clip(text: &str, chars_max: usize) -> String {
    let text: String = text.chars().filter(|c| *c != '\0').take(chars_max).collect();
    if text.is_empty() { "it gave no reason".to_owned() } else { text }
}
