//! The tenant's HMAC key: by it an event is known again without keeping what it said.
//!
//! `HMAC-SHA-256(key, label ‖ bytes)[..16]`, label 0x01 for `source format ‖ 0x00 ‖ event id`, 0x02
//! for the canonical form of a masked event, 0x03 for a quarantined item, 0x04 for the id of a change
//! of our own, so that no id that a client sends is ever taken for one of those, 0x05 for `u64be(index)
//! ‖ idempotency key` of an item of a request. Final: what was
//! written is looked up by them. The key is 32 random bytes, made with the tenant's first event and
//! sealed by the keys port: whoever has only the database can try no values against it.

use std::sync::Arc;

use custody_auth::Scope;
use custody_domain::TenantId;
use custody_keys::{Keys, Zeroizing};
use custody_store::{
    Store,
    tenant_keys::{self, TenantKeyPurpose},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::LedgerError;

const PURPOSE: TenantKeyPurpose = TenantKeyPurpose::EventKeys;
/// Keys held open at once, 32 bytes each.
const TENANTS_MAX: u64 = 10_000;

type Key = Arc<Zeroizing<[u8; 32]>>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Label {
    EventId = 1,
    Source = 2,
    Quarantined = 3,
    OwnChange = 4,
    RequestItem = 5,
}

/// The tenants' keys that were used lately.
#[derive(Clone, Debug)]
pub(crate) struct TenantKeys(moka::future::Cache<TenantId, Key>);

impl TenantKeys {
    pub(crate) fn new() -> Self {
        Self(moka::future::Cache::new(TENANTS_MAX))
    }

    pub(crate) async fn get(&self, store: &Store, keys: &Keys, scope: &Scope) -> Result<Key, LedgerError> {
        // A key never changes, so nothing here grows old.
        if let Some(key) = self.0.get(&scope.tenant()).await {
            return Ok(key);
        }
        let key = open_or_create(store, keys, scope).await?;
        self.0.insert(scope.tenant(), Arc::clone(&key)).await;
        Ok(key)
    }
}

async fn open_or_create(store: &Store, keys: &Keys, scope: &Scope) -> Result<Key, LedgerError> {
    // Sealed for this tenant: a row moved to another does not open.
    let purpose = format!("tenant_keys/{}/{}", PURPOSE.as_str(), scope.tenant());
    let mut tx = store.tenant_tx(scope).await?;
    let found = tenant_keys::find(&mut tx, PURPOSE).await?;
    tx.commit().await?;
    let sealed = if let Some(sealed) = found {
        sealed
    } else {
        let fresh = Zeroizing::new(rand::random::<[u8; 32]>());
        let sealed = keys.seal(&purpose, fresh.as_slice()).await?;
        let mut tx = store.tenant_tx(scope).await?;
        let kept = tenant_keys::keep_first(&mut tx, PURPOSE, &sealed).await?;
        tx.commit().await?;
        kept
    };
    let opened = keys.open(&purpose, &sealed).await?;
    let key = <[u8; 32]>::try_from(opened.as_slice())
        .map_err(|_| custody_keys::KeyError::Malformed("a tenant's key is not 32 bytes"))?;
    Ok(Arc::new(Zeroizing::new(key)))
}

pub(crate) fn hmac16(key: &Key, label: Label, bytes: &[u8]) -> [u8; 16] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("any length is a key");
    mac.update(&[label as u8]);
    mac.update(bytes);
    let mut short = [0; 16];
    short.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    short
}
