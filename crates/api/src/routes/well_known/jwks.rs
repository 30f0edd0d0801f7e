//! `GET /.well-known/jwks.json`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::{JwkSet, op};
use http::{HeaderValue, header};
use utoipa::ToSchema;

use crate::{App, permit::Open, problem::Problem};

/// Shorter than a retired key still verifies.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A set of public keys (RFC 7517).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) struct KeySet {
    keys: Vec<PublicKey>,
}

/// An Ed25519 key (RFC 8037).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) struct PublicKey {
    #[schema(example = "OKP")]
    kty: String,
    #[schema(example = "Ed25519")]
    crv: String,
    x: String,
    /// JWK thumbprint (RFC 7638).
    kid: String,
    r#use: String,
    alg: String,
}

/// Get the signing keys
///
/// The keys that verify the access tokens and issued tokens of this installation.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "getSigningKeys", tag = "auth",
    responses((status = 200, description = "The public keys.", body = KeySet))
)]
pub(crate) async fn get_signing_keys(
    _: Open<op::GetSigningKeys>,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let keys: JwkSet = app.authenticator.jwks(app.now()).await?;
    Ok(([(header::CACHE_CONTROL, CACHE)], Json(keys)).into_response())
}
