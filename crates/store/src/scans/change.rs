//! What people may change of a scan: how it is called.

use custody_auth::Scope;
use custody_domain::ScanId;
use serde_json::{Value, json};

use super::{Scan, list};
use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
};

/// None: as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub name: Option<String>,
    /// A JSON object of texts.
    pub tags: Option<String>,
}

/// As it is then. Where nothing differs nothing is written, and nothing told.
pub async fn update(
    tx: &mut TenantTx,
    scope: &Scope,
    id: ScanId,
    changes: &Changes,
) -> Result<Scan, StoreError> {
    let before = list::lock(tx, id).await?;
    let name = changes.name.as_ref().unwrap_or(&before.name);
    let tags = changes.tags.as_ref().unwrap_or(&before.tags);
    if (name, tags) == (&before.name, &before.tags) {
        return Ok(before);
    }
    sqlx::query(
        "UPDATE scans SET name = $3, tags = $4, version = version + 1, updated_at = clock_timestamp()
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .bind(name)
    .bind(tags)
    .execute(tx.connection())
    .await?;
    let told = |name: &str, tags: &str| json!({"name": name, "tags": serde_json::from_str::<Value>(tags).unwrap_or_default()});
    let change = Change::by(scope, "custody.scan.updated")
        .on("scan", id, Some(name))
        .before(told(&before.name, &before.tags))
        .after(told(name, tags));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    tx.jobs_changed();
    list::get(tx, id).await
}

/// Somebody takes a copy of its findings: told before the first byte. [`StoreError::NotFound`] where it is
/// none of the tenant's.
pub async fn exported(tx: &mut TenantTx, scope: &Scope, id: ScanId, form: &str) -> Result<(), StoreError> {
    taken(tx, scope, id, "custody.scan.exported", form).await
}

/// Somebody is given its report: told before the first byte, as [`exported`].
pub async fn reported(tx: &mut TenantTx, scope: &Scope, id: ScanId, form: &str) -> Result<(), StoreError> {
    taken(tx, scope, id, "custody.scan.reported", form).await
}

async fn taken(
    tx: &mut TenantTx,
    scope: &Scope,
    id: ScanId,
    action: &'static str,
    form: &str,
) -> Result<(), StoreError> {
    let scan = list::get(tx, id).await?;
    let change = Change::by(scope, action)
        .on("scan", id, Some(&scan.name))
        .metadata(json!({"format": form, "account": scan.account}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await
}
