//! Verifying a JWT of one issuer: ours, or one from outside that was configured.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use custody_domain::TenantId;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Refusal, Role};

/// Longer than any token that we make or would take.
const TOKEN_MAX_BYTES: usize = 8 * 1024;
/// Clocks of issuers differ, and those of two servers of ours: RFC 7519, section 4.1.5, speaks of "some
/// small leeway, usually no more than a few minutes". For `nbf` alone, an expired token gets no grace.
const EARLY_MAX: TimeDelta = TimeDelta::minutes(2);

/// An outside issuer whose tokens are accepted.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The exact `iss`.
    pub iss: String,
    /// What `aud` must be or contain.
    pub aud: String,
    pub keys: Vec<IssuerKey>,
    pub mapping: Mapping,
}

/// One key of an outside issuer. The algorithm belongs to the key, never to the token.
#[derive(Clone, Debug)]
pub struct IssuerKey {
    pub kid: String,
    pub public_key: [u8; 32],
}

/// From an outside token's claims to a tenant and a role.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The one tenant that this issuer speaks for.
    pub tenant: TenantId,
    /// The claim that holds a role's name, or an array of such.
    pub role_claim: String,
    /// Their names for our roles. A name that is not here gives nothing; of several, the first in
    /// the order of [`Role::ALL`] counts.
    pub roles: BTreeMap<String, Role>,
}

impl Mapping {
    pub(crate) fn role(&self, claims: &serde_json::Map<String, serde_json::Value>) -> Option<Role> {
        let claim = claims.get(&self.role_claim)?;
        let names = claim.as_array().map_or(std::slice::from_ref(claim), Vec::as_slice);
        let given: Vec<Role> =
            names.iter().filter_map(|name| self.roles.get(name.as_str()?).copied()).collect();
        Role::ALL.into_iter().find(|role| given.contains(role))
    }
}

/// What a token says of itself before it is verified: only good for finding the key.
#[derive(Debug)]
pub(crate) struct Unverified {
    pub(crate) kid: String,
    pub(crate) iss: String,
}

/// Reads the header and the `iss`. Refuses every algorithm but `EdDSA` and every header that asks
/// for something that we do not do.
pub(crate) fn peek(token: &str) -> Result<Unverified, Refusal> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
        kid: Option<String>,
        typ: Option<String>,
        crit: Option<serde_json::Value>,
    }
    #[derive(Deserialize)]
    struct Body {
        iss: String,
    }
    if token.len() > TOKEN_MAX_BYTES {
        return Err(Refusal::Malformed);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(body), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::Malformed);
    };
    let header: Header = part(header)?;
    if header.alg != "EdDSA" {
        return Err(Refusal::Algorithm);
    }
    let typ_is_known =
        header.typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("at+jwt"));
    // `crit` names extensions that must be understood (RFC 7515, 4.1.11); we understand none.
    if header.crit.is_some() || !typ_is_known {
        return Err(Refusal::Malformed);
    }
    Ok(Unverified { kid: header.kid.ok_or(Refusal::UnknownKey)?, iss: part::<Body>(body)?.iss })
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)
}

/// Verifies the signature, `iss`, `aud`, `exp` and `nbf`, and gives the claims.
pub(crate) fn verify<T: DeserializeOwned>(
    token: &str,
    public_key: &[u8; 32],
    iss: &str,
    aud: &str,
    now: DateTime<Utc>,
) -> Result<T, Refusal> {
    #[derive(Deserialize)]
    struct Times {
        exp: i64,
        nbf: Option<i64>,
    }
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[iss]);
    validation.set_audience(&[aud]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // By the clock that was handed in, below.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let key = DecodingKey::from_ed_der(public_key);
    let claims = jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation)
        .map_err(|error| Refusal::from(error.kind()))?
        .claims;
    let times = Times::deserialize(&claims).map_err(|_| Refusal::Malformed)?;
    in_time(times.exp, times.nbf, now)?;
    serde_json::from_value(claims).map_err(|_| Refusal::Malformed)
}

/// Whether a token with these times is good at `now`.
pub(crate) fn in_time(exp: i64, nbf: Option<i64>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if exp <= now.timestamp() {
        return Err(Refusal::Expired);
    }
    let early = now.timestamp().saturating_add(EARLY_MAX.num_seconds());
    if nbf.is_some_and(|nbf| nbf > early) {
        return Err(Refusal::NotYetValid);
    }
    Ok(())
}
