//! A new key for the log (`custody keys rotate-log`).

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::{Scope, SystemAuthority};
use custody_keys::Keys;
use custody_store::{Store, log_keys};

use super::keys::generate;
use crate::LedgerError;

/// The new key's public half; each log shows it under its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotatedKey {
    pub public_key: [u8; 32],
}

/// In lower-case hex.
impl fmt::Display for RotatedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.public_key))
    }
}

/// Makes a new key that signs the next checkpoints. The ones before it sign beside it for `cosign`:
/// zero where one was stolen.
pub async fn rotate_log_key(
    store: &Store,
    keys: &Keys,
    scope: &Scope,
    authority: &SystemAuthority,
    cosign: TimeDelta,
    now: DateTime<Utc>,
) -> Result<RotatedKey, LedgerError> {
    let key = generate(keys).await?;
    log_keys::rotate(store, scope, authority, &key, cosign, now).await?;
    Ok(RotatedKey { public_key: key.public_key })
}
