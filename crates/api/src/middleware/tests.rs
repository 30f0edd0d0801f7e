#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod answers;
mod bodies;
mod inputs;
mod quotas;

use std::{io::Write as _, num::NonZeroU32, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State},
    http::{Request, StatusCode},
    response::Response,
    routing::{get, post},
};
use bytes::Bytes;
use custody_auth::{LimitsConfig, limits::Quota};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt as _;
use utoipa::openapi::{
    HttpMethod, OpenApiBuilder, PathItem, PathsBuilder,
    path::{OperationBuilder, ParameterBuilder, ParameterIn},
};

use super::{KnownParameters, around_all, around_api};
use crate::{
    HttpConfig, Problem,
    app::Edge,
    extract::{self, Parameters},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    roles: Vec<u8>,
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<u32>,
}

async fn read(State(edge): State<Edge>, request: Request<Body>) -> Result<Bytes, Problem> {
    let limit = edge.config.body_bytes_max;
    Ok(extract::body::read(request, &edge, limit).await?.bytes)
}

fn config() -> HttpConfig {
    HttpConfig { body_bytes_max: 100_000, read_timeout: Duration::from_secs(5), ..HttpConfig::default() }
}

fn unlimited() -> LimitsConfig {
    LimitsConfig { per_tenant: None, per_credential: None, per_address: None }
}

fn server_with(config: HttpConfig, limits: &LimitsConfig) -> Router {
    let edge = Edge::new(config, limits);
    let api = Router::new()
        .route("/things", get(async |Parameters(Asked { limit }): Parameters<Asked>| format!("{limit:?}")))
        .route("/things", post(read))
        .route(
            "/shaped",
            post(async |extract::Json(Wanted { name, roles }): extract::Json<Wanted>| {
                format!("{name}{}", roles.len())
            }),
        )
        .route("/long", get(async || "x".repeat(20_000)))
        .route("/panics", get(async || -> String { panic!("secret detail") }));
    around_all(&edge, around_api(&edge, known(), api).with_state(edge.clone()))
}

/// As the document of these routes has it.
fn known() -> KnownParameters {
    let limit = ParameterBuilder::new().name("limit").parameter_in(ParameterIn::Query);
    let things = OperationBuilder::new().parameter(limit).build();
    let paths = PathsBuilder::new().path("/things", PathItem::new(HttpMethod::Get, things));
    KnownParameters::of(&OpenApiBuilder::new().paths(paths).build())
}

fn server() -> Router {
    server_with(config(), &unlimited())
}

fn asking(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("x-request-id", "test-1")
}

async fn answer(request: Request<Body>) -> Response {
    server().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn problem(response: Response) -> Value {
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    assert_eq!(header(&response, "cache-control"), "no-store");
    let status = response.status();
    let body: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(body["status"], status.as_u16());
    assert_eq!(body["request_id"], "test-1");
    body
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |v| v.to_str().unwrap())
}

fn from(address: &str, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::new(address.parse().unwrap(), 4711)));
    request
}

/// Sends `begun` and then nothing more; resolves once the server waits for the rest.
async fn stall(server: &Router, request: Request<()>, begun: Vec<u8>) -> tokio::task::JoinHandle<()> {
    let (waits, waited) = tokio::sync::oneshot::channel();
    let rest = futures::stream::once(async {
        waits.send(()).unwrap();
        std::future::pending().await
    });
    let begun = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(begun))]);
    let body = Body::from_stream(futures::StreamExt::chain(begun, rest));
    let answer = server.clone().oneshot(request.map(|()| body));
    let stalled = tokio::spawn(async { drop(answer.await) });
    waited.await.unwrap();
    stalled
}
