//! The only way into a handler that needs a credential: an extractor that names the operation.

use std::{marker::PhantomData, ops::Deref};

use axum::extract::{FromRef, FromRequestParts};
use custody_auth::{AuthError, Authenticated, Named, Origin, Refusal, Scope};
use http::{HeaderValue, header, request::Parts};

use crate::{
    app::Gate,
    middleware::{ClientAddress, Quotas},
    problem::{Kind, Problem},
};

/// The proof that the request's credential may do `O`, and the scope to do it in.
///
/// Taken from `Authorization: Bearer …`. Never from the query string, which ends up in the logs of
/// every proxy on the way.
#[derive(Debug)]
pub struct Permit<O> {
    scope: Scope,
    authenticated: Authenticated,
    operation: PhantomData<O>,
}

/// What became of a credential after its request.
#[derive(Debug)]
pub(crate) enum Standing {
    /// It may do the operation, within this scope as it is now.
    Good(Box<Scope>),
    /// That cannot be asked at the moment.
    Unknown,
    Expired,
    /// Revoked, or its tenant is suspended.
    Refused,
    /// It is good, and its role may not do the operation.
    Denied,
}

impl<O> Permit<O> {
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// How the credential stands for `O` at a later moment.
    pub(crate) async fn standing(&self, gate: &Gate) -> Standing
    where
        O: Named,
    {
        match gate.authenticator.still(&self.authenticated, (gate.clock)()).await {
            Ok(who) => match who.permit(O::OPERATION, self.scope.peer_ip()) {
                Ok(scope) => Standing::Good(Box::new(scope)),
                Err(_) => Standing::Denied,
            },
            Err(AuthError::Invalid(Refusal::Expired)) => Standing::Expired,
            Err(AuthError::Invalid(_)) => Standing::Refused,
            Err(AuthError::Directory(_)) => Standing::Unknown,
        }
    }

    /// Whose credential it is.
    pub(crate) fn authenticated(&self) -> &Authenticated {
        &self.authenticated
    }
}

impl<O> Deref for Permit<O> {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

impl<O, S> FromRequestParts<S> for Permit<O>
where
    O: Named,
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let gate = Gate::from_ref(state);
        let now = (gate.clock)();
        let authenticated = gate.authenticator.authenticate(bearer(parts)?, now).await.map_err(refused)?;
        Self::of(authenticated, parts, &gate)
    }
}

impl<O: Named> Permit<O> {
    fn of(authenticated: Authenticated, parts: &mut Parts, gate: &Gate) -> Result<Self, Problem> {
        let (tenant, principal) = (authenticated.tenant(), authenticated.principal().to_string());
        let span = tracing::Span::current();
        span.record("tenant.id", tracing::field::display(tenant));
        span.record("principal", &principal);
        // Whose memory the body is counted as.
        parts.extensions.insert(tenant);
        if let Some(quotas) = parts.extensions.get::<Quotas>() {
            quotas.draw(gate.limits.check(tenant, &principal))?;
        }
        let scope = authenticated.permit(O::OPERATION, client(parts)).map_err(|denied| {
            Problem::new(Kind::Forbidden, format!("{denied}.")).header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"custody\", error=\"insufficient_scope\""),
            )
        })?;
        Ok(Self { scope, authenticated, operation: PhantomData })
    }
}

/// The same for a WebSocket, which a browser can open with no header of its own: its credential may be
/// a ticket in the query string, which is good for one use and 30 s.
#[derive(Debug)]
pub(crate) struct TicketPermit<O>(pub(crate) Permit<O>);

impl<O, S> FromRequestParts<S> for TicketPermit<O>
where
    O: Named,
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let Some((_, ticket)) = pairs.find(|(name, _)| name == "ticket") else {
            return Permit::from_request_parts(parts, state).await.map(Self);
        };
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return Err(missing());
        }
        let gate = Gate::from_ref(state);
        let redeemed = gate.authenticator.redeem(&ticket, (gate.clock)()).await;
        let authenticated = redeemed.map_err(refused)?;
        Permit::of(authenticated, parts, &gate).map(Self)
    }
}

/// For operations that check a secret of their own: which one, and from where.
#[derive(Debug)]
pub(crate) struct Open<O> {
    pub(crate) origin: Origin,
    operation: PhantomData<O>,
}

impl<O: Named, S: Send + Sync> FromRequestParts<S> for Open<O> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let origin = Origin { operation: O::OPERATION, peer_ip: client(parts) };
        Ok(Self { origin, operation: PhantomData })
    }
}

fn client(parts: &Parts) -> Option<std::net::IpAddr> {
    parts.extensions.get::<ClientAddress>().and_then(|client| client.0)
}

/// RFC 6750, section 2.1. Two of them are refused: a proxy and we might each believe another one.
fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(missing());
    };
    let (scheme, credential) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(missing)?;
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() {
        return Err(missing());
    }
    Ok(credential)
}

fn missing() -> Problem {
    Problem::new(Kind::Unauthenticated, "Send one credential: `Authorization: Bearer <token or API key>`.")
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"custody\""))
}

/// One text for whatever is wrong with it: the reason is for our own log.
fn refused(error: AuthError) -> Problem {
    match error {
        AuthError::Invalid(reason) => {
            let challenge = "Bearer realm=\"custody\", error=\"invalid_token\"";
            Problem::new(Kind::Unauthenticated, "The credential is not valid, or not any more.")
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
                .caused_by(reason)
        }
        AuthError::Directory(error) => error.into(),
    }
}

#[cfg(test)]
mod tests;
