//! What was done with an item, for the tenant's own log: written in the transaction that does it.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{EntryId, Severity};
use serde_json::{Value, json};

use super::Item;
use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
};

/// The entry that an item became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    pub id: EntryId,
    pub seq: u64,
    /// The entry was there already.
    pub known: bool,
    /// It was made from another text than the one that lay there.
    pub corrected: bool,
}

pub async fn replayed(
    tx: &mut TenantTx,
    scope: &Scope,
    item: &Item,
    entry: Replayed,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Replayed { id, seq, known, corrected } = entry;
    let metadata = json!({"entry": {"id": id, "seq": seq, "known": known}, "corrected": corrected});
    write(tx, scope, "custody.quarantine.replayed", Severity::Info, item, metadata, now).await
}

/// Dropped, what was sent is gone: the one way in which something that was received is not kept.
pub async fn dropped(
    tx: &mut TenantTx,
    scope: &Scope,
    item: &Item,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    write(tx, scope, "custody.quarantine.dropped", Severity::Warning, item, json!({}), now).await
}

/// Somebody is about to read what an item says.
pub async fn shown(
    tx: &mut TenantTx,
    scope: &Scope,
    item: &Item,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    write(tx, scope, "custody.quarantine.shown", Severity::Info, item, json!({}), now).await
}

async fn write(
    tx: &mut TenantTx,
    scope: &Scope,
    action: &str,
    severity: Severity,
    item: &Item,
    mut metadata: Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    metadata["reason"] = item.reason.clone().into();
    metadata["source_format"] = item.source_format.clone().into();
    metadata["size_bytes"] = item.sent_bytes.unwrap_or(item.size_bytes).into();
    metadata["received_at"] = json!(item.received_at);
    metadata["times"] = item.times.into();
    metadata["sent_by"] = item.recorded_by.get("principal").cloned().unwrap_or_default();
    let change =
        Change::by(scope, action).on("quarantined_item", item.id, None).severity(severity).metadata(metadata);
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await
}
