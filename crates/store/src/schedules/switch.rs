//! Switching a schedule on and off.

use custody_auth::Scope;
use custody_domain::Severity;
use serde_json::json;

use crate::{
    Store, StoreError,
    audit_outbox::{self, Change},
};

/// One of the scope's tenant; [`StoreError::NotFound`] where it is none. Due times that pass while it is
/// off are not caught up.
pub async fn switch(store: &Store, scope: &Scope, name: &str, on: bool) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    let before: bool =
        sqlx::query_scalar("SELECT enabled FROM schedules WHERE tenant_id = $1 AND name = $2 FOR UPDATE")
            .bind(scope.tenant().0)
            .bind(name)
            .fetch_one(tx.connection())
            .await?;
    if before == on {
        return tx.rollback().await;
    }
    sqlx::query(
        "UPDATE schedules SET enabled = $3, next_at = NULL, updated_at = clock_timestamp()
         WHERE tenant_id = $1 AND name = $2",
    )
    .bind(scope.tenant().0)
    .bind(name)
    .bind(on)
    .execute(tx.connection())
    .await?;
    let action = if on { "custody.schedule.enabled" } else { "custody.schedule.disabled" };
    let change = Change::by(scope, action)
        .on("schedule", name, None)
        .severity(Severity::Warning)
        .before(json!({"enabled": before}))
        .after(json!({"enabled": on}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    tx.schedules_changed();
    tx.commit().await
}
