//! Addresses under which one file can be fetched without a credential, for a few minutes: our own, where
//! the objects' store has none.
//!
//! A token is `sealed(tenant ‖ job ‖ when it ends) ‖ name`, the name bound to what is sealed: nobody can
//! make one, change one, or learn from one whose it is.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_keys::Opaque;
use uuid::Uuid;

const CLAIMS_LEN: usize = 16 + 16 + 8;
/// Version, salt, nonce, claims, tag ([`Opaque`]).
const SEALED_LEN: usize = 1 + 12 + 12 + CLAIMS_LEN + 16;

/// Makes and reads them. Servers of one installation share the secret.
#[derive(Clone, Debug)]
pub struct FileLinks {
    opaque: Opaque,
    authority: SystemAuthority,
}

/// What a token stands for.
#[derive(Debug)]
pub(crate) struct Linked {
    pub(crate) scope: Scope,
    pub(crate) job: Uuid,
    pub(crate) name: String,
}

impl FileLinks {
    /// `authority` stands for whoever asked for the link and was allowed to.
    pub fn new(secret: [u8; 32], authority: SystemAuthority) -> Self {
        Self { opaque: Opaque::new(secret, "custody file link"), authority }
    }

    pub(crate) fn seal(&self, scope: &Scope, job: Uuid, name: &str, expires_at: DateTime<Utc>) -> String {
        let mut claims = [0; CLAIMS_LEN];
        claims[..16].copy_from_slice(scope.tenant().0.as_bytes());
        claims[16..32].copy_from_slice(job.as_bytes());
        claims[32..].copy_from_slice(&expires_at.timestamp_micros().to_be_bytes());
        let sealed = self.opaque.seal(&claims, name.as_bytes());
        URL_SAFE_NO_PAD.encode([&sealed, name.as_bytes()].concat())
    }

    /// None for what was not sealed here, was changed, or has ended.
    pub(crate) fn open(&self, token: &str, now: DateTime<Utc>) -> Option<Linked> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (sealed, name) = bytes.split_at_checked(SEALED_LEN)?;
        let claims: [u8; CLAIMS_LEN] = self.opaque.open(sealed, name).ok()?;
        let (tenant, rest) = claims.split_first_chunk::<16>()?;
        let (job, expires_at) = rest.split_first_chunk::<16>()?;
        let expires_at = DateTime::from_timestamp_micros(i64::from_be_bytes(expires_at.try_into().ok()?))?;
        (now < expires_at).then(|| Linked {
            scope: self.authority.scope(TenantId(Uuid::from_bytes(*tenant)), "file link"),
            job: Uuid::from_bytes(*job),
            name: String::from_utf8_lossy(name).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_link_is_good_for_one_file_until_it_ends_and_nobody_else_makes_one() {
        let authority = SystemAuthority::assume();
        let links = FileLinks::new([7; 32], authority.clone());
        let (tenant, job) = (TenantId(Uuid::from_u128(1)), Uuid::from_u128(2));
        let scope = authority.scope(tenant, "test");
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let token = links.seal(&scope, job, "a.csv", now + TimeDelta::minutes(5));
        let linked = links.open(&token, now).unwrap();
        assert_eq!((linked.scope.tenant(), linked.job, linked.name.as_str()), (tenant, job, "a.csv"));
        assert!(links.open(&token, now + TimeDelta::minutes(5)).is_none(), "it has ended");
        assert!(FileLinks::new([8; 32], authority).open(&token, now).is_none(), "another installation");
        let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(links.open(&URL_SAFE_NO_PAD.encode(&bytes), now).is_none(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(links.open("", now).is_none() && links.open(&token[..token.len() - 2], now).is_none());
        assert!(!bytes.windows(16).any(|part| part == tenant.0.as_bytes() || part == job.as_bytes()));
    }
}
