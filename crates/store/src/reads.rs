//! Reads that are in the tenant's log before their first byte is sent. (Others are told within a second,
//! by the ingest crate.)

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use serde_json::json;

use crate::{
    Store, StoreError,
    audit_outbox::{self, Change},
};

/// Entries as they lie in the log, from one `seq` to before another or to its end.
pub async fn copied(
    store: &Store,
    scope: &Scope,
    from: u64,
    to: Option<u64>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let change = Change::by(scope, "custody.log.copied").metadata(json!({"from": from, "to": to}));
    let mut tx = store.tenant_tx(scope).await?;
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    tx.commit().await
}
