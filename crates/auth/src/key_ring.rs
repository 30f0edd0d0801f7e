//! The signing keys that stand in the directory, with the private halves opened on demand.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use custody_keys::Keys;
use jsonwebtoken::EncodingKey;

use crate::{Directory, DirectoryError, Jwk, JwkSet, SigningKeyRecord, TokenError, fresh::Fresh, signing};

/// How old the list may be: a key that another server made signs here after that time.
const AGE_MAX: TimeDelta = TimeDelta::seconds(5);
/// A token names a key that is not in the list: perhaps another server has just made it. Asked
/// again at most once in this time, so that invented names cost nothing.
const AGE_MAX_ON_UNKNOWN: TimeDelta = TimeDelta::seconds(1);

type Opened = Option<(String, Arc<EncodingKey>)>;

/// Our own keys, shared by what verifies and what signs.
#[derive(Debug)]
pub struct KeyRing {
    directory: Arc<dyn Directory>,
    list: Fresh<(), Arc<Vec<SigningKeyRecord>>>,
    /// The key that signed last, so that the keys port is asked once per key.
    opened: RwLock<Opened>,
}

impl KeyRing {
    pub(crate) fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory, list: Fresh::new(1), opened: RwLock::new(None) }
    }

    async fn list(
        &self,
        now: DateTime<Utc>,
        age_max: TimeDelta,
    ) -> Result<Arc<Vec<SigningKeyRecord>>, DirectoryError> {
        let ask = async { self.directory.signing_keys().await.map(Arc::new) };
        self.list.get((), now, age_max, ask).await
    }

    pub(crate) fn forget(&self) {
        self.list.forget();
    }

    /// The public key of that name, while tokens signed with it are good.
    pub(crate) async fn verifying(
        &self,
        kid: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<[u8; 32]>, DirectoryError> {
        for age_max in [AGE_MAX, AGE_MAX_ON_UNKNOWN] {
            let list = self.list(now, age_max).await?;
            if let Some(key) = list.iter().find(|key| key.kid == kid) {
                return Ok(verifies(key, now).then_some(key.public_key));
            }
        }
        Ok(None)
    }

    /// What other programs need to verify our tokens (RFC 7517).
    pub async fn jwks(&self, now: DateTime<Utc>) -> Result<JwkSet, DirectoryError> {
        let list = self.list(now, AGE_MAX).await?;
        let mut good: Vec<_> = list.iter().filter(|key| verifies(key, now)).collect();
        good.sort_by_key(|key| std::cmp::Reverse(key.created_at));
        Ok(JwkSet { keys: good.into_iter().map(|key| Jwk::new(&key.kid, &key.public_key)).collect() })
    }

    /// The newest key that is not retired, and its name.
    pub(crate) async fn signing(
        &self,
        keys: &Keys,
        now: DateTime<Utc>,
    ) -> Result<(String, Arc<EncodingKey>), TokenError> {
        let list = self.list(now, AGE_MAX).await?;
        let current = list
            .iter()
            .filter(|key| key.retired_at.is_none())
            .max_by_key(|key| key.created_at)
            .ok_or(TokenError::NoKey)?;
        let opened = |held: &Opened| held.clone().filter(|(kid, _)| *kid == current.kid);
        let held = opened(&self.opened.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(held) = held {
            return Ok(held);
        }
        let seed = keys.open(signing::PURPOSE, &current.sealed_seed).await?;
        let seed = <&[u8; 32]>::try_from(seed.as_slice()).map_err(|_| TokenError::BadKey)?;
        // A seed that does not fit the published key would sign tokens that nobody can verify.
        if signing::public_key(seed) != current.public_key {
            return Err(TokenError::BadKey);
        }
        let pair = (current.kid.clone(), Arc::new(signing::encoding_key(seed)?));
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(pair.clone());
        Ok(pair)
    }
}

fn verifies(key: &SigningKeyRecord, now: DateTime<Utc>) -> bool {
    key.retired_at.is_none() || now < key.verifies_until
}
