//! The keys of a tenant's events, made with its HMAC key: by them an event is known again without
//! keeping what it said.
//!
//! `HMAC-SHA-256(key, label ‖ bytes)[..16]`, label 0x01 for `source format ‖ 0x00 ‖ event id`, 0x02
//! for the canonical form of a masked event, 0x03 for a quarantined item, 0x04 for the id of a change
//! of our own, so that no id that a client sends is ever taken for one of those, 0x05 for `u64be(index)
//! ‖ idempotency key` of an item of a request. A quarantined item's id goes under 0x01, in the place of
//! an event id of the format `custody.quarantine`, which none is called. Final: what was written is
//! looked up by them. The key is 32 random bytes, made with the tenant's first event and
//! sealed by the keys port: whoever has only the database can try no values against it.

use custody_auth::Scope;
use custody_domain::TenantId;
use custody_keys::{Keys, Zeroizing};
use custody_store::{
    Store,
    tenant_keys::{self, TenantKeyPurpose},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::{EventKey, EventKind, LedgerError};

const PURPOSE: TenantKeyPurpose = TenantKeyPurpose::EventKeys;
/// Tenants whose keys are held open at once, some 300 bytes each.
const TENANTS_MAX: u64 = 10_000;

/// Makes the keys of one tenant's events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventKeys {
    /// HMAC that was given the key: two blocks of SHA-256 that each event would otherwise cost anew.
    keyed: Hmac<Sha256>,
}

#[derive(Clone, Copy, Debug)]
enum Label {
    EventId = 1,
    Source = 2,
    Quarantined = 3,
    OwnChange = 4,
    RequestItem = 5,
}

impl EventKeys {
    fn new(key: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
        let keyed = Hmac::new_from_slice(key).expect("any length is a key");
        Self { keyed }
    }

    /// How an event with an id of its own is known again: by the id among those of its source
    /// format, so that nobody can take a CloudTrail event's id by an event of another kind.
    /// `canonical` is the masked event in canonical form: it leaves no trace but its HMAC.
    pub fn of_event(&self, (source_format, event_id): (&str, &str), canonical: &[u8]) -> EventKey {
        EventKey {
            kind: EventKind::Event,
            key16: self.hmac16(Label::EventId, &[source_format.as_bytes(), b"\0", event_id.as_bytes()]),
            fp16: self.hmac16(Label::Source, &[canonical]),
        }
    }

    /// How a change of our own is known again: by the id of its row, in a space of ids of its own. Its
    /// content does not count: a row is written once and never changes, and a later release may put
    /// it into other words between the append and the row's deletion.
    pub fn of_own_change(&self, change: Uuid) -> EventKey {
        EventKey {
            kind: EventKind::Event,
            key16: self.hmac16(Label::OwnChange, &[change.as_bytes()]),
            fp16: self.hmac16(Label::Source, &[change.as_bytes()]),
        }
    }

    /// How an item without an id of its own is known again when its request is repeated within 24
    /// hours: by the request's `Idempotency-Key` and the item's index in it, from 0. `canonical` as
    /// for [`EventKeys::of_event`].
    pub fn of_request_item(&self, idempotency_key: &str, index: u64, canonical: &[u8]) -> EventKey {
        EventKey {
            kind: EventKind::Request,
            key16: self.hmac16(Label::RequestItem, &[&index.to_be_bytes(), idempotency_key.as_bytes()]),
            fp16: self.hmac16(Label::Source, &[canonical]),
        }
    }

    /// How equal quarantined items are known again.
    pub fn of_quarantined(&self, bytes: &[u8]) -> [u8; 16] {
        self.hmac16(Label::Quarantined, &[bytes])
    }

    fn hmac16(&self, label: Label, parts: &[&[u8]]) -> [u8; 16] {
        let mut mac = self.keyed.clone();
        mac.update(&[label as u8]);
        for part in parts {
            mac.update(part);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        short
    }
}

/// Those of the tenants that wrote lately.
#[derive(Clone, Debug)]
pub(crate) struct TenantKeys(moka::future::Cache<TenantId, EventKeys>);

impl TenantKeys {
    pub(crate) fn new() -> Self {
        Self(moka::future::Cache::new(TENANTS_MAX))
    }

    pub(crate) async fn get(
        &self,
        store: &Store,
        keys: &Keys,
        scope: &Scope,
    ) -> Result<EventKeys, LedgerError> {
        // A key never changes, so nothing here grows old.
        if let Some(made) = self.0.get(&scope.tenant()).await {
            return Ok(made);
        }
        let key = open_or_create(store, keys, scope).await?;
        let made = EventKeys::new(&key);
        self.0.insert(scope.tenant(), made.clone()).await;
        Ok(made)
    }
}

async fn open_or_create(
    store: &Store,
    keys: &Keys,
    scope: &Scope,
) -> Result<Zeroizing<[u8; 32]>, LedgerError> {
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
    Ok(Zeroizing::new(key))
}
