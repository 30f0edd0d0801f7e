//! The table `mask_policies`. The policy is JSON whose meaning is ingest's; here it is kept.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::Severity;
use serde_json::Value;
use sqlx::{Row as _, types::Json};

use crate::{
    Store, StoreError, TenantTx,
    audit_outbox::{self, Change},
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredMaskPolicy {
    /// A JSON object.
    pub policy: Value,
    pub updated_at: DateTime<Utc>,
    /// The principal.
    pub updated_by: String,
}

/// The scope's tenant's own policy; none where the defaults are in force.
pub async fn get(store: &Store, scope: &Scope) -> Result<Option<StoredMaskPolicy>, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let found = find(&mut tx).await?;
    tx.commit().await?;
    Ok(found)
}

async fn find(tx: &mut TenantTx) -> Result<Option<StoredMaskPolicy>, StoreError> {
    let tenant = tx.tenant();
    let row = sqlx::query("SELECT policy, updated_at, updated_by FROM mask_policies WHERE tenant_id = $1")
        .bind(tenant.0)
        .fetch_optional(tx.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let Json(policy) = row.try_get("policy")?;
    Ok(Some(StoredMaskPolicy {
        policy,
        updated_at: row.try_get("updated_at")?,
        updated_by: row.try_get("updated_by")?,
    }))
}

/// Replaces it. `policy` has been checked, and is an object.
pub async fn set(
    store: &Store,
    scope: &Scope,
    policy: Value,
    now: DateTime<Utc>,
) -> Result<StoredMaskPolicy, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let before = find(&mut tx).await?;
    let stored = StoredMaskPolicy { policy, updated_at: now, updated_by: scope.principal().to_string() };
    sqlx::query(
        "INSERT INTO mask_policies (tenant_id, policy, updated_at, updated_by) VALUES ($1, $2::text::json, $3, $4)
         ON CONFLICT (tenant_id) DO UPDATE
         SET policy = excluded.policy, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
    )
    .bind(scope.tenant().0)
    .bind(audit_outbox::json_text(&stored.policy)?)
    .bind(now)
    .bind(&stored.updated_by)
    .execute(tx.connection())
    .await?;
    let mut change = Change::by(scope, "custody.mask_policy.updated")
        .on("mask_policy", scope.tenant(), None)
        .severity(Severity::Warning)
        .after(stored.policy.clone());
    if let Some(before) = before {
        change = change.before(before.policy);
    }
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    tx.commit().await?;
    Ok(stored)
}
