//! The table `audit_outbox`: our own changes on their way into the tenant's log. A row is written
//! in the transaction of the change itself, becomes an entry with the row's id as its `event_id`,
//! and is deleted once that entry is durable.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use custody_auth::{Origin, Principal, Scope};
use custody_domain::{Outcome, Severity, TenantId};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{Store, StoreError, connection::Connection, page::new_id};

/// What was done, in the words of an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// `custody.…`, see `Operation::trail`.
    pub action: String,
    pub actor: Actor,
    pub recorded_by: RecordedBy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    pub severity: Severity,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `user`, `key`, `token`, `oidc`, `system`.
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// As an entry's `recorded_by`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedBy {
    pub principal: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<Uuid>,
    pub via: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_ip: Option<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Change {
    /// What the holder of a scope did.
    pub(crate) fn by(scope: &Scope, action: &str) -> Self {
        Self::new(
            action,
            scope.principal(),
            scope.actor_name().map(str::to_owned),
            RecordedBy {
                principal: scope.principal().to_string(),
                credential_id: scope.credential_id(),
                via: scope.via().to_owned(),
                peer_ip: scope.peer_ip(),
            },
        )
    }

    /// What was done where no scope is yet: signing in, accepting an invitation.
    pub(crate) fn at(
        origin: Origin,
        action: &str,
        principal: &Principal,
        name: Option<String>,
        credential_id: Option<Uuid>,
    ) -> Self {
        let recorded_by = RecordedBy {
            principal: principal.to_string(),
            credential_id,
            via: origin.via().to_owned(),
            peer_ip: origin.peer_ip,
        };
        Self::new(action, principal, name, recorded_by)
    }

    /// What the program did by itself.
    pub(crate) fn by_system(name: &'static str, action: &str) -> Self {
        let principal = Principal::System(name);
        let recorded_by = RecordedBy {
            principal: principal.to_string(),
            credential_id: None,
            via: name.to_owned(),
            peer_ip: None,
        };
        Self::new(action, &principal, None, recorded_by)
    }

    /// In somebody's name, who is not asked for it here.
    pub fn new(action: &str, principal: &Principal, name: Option<String>, recorded_by: RecordedBy) -> Self {
        let (kind, id) = match principal {
            Principal::User(id) => ("user", id.to_string()),
            Principal::Key(id) => ("key", id.to_string()),
            Principal::Oidc { subject, .. } => ("oidc", subject.clone()),
            Principal::Token(id) => ("token", id.to_string()),
            Principal::System(name) => ("system", (*name).to_owned()),
            Principal::Anonymous => ("user", "anonymous".to_owned()),
        };
        Self {
            action: action.to_owned(),
            actor: Actor { kind: kind.to_owned(), id, name },
            recorded_by,
            resource: None,
            severity: Severity::Info,
            outcome: Outcome::Success,
            before: None,
            after: None,
            metadata: None,
        }
    }

    pub(crate) fn on(mut self, kind: &str, id: impl std::fmt::Display, name: Option<&str>) -> Self {
        self.resource =
            Some(Resource { kind: kind.to_owned(), id: id.to_string(), name: name.map(str::to_owned) });
        self
    }

    pub(crate) fn failed(mut self) -> Self {
        self.outcome = Outcome::Failure;
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(crate) fn before(mut self, before: serde_json::Value) -> Self {
        self.before = Some(before);
        self
    }

    pub(crate) fn after(mut self, after: serde_json::Value) -> Self {
        self.after = Some(after);
        self
    }

    pub(crate) fn metadata(mut self, metadata: serde_json::Value) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

/// Writes into the transaction of the change, as the app role in its own tenant or as the system.
pub(crate) async fn write(
    connection: &mut Connection,
    tenant: TenantId,
    change: &Change,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    write_once(connection, tenant, new_id(now), change, now).await
}

/// The same under an id that says which change it is: written again, by whoever cannot know whether it
/// was, it stays one entry.
pub(crate) async fn write_once(
    connection: &mut Connection,
    tenant: TenantId,
    id: Uuid,
    change: &Change,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_outbox (tenant_id, id, created_at, change) VALUES ($1, $2, $3, $4::text::json)
         ON CONFLICT DO NOTHING",
    )
    .bind(tenant.0)
    .bind(id)
    .bind(now)
    .bind(json_text(change)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Several, in their order, by one statement.
pub(crate) async fn write_all(
    connection: &mut Connection,
    tenant: TenantId,
    changes: &[Change],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_outbox (tenant_id, id, created_at, change)
         SELECT $1, id, $3, change::json FROM unnest($2::uuid[], $4::text[]) AS new (id, change)",
    )
    .bind(tenant.0)
    .bind(changes.iter().map(|_| new_id(now)).collect::<Vec<_>>())
    .bind(now)
    .bind(changes.iter().map(json_text).collect::<Result<Vec<_>, _>>()?)
    .execute(connection)
    .await?;
    Ok(())
}

/// JSON as text, to be cast: a parameter of a JSON type goes by way of jsonb, which refuses \u0000.
pub(crate) fn json_text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unexpected(Box::new(error)))
}

/// A row, to become an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    pub id: Uuid,
    /// The entry's `occurred_at`.
    pub created_at: DateTime<Utc>,
    pub change: Change,
}

/// A row that is no change that this version knows: a later version wrote it, or somebody by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    pub id: Uuid,
    /// As it lies there.
    pub json: String,
    /// Line and column at which it stops being a change. Never what stands there.
    pub at: (usize, usize),
}

/// What waits for one tenant's log. One row that cannot be read does not hold up the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waiting {
    pub rows: Vec<OutboxRow>,
    pub broken: Vec<BrokenRow>,
}

/// At most `limit` tenants that have something waiting, the longest waiting first.
pub async fn pending_tenants(store: &Store, limit: u16) -> Result<Vec<TenantId>, StoreError> {
    let mut tx = store.system_tx().await?;
    let tenants = sqlx::query_scalar::<_, Uuid>(
        "SELECT tenant_id FROM audit_outbox GROUP BY tenant_id ORDER BY min(created_at) LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(tenants.into_iter().map(TenantId).collect())
}

/// How many rows wait, and since when the oldest does: the lag that `/readyz` and metrics show.
pub async fn waiting(store: &Store) -> Result<(u64, Option<DateTime<Utc>>), StoreError> {
    let mut tx = store.system_tx().await?;
    let row = sqlx::query("SELECT count(*) AS rows, min(created_at) AS oldest FROM audit_outbox")
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    let rows: i64 = row.try_get("rows")?;
    Ok((u64::try_from(rows).unwrap_or(0), row.try_get("oldest")?))
}

/// The oldest rows of the scope's tenant, in the order of the changes.
pub async fn read(store: &Store, scope: &Scope, limit: u16) -> Result<Waiting, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let rows = sqlx::query(
        "SELECT id, created_at, change::text AS change FROM audit_outbox WHERE tenant_id = $1 ORDER BY id LIMIT $2",
    )
    .bind(scope.tenant().0)
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let mut waiting = Waiting::default();
    for row in &rows {
        match decode(row)? {
            Ok(row) => waiting.rows.push(row),
            Err(broken) => waiting.broken.push(broken),
        }
    }
    Ok(waiting)
}

fn decode(row: &PgRow) -> Result<Result<OutboxRow, BrokenRow>, StoreError> {
    let (id, json): (Uuid, String) = (row.try_get("id")?, row.try_get("change")?);
    Ok(match serde_json::from_str(&json) {
        Ok(change) => Ok(OutboxRow { id, created_at: row.try_get("created_at")?, change }),
        Err(error) => Err(BrokenRow { id, json, at: (error.line(), error.column()) }),
    })
}

/// Deletes rows whose entries are durable. Those that another server deleted meanwhile are fine.
pub async fn delete(store: &Store, scope: &Scope, ids: &[Uuid]) -> Result<(), StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    sqlx::query("DELETE FROM audit_outbox WHERE tenant_id = $1 AND id = ANY($2)")
        .bind(scope.tenant().0)
        .bind(ids)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}
