//! What is told of an export in the tenant's log (`custody.log.exported`, `custody.log.export_ended`).

use custody_store::{Store, StoreError, TenantTx, exports, exports::Ended};
use serde_json::{Value, json};

use crate::{Manifest, Request};

/// That it begins, in a transaction that is committed before its first byte.
pub async fn begun(tx: &mut TenantTx, request: &Request) -> Result<(), StoreError> {
    exports::begun(tx, &request.scope, request.id, of_request(request)).await
}

/// That it was written to its end, …
pub async fn whole(store: &Store, request: &Request, manifest: &Manifest) -> Result<(), StoreError> {
    exports::ended(store, &request.scope, request.id, Ended::Whole, of_manifest(manifest)).await
}

/// … or was not: so many bytes of it were handed on.
pub async fn cut_off(store: &Store, request: &Request, bytes: u64) -> Result<(), StoreError> {
    let details = json!({"format": request.format, "bytes": bytes});
    exports::ended(store, &request.scope, request.id, Ended::CutOff, details).await
}

fn of_request(request: &Request) -> Value {
    json!({
        "format": request.format,
        "compression": request.compression,
        "query": request.query,
        "tree_size": (!request.asked.is_restricted()).then_some(request.head.size),
    })
}

pub(crate) fn of_manifest(manifest: &Manifest) -> Value {
    json!({
        "format": manifest.format,
        "entries": manifest.entries,
        "first_seq": manifest.first_seq,
        "last_seq": manifest.last_seq,
        "bytes": manifest.bytes,
        "sha256": manifest.sha256,
    })
}
