//! The table `tenant_checks`: a tenant's own word on checks.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::FindingSeverity;
use serde_json::{Value, json};
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
};

/// One of the tenant's own, or a change of one that the catalogue has.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantCheck {
    pub provider: String,
    pub check_id: String,
    /// Its texts, where it is the tenant's own.
    pub own: Option<Value>,
    /// In the place of the check's.
    pub severity: Option<FindingSeverity>,
    /// No scan runs it.
    pub disabled: bool,
    pub note: Option<String>,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub updated_at: DateTime<Utc>,
}

/// What somebody says of a check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    pub own: Option<Value>,
    pub severity: Option<FindingSeverity>,
    pub disabled: bool,
    pub note: Option<String>,
}

const COLUMNS: &str =
    "provider, check_id, own, severity, disabled, note, version, created_at, created_by, updated_at";

/// All of one provider's, by name: there are as many as people wrote.
pub async fn of_provider(tx: &mut TenantTx, provider: &str) -> Result<Vec<TenantCheck>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tenant_checks WHERE tenant_id = $1 AND provider = $2 ORDER BY check_id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(provider)
        .fetch_all(tx.connection())
        .await?;
    rows.iter().map(read).collect()
}

/// None where the tenant has said nothing of it.
pub async fn find(
    tx: &mut TenantTx,
    provider: &str,
    check_id: &str,
) -> Result<Option<TenantCheck>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tenant_checks WHERE tenant_id = $1 AND provider = $2 AND check_id = $3 FOR UPDATE"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(provider)
        .bind(check_id)
        .fetch_optional(tx.connection())
        .await?;
    row.as_ref().map(read).transpose()
}

/// How many of its own the tenant has.
pub async fn count_own(tx: &mut TenantTx, provider: &str) -> Result<u64, StoreError> {
    let row = sqlx::query(
        "SELECT count(*) AS own FROM tenant_checks WHERE tenant_id = $1 AND provider = $2 AND own IS NOT NULL",
    )
    .bind(tx.tenant().0)
    .bind(provider)
    .fetch_one(tx.connection())
    .await?;
    Ok(u64::try_from(row.try_get::<i64, _>("own")?).unwrap_or(0))
}

/// Writes what is said in the place of what was said before, and tells the log with this action. Where
/// somebody else says the first word on it at the same time: [`StoreError::Conflict`].
pub async fn write(
    tx: &mut TenantTx,
    scope: &Scope,
    provider: &str,
    check_id: &str,
    said: &Said,
    action: &str,
) -> Result<TenantCheck, StoreError> {
    let before = find(tx, provider, check_id).await?;
    // A row that is there is locked by now; one that is not can come between.
    let sql = match before {
        None => {
            "INSERT INTO tenant_checks (tenant_id, provider, check_id, own, severity, disabled, note, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        }
        Some(_) => {
            "UPDATE tenant_checks SET own = $4, severity = $5, disabled = $6, note = $7,
                 version = version + 1, updated_at = clock_timestamp()
             WHERE tenant_id = $1 AND provider = $2 AND check_id = $3 AND $8::text IS NOT NULL"
        }
    };
    sqlx::query(sql)
        .bind(tx.tenant().0)
        .bind(provider)
        .bind(check_id)
        .bind(said.own.as_ref().map(audit_outbox::json_text).transpose()?)
        .bind(said.severity.map(FindingSeverity::code))
        .bind(said.disabled)
        .bind(&said.note)
        .bind(scope.principal().to_string())
        .execute(tx.connection())
        .await?;
    let mut change =
        Change::by(scope, action).on("check", format!("{provider}/{check_id}"), None).after(told(said));
    if let Some(before) = before {
        change = change.before(told(&before.said()));
    }
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await?;
    find(tx, provider, check_id).await?.ok_or(StoreError::NotFound)
}

/// What the tenant said of it is gone, and with it a check of its own.
pub async fn delete(
    tx: &mut TenantTx,
    scope: &Scope,
    provider: &str,
    check_id: &str,
) -> Result<(), StoreError> {
    let before = find(tx, provider, check_id).await?.ok_or(StoreError::NotFound)?;
    sqlx::query("DELETE FROM tenant_checks WHERE tenant_id = $1 AND provider = $2 AND check_id = $3")
        .bind(tx.tenant().0)
        .bind(provider)
        .bind(check_id)
        .execute(tx.connection())
        .await?;
    let change = Change::by(scope, "custody.check.deleted")
        .on("check", format!("{provider}/{check_id}"), None)
        .before(told(&before.said()));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await
}

impl TenantCheck {
    pub fn said(&self) -> Said {
        Said {
            own: self.own.clone(),
            severity: self.severity,
            disabled: self.disabled,
            note: self.note.clone(),
        }
    }
}

fn told(said: &Said) -> Value {
    let severity = said.severity.map(FindingSeverity::as_str);
    json!({"own": said.own, "severity": severity, "disabled": said.disabled, "note": said.note})
}

fn read(row: &PgRow) -> Result<TenantCheck, StoreError> {
    let own: Option<String> = row.try_get("own")?;
    let own = own.map(|own| serde_json::from_str(&own)).transpose();
    Ok(TenantCheck {
        provider: row.try_get("provider")?,
        check_id: row.try_get("check_id")?,
        own: own.map_err(|error| StoreError::Unexpected(Box::new(error)))?,
        severity: row.try_get::<Option<i16>, _>("severity")?.and_then(FindingSeverity::from_code),
        disabled: row.try_get("disabled")?,
        note: row.try_get("note")?,
        version: u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0),
        created_at: row.try_get("created_at")?,
        created_by: row.try_get("created_by")?,
        updated_at: row.try_get("updated_at")?,
    })
}
