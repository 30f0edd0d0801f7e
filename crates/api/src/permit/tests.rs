#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::sync::Arc;

use async_trait::async_trait;
use axum::{Router, body::Body, http::Request, response::Response, routing::get};
use chrono::{DateTime, Utc};
use custody_auth::{
    ApiKeyRecord, ApiKeyText, AuthConfig, Authenticator, Directory, DirectoryError, IssuedTokenRecord,
    LimitsConfig, Role, SecretHash, SessionRecord, SigningKeyRecord, TicketRecord, op,
};
use custody_domain::{KeyId, SessionId, TenantId, TokenId};
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::Permit;
use crate::{
    HttpConfig,
    app::{Edge, Gate},
    middleware::{KnownParameters, around_all, around_api},
};

/// Knows one API key, or is away.
#[derive(Debug)]
struct OneKey {
    key: ApiKeyText,
    role: Role,
    away: bool,
}

impl OneKey {
    fn answer<T>(&self, value: T) -> Result<T, DirectoryError> {
        if self.away {
            Err(DirectoryError::unavailable(std::io::Error::other("10.0.0.7 refused")))
        } else {
            Ok(value)
        }
    }
}

#[async_trait]
impl Directory for OneKey {
    async fn api_key(&self, prefix: &str) -> Result<Option<ApiKeyRecord>, DirectoryError> {
        self.answer((prefix == self.key.prefix()).then(|| ApiKeyRecord {
            id: KeyId(Uuid::from_u128(7)),
            name: "shop".to_owned(),
            tenant: TenantId(Uuid::from_u128(1)),
            role: self.role,
            secret_hash: self.key.secret_hash(),
            expires_at: None,
            revoked_at: None,
            tenant_suspended: false,
        }))
    }

    async fn session(&self, _: SessionId, _: TenantId) -> Result<Option<SessionRecord>, DirectoryError> {
        self.answer(None)
    }

    async fn issued_token(&self, _: TokenId) -> Result<Option<IssuedTokenRecord>, DirectoryError> {
        self.answer(None)
    }

    async fn tenant_is_live(&self, _: TenantId) -> Result<bool, DirectoryError> {
        self.answer(true)
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, DirectoryError> {
        self.answer(Vec::new())
    }

    async fn redeem_ticket(&self, _: &SecretHash) -> Result<Option<TicketRecord>, DirectoryError> {
        self.answer(None)
    }
}

fn gate(role: Role, away: bool) -> (Gate, Edge, ApiKeyText) {
    let key = ApiKeyText::generate();
    let config = AuthConfig { issuer: "custody.test".to_owned(), outside: Vec::new() };
    let directory = OneKey { key: key.clone(), role, away };
    let edge = Edge::new(HttpConfig::default(), &LimitsConfig::default());
    let gate = Gate {
        authenticator: Arc::new(Authenticator::new(config, Arc::new(directory))),
        limits: Arc::clone(&edge.limits),
        clock: || DateTime::<Utc>::from_timestamp(1_770_000_000, 0).unwrap(),
    };
    (gate, edge, key)
}

async fn ask(role: Role, away: bool, credential: impl Fn(&ApiKeyText) -> Vec<String>) -> Response {
    let (gate, edge, key) = gate(role, away);
    let shown = async |permit: Permit<op::ListEntries>| {
        format!("{} {} {} {}", permit.tenant(), permit.principal(), permit.role(), permit.via())
    };
    let api = Router::new().route("/logs", get(shown)).with_state(gate);
    let mut request = Request::get("/logs").header("x-request-id", "test-1");
    for value in credential(&key) {
        request = request.header(header::AUTHORIZATION, value);
    }
    let server = around_all(&edge, around_api(&edge, KnownParameters::default(), api));
    server.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn challenge(response: &Response) -> &str {
    response.headers().get(header::WWW_AUTHENTICATE).map_or("", |v| v.to_str().unwrap())
}

fn good(key: &ApiKeyText) -> Vec<String> {
    vec![format!("Bearer {}", key.reveal())]
}

#[tokio::test]
async fn a_good_key_becomes_a_scope_of_its_tenant_and_counts_against_its_limits() {
    let response = ask(Role::Auditor, false, good).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers()["ratelimit"].to_str().unwrap().starts_with("\"credential\";r="));
    let expected = format!(
        "{} key:{} auditor GET /api/v1/logs",
        TenantId(Uuid::from_u128(1)),
        KeyId(Uuid::from_u128(7)),
    );
    assert_eq!(text(response).await, expected);
    let response = ask(Role::Auditor, false, |key| vec![format!("bearer  {}", key.reveal())]).await;
    assert_eq!(response.status(), StatusCode::OK, "the scheme's name has no case (RFC 9110, 11.1)");
}

#[tokio::test]
async fn the_body_of_a_permitted_request_is_counted_as_its_tenants() {
    let (gate, edge, key) = gate(Role::Auditor, false);
    let whose = async |_: Permit<op::ListEntries>, request: axum::extract::Request| {
        request.extensions().get::<TenantId>().map(ToString::to_string).unwrap_or_default()
    };
    let api = Router::new().route("/logs", get(whose));
    let request = Request::get("/logs").header(header::AUTHORIZATION, good(&key).remove(0));
    let server = around_all(&edge, around_api(&edge, KnownParameters::default(), api.with_state(gate)));
    let response = server.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(text(response).await, TenantId(Uuid::from_u128(1)).to_string());
}

#[tokio::test]
async fn no_credential_and_a_bad_one_are_told_apart_and_nothing_else_is() {
    let none: [fn(&ApiKeyText) -> Vec<String>; 4] = [
        |_| vec![],
        |_| vec!["Basic dTpw".to_owned()],
        |_| vec!["Bearer ".to_owned()],
        |key| vec![good(key).remove(0), good(key).remove(0)],
    ];
    for credential in none {
        let response = ask(Role::Admin, false, credential).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenge(&response), "Bearer realm=\"custody\"");
    }
    let bad: [fn(&ApiKeyText) -> Vec<String>; 4] = [
        |_| vec!["Bearer x".to_owned()],
        |_| good(&ApiKeyText::generate()),
        |key| vec![format!("Bearer cust_{}_{}", key.prefix(), "A".repeat(43))],
        |_| vec!["Bearer eyJhbGciOiJub25lIn0.e30.".to_owned()],
    ];
    let mut bodies = Vec::new();
    for credential in bad {
        let response = ask(Role::Admin, false, credential).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenge(&response), "Bearer realm=\"custody\", error=\"invalid_token\"");
        bodies.push(text(response).await);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    insta::assert_snapshot!(bodies.remove(0));
}

#[tokio::test]
async fn a_role_that_may_not_is_told_which_may() {
    let response = ask(Role::Writer, false, good).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(challenge(&response), "Bearer realm=\"custody\", error=\"insufficient_scope\"");
    insta::assert_snapshot!(text(response).await);
}

#[tokio::test]
async fn a_directory_that_is_away_says_nothing_about_the_credential() {
    let response = ask(Role::Admin, true, good).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "2");
    let body = text(response).await;
    assert!(!body.contains("10.0.0.7"), "{body}");
    insta::assert_snapshot!(body);
}
