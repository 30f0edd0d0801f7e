//! What the tenant's log is told of exports: that one begins, before its first byte, and what it came to.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Store, StoreError, TenantTx,
    audit_outbox::{self, Change},
};

/// The kind of the entry's resource.
const EXPORT: &str = "export";

/// How an export ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Whole,
    /// Its reader went away, or it failed.
    CutOff,
}

/// That somebody exports, in the transaction of what asks for it. `details` say what: format, query.
pub async fn begun(tx: &mut TenantTx, scope: &Scope, id: Uuid, details: Value) -> Result<(), StoreError> {
    let change = Change::by(scope, "custody.log.exported").on(EXPORT, id, None).metadata(details);
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await
}

/// What the export of this id came to.
pub async fn ended(
    store: &Store,
    scope: &Scope,
    id: Uuid,
    ended: Ended,
    details: Value,
) -> Result<(), StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let change = change_of_end(scope, id, ended, details);
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await?;
    tx.commit().await
}

/// The same of one that may be told more than once: with the same details and time it is one entry.
pub async fn ended_once(
    tx: &mut TenantTx,
    scope: &Scope,
    id: Uuid,
    details: Value,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let change = change_of_end(scope, id, Ended::Whole, details);
    audit_outbox::write_once(tx.connection(), scope.tenant(), id, &change, at).await
}

fn change_of_end(scope: &Scope, id: Uuid, ended: Ended, details: Value) -> Change {
    let change = Change::by(scope, "custody.log.export_ended").on(EXPORT, id, None).metadata(details);
    match ended {
        Ended::Whole => change,
        Ended::CutOff => change.failed(),
    }
}
