//! A new scan, in the transaction of the job that runs it.

use custody_auth::Scope;
use custody_domain::{ProviderId, ScanId, ScanStatus};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
    page,
};

/// Where its findings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An engine that runs here.
    Engine,
    /// A run elsewhere, whose findings are brought.
    Import,
    /// People.
    Manual,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::Engine, Self::Import, Self::Manual];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Import => "import",
            Self::Manual => "manual",
        }
    }

    pub(super) fn of(text: &str) -> Self {
        Self::ALL.into_iter().find(|source| source.as_str() == text).unwrap_or(Self::Import)
    }
}

#[derive(Clone, Debug)]
pub struct NewScan {
    pub id: ScanId,
    pub name: String,
    /// A JSON object of texts.
    pub tags: String,
    pub source: Source,
    pub provider: String,
    pub provider_id: Option<ProviderId>,
    /// Where it is known already.
    pub account: Option<String>,
    /// JSON, no secret in it.
    pub scope: Value,
    pub scope_key: Uuid,
    pub parallelism: u16,
    /// Sealed, for this scan alone.
    pub credentials: Option<Vec<u8>>,
    pub job_id: Option<Uuid>,
    /// Pending where a job will begin it, in progress where it has begun.
    pub status: ScanStatus,
    /// JSON.
    pub progress: String,
    /// Its name and version, where it is known.
    pub engine: Option<String>,
    /// What it is compared with, where that is known.
    pub previous_id: Option<ScanId>,
}

/// Of one tenant: each waits with its credentials.
const UNFINISHED_MAX: i64 = 100;

/// Writes it, and tells the log.
pub async fn create(tx: &mut TenantTx, scope: &Scope, scan: &NewScan) -> Result<(), StoreError> {
    let unfinished: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM scans WHERE tenant_id = $1 AND status IN ('pending', 'in_progress')",
    )
    .bind(tx.tenant().0)
    .fetch_one(tx.connection())
    .await?;
    if unfinished >= UNFINISHED_MAX {
        return Err(StoreError::TooMany { most: UNFINISHED_MAX, what: "scans that have not ended" });
    }
    sqlx::query(
        "INSERT INTO scans (tenant_id, id, name, tags, source, provider, provider_id, account, scope, scope_key,
             parallelism, credentials, job_id, status, progress, engine, previous_id, created_by, started_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             CASE WHEN $14 = 'pending' THEN NULL ELSE clock_timestamp() END)",
    )
    .bind(tx.tenant().0)
    .bind(scan.id.0)
    .bind(&scan.name)
    .bind(&scan.tags)
    .bind(scan.source.as_str())
    .bind(&scan.provider)
    .bind(scan.provider_id.map(|id| id.0))
    .bind(&scan.account)
    .bind(audit_outbox::json_text(&scan.scope)?)
    .bind(scan.scope_key)
    .bind(i16::try_from(scan.parallelism).unwrap_or(1))
    .bind(&scan.credentials)
    .bind(scan.job_id)
    .bind(scan.status.as_str())
    .bind(&scan.progress)
    .bind(&scan.engine)
    .bind(scan.previous_id.map(|id| id.0))
    .bind(scope.principal().to_string())
    .execute(tx.connection())
    .await?;
    let change = Change::by(scope, "custody.scan.created").on("scan", scan.id, Some(&scan.name)).after(json!({
        "name": scan.name, "source": scan.source.as_str(), "provider": scan.provider, "account": scan.account,
        "scope": scan.scope, "job_id": scan.job_id,
    }));
    tx.jobs_changed();
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await
}

/// The id of a scan to be: later than the one before.
pub fn new_id() -> ScanId {
    ScanId(page::new_id(chrono::Utc::now()))
}
