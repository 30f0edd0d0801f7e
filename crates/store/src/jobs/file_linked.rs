//! That somebody was given the address of a job's file.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit_outbox::{self, Change},
};

/// Written before the address is answered.
pub async fn file_linked(
    store: &Store,
    scope: &Scope,
    job: Uuid,
    name: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let change = Change::by(scope, "custody.job.file_linked").on("job", job, None);
    let change = change.metadata(json!({"file": name, "expires_at": expires_at}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await?;
    tx.commit().await
}
