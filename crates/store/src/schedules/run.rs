//! A firing that a person asks for, beside the clock's.

use custody_auth::Scope;
use serde_json::json;

use super::{ASKS, Asks, ScheduleId, asks};
use crate::{
    Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
};

/// Begins a firing of one schedule of the scope's tenant that no due time counts for, and notes who asked
/// for it. [`StoreError::NotFound`] where there is no such schedule.
pub async fn run_now(
    store: &Store,
    scope: &Scope,
    name: &str,
) -> Result<(SystemTx, ScheduleId, Asks), StoreError> {
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {ASKS} FROM schedules WHERE tenant_id = $1 AND name = $2 FOR UPDATE"
    )))
    .bind(scope.tenant().0)
    .bind(name)
    .fetch_one(tx.connection())
    .await?;
    let change = Change::by(scope, "custody.schedule.run").on("schedule", name, None).after(json!({}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    let id = ScheduleId { tenant: scope.tenant(), name: name.to_owned() };
    Ok((tx, id, asks(&row)?))
}
