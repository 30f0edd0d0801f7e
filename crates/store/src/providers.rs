//! The table `providers`: accounts that a tenant has connected, so that they can be scanned again.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{ProviderId, Severity};
use serde_json::{Value, json};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
    page,
};

/// A connected account; its credentials are not among what is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    pub id: ProviderId,
    pub name: String,
    /// Prowler's name of it.
    pub provider: String,
    /// None until a scan has seen it.
    pub account: Option<String>,
    /// JSON: what is no secret.
    pub settings: Value,
    pub has_credentials: bool,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub struct NewConnection {
    pub id: ProviderId,
    pub name: String,
    pub provider: String,
    pub settings: Value,
    /// Sealed.
    pub credentials: Option<Vec<u8>>,
}

/// None: as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub name: Option<String>,
    pub settings: Option<Value>,
    /// Sealed.
    pub credentials: Option<Vec<u8>>,
}

/// Of one tenant.
const CONNECTIONS_MAX: i64 = 1_000;

const COLUMNS: &str = "id, name, provider, account, settings, credentials IS NOT NULL AS has_credentials, version, \
    created_at, created_by, updated_at";

/// The id of one to be.
pub fn new_id() -> ProviderId {
    ProviderId(page::new_id(Utc::now()))
}

/// [`StoreError::Conflict`] where the tenant has one of that name.
pub async fn create(tx: &mut TenantTx, scope: &Scope, new: &NewConnection) -> Result<Connection, StoreError> {
    let known: i64 = sqlx::query_scalar("SELECT count(*) FROM providers WHERE tenant_id = $1")
        .bind(tx.tenant().0)
        .fetch_one(tx.connection())
        .await?;
    if known >= CONNECTIONS_MAX {
        return Err(StoreError::TooMany { most: CONNECTIONS_MAX, what: "connected accounts" });
    }
    sqlx::query(
        "INSERT INTO providers (tenant_id, id, name, provider, settings, credentials, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(tx.tenant().0)
    .bind(new.id.0)
    .bind(&new.name)
    .bind(&new.provider)
    .bind(audit_outbox::json_text(&new.settings)?)
    .bind(&new.credentials)
    .bind(scope.principal().to_string())
    .execute(tx.connection())
    .await?;
    let created = get(tx, new.id).await?;
    let change = Change::by(scope, "custody.provider.created")
        .on("provider", new.id, Some(&new.name))
        .severity(Severity::Warning)
        .after(told(&created));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await?;
    Ok(created)
}

pub async fn get(tx: &mut TenantTx, id: ProviderId) -> Result<Connection, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM providers WHERE tenant_id = $1 AND id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_one(tx.connection())
        .await?;
    read(&row)
}

/// Its sealed credentials, for who runs a scan.
pub async fn credentials(tx: &mut TenantTx, id: ProviderId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sqlx::query("SELECT credentials FROM providers WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_one(tx.connection())
        .await?;
    Ok(row.try_get("credentials")?)
}

/// Newest first, those before `before`.
pub async fn page(
    tx: &mut TenantTx,
    before: Option<ProviderId>,
    limit: u32,
) -> Result<Vec<Connection>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM providers WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(before.map_or(Uuid::max(), |id| id.0))
        .bind(i64::from(limit))
        .fetch_all(tx.connection())
        .await?;
    rows.iter().map(read).collect()
}

/// As it is then.
pub async fn update(
    tx: &mut TenantTx,
    scope: &Scope,
    id: ProviderId,
    changes: &Changes,
) -> Result<Connection, StoreError> {
    let before = get(tx, id).await?;
    let settings = changes.settings.as_ref().unwrap_or(&before.settings);
    sqlx::query(
        "UPDATE providers SET name = $3, settings = $4, credentials = coalesce($5, credentials),
             version = version + 1, updated_at = clock_timestamp()
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .bind(changes.name.as_ref().unwrap_or(&before.name))
    .bind(audit_outbox::json_text(settings)?)
    .bind(&changes.credentials)
    .execute(tx.connection())
    .await?;
    let after = get(tx, id).await?;
    let change = Change::by(scope, "custody.provider.updated")
        .on("provider", id, Some(&after.name))
        .severity(Severity::Warning)
        .before(told(&before))
        .after(told(&after))
        .metadata(json!({"credentials_replaced": changes.credentials.is_some()}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await?;
    Ok(after)
}

/// A scan has seen which account it is.
pub async fn seen(tx: &mut TenantTx, id: ProviderId, account: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE providers SET account = left($3, 200), version = version + 1
         WHERE tenant_id = $1 AND id = $2 AND account IS DISTINCT FROM $3",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .bind(account)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// With its credentials; its scans stay.
pub async fn delete(tx: &mut TenantTx, scope: &Scope, id: ProviderId) -> Result<(), StoreError> {
    let before = get(tx, id).await?;
    sqlx::query("DELETE FROM providers WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant().0)
        .bind(id.0)
        .execute(tx.connection())
        .await?;
    let change = Change::by(scope, "custody.provider.deleted")
        .on("provider", id, Some(&before.name))
        .severity(Severity::Warning)
        .before(told(&before));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await
}

fn told(connection: &Connection) -> Value {
    json!({
        "name": connection.name, "provider": connection.provider, "settings": connection.settings,
        "has_credentials": connection.has_credentials,
    })
}

fn read(row: &PgRow) -> Result<Connection, StoreError> {
    let settings: String = row.try_get("settings")?;
    Ok(Connection {
        id: ProviderId(row.try_get("id")?),
        name: row.try_get("name")?,
        provider: row.try_get("provider")?,
        account: row.try_get("account")?,
        settings: serde_json::from_str(&settings).map_err(|error| StoreError::Unexpected(Box::new(error)))?,
        has_credentials: row.try_get("has_credentials")?,
        version: u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0),
        created_at: row.try_get("created_at")?,
        created_by: row.try_get("created_by")?,
        updated_at: row.try_get("updated_at")?,
    })
}
