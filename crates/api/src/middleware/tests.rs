#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

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

#[tokio::test]
async fn a_request_id_is_answered_and_made_where_there_is_none_or_a_hostile_one() {
    let sent = asking("GET", "/things").body(Body::empty()).unwrap();
    assert_eq!(header(&answer(sent).await, "x-request-id"), "test-1");
    for hostile in ["", "a b", "a\"b", &"x".repeat(129)] {
        let request = Request::get("/things").header("x-request-id", hostile).body(Body::empty()).unwrap();
        let response = answer(request).await;
        assert!(uuid::Uuid::parse_str(header(&response, "x-request-id")).is_ok(), "{hostile}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let response = answer(asking("GET", "/nothing").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    insta::assert_json_snapshot!("not_found", problem(response).await);
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let response = answer(asking("DELETE", "/things").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(&response, "allow"), "GET,HEAD,POST");
    insta::assert_json_snapshot!("method_not_allowed", problem(response).await);
}

#[tokio::test]
async fn a_panic_is_answered_without_its_message() {
    let response = answer(asking("GET", "/panics").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    insta::assert_json_snapshot!("panic", problem(response).await);
}

#[tokio::test]
async fn a_trailing_slash_is_accepted() {
    let response = answer(asking("GET", "/things/?limit=3").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(text(response).await, "Some(3)");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    for path in ["/things", "/nothing", "/panics"] {
        let response = answer(asking("GET", path).body(Body::empty()).unwrap()).await;
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&response, "x-frame-options"), "DENY");
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert!(header(&response, "content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header(&response, "strict-transport-security"), "");
    }
    let tls = server_with(HttpConfig { tls: true, ..config() }, &unlimited());
    let response = tls.oneshot(asking("GET", "/things").body(Body::empty()).unwrap()).await.unwrap();
    assert!(header(&response, "strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn other_origins_are_let_in_only_where_they_are_configured() {
    let preflight = || {
        asking("OPTIONS", "/things")
            .header("origin", "https://console.example")
            .header("access-control-request-method", "POST")
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(header(&answer(preflight()).await, "access-control-allow-origin"), "");
    let origin = "https://console.example".parse().unwrap();
    let open = server_with(HttpConfig { cors_origins: vec![origin], ..config() }, &unlimited());
    let response = open.oneshot(preflight()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "access-control-allow-origin"), "https://console.example");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let stream = || {
        Body::from_stream(futures::stream::iter(
            (0..20).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 10_000]))),
        ))
    };
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![0; 10_000_000]).unwrap();
    let requests = [
        asking("POST", "/things").body(Body::from(vec![0; 100_001])).unwrap(),
        asking("POST", "/things").header("content-length", "100001").body(Body::empty()).unwrap(),
        asking("POST", "/things").body(stream()).unwrap(),
        asking("POST", "/things")
            .header("content-encoding", "gzip")
            .body(Body::from(bomb.finish().unwrap()))
            .unwrap(),
    ];
    for request in requests {
        let response = answer(request).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(problem(response).await["limit"], 100_000);
    }
    let exactly = asking("POST", "/things").body(Body::from(vec![0; 100_000])).unwrap();
    assert_eq!(answer(exactly).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn compressed_bodies_are_understood() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"hello").unwrap();
    let gzip = gzip.finish().unwrap();
    let twice = [gzip.clone(), gzip.clone()].concat();
    let zstd = zstd::encode_all(&b"hello"[..], 0).unwrap();
    for (encoding, sent, expected) in
        [("gzip", gzip, "hello"), ("gzip", twice, "hellohello"), ("ZSTD", zstd, "hello")]
    {
        let request =
            asking("POST", "/things").header("content-encoding", encoding).body(Body::from(sent)).unwrap();
        let response = answer(request).await;
        assert_eq!(response.status(), StatusCode::OK, "{encoding}");
        assert_eq!(text(response).await, expected);
    }
    let broken =
        asking("POST", "/things").header("content-encoding", "zstd").body(Body::from("hello")).unwrap();
    assert_eq!(answer(broken).await.status(), StatusCode::BAD_REQUEST);
    let unknown =
        asking("POST", "/things").header("content-encoding", "br").body(Body::from("hello")).unwrap();
    let response = answer(unknown).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(header(&response, "accept-encoding"), "gzip, zstd");
    insta::assert_json_snapshot!("unsupported_encoding", problem(response).await);
}

#[tokio::test]
async fn a_zstd_frame_that_asks_for_a_large_window_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(b"hello").unwrap();
    let sent = encoder.finish().unwrap();
    let request =
        asking("POST", "/things").header("content-encoding", "zstd").body(Body::from(sent)).unwrap();
    assert_eq!(answer(request).await.status(), StatusCode::BAD_REQUEST);
}

/// Time is tokio's own here and runs ahead when all wait.
#[tokio::test(start_paused = true)]
async fn a_slow_client_is_told_so() {
    let begun = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let stalls = Body::from_stream(futures::StreamExt::chain(begun, futures::stream::pending()));
    let response = answer(asking("POST", "/things").body(stalls).unwrap()).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    insta::assert_json_snapshot!("request_timeout", problem(response).await);

    let drip = futures::stream::unfold((), async |()| {
        // The clock is paused: this takes no time.
        tokio::time::sleep(Duration::from_secs(4)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
    });
    let response = answer(asking("POST", "/things").body(Body::from_stream(drip)).unwrap()).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn json_is_refused_with_the_place() {
    let post = |body: &str| {
        let request = asking("POST", "/shaped").header("content-type", "application/json");
        answer(request.body(Body::from(body.to_owned())).unwrap())
    };
    let response = post("{\n \"name\": nope}").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    insta::assert_json_snapshot!("malformed_json", problem(response).await);
    let response = post(r#"{"name": "a", "roles": [1, "x"]}"#).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("wrong_shape", problem(response).await);
    assert_eq!(problem(post("{} x").await).await["type"], "urn:custody:problem:invalid");
    let response = post(r#"{"name": "a", "roles": []} x"#).await;
    assert_eq!(problem(response).await["errors"][0]["offset"], 27);
    let plain =
        asking("POST", "/shaped").header("content-type", "text/plain").body(Body::from("{}")).unwrap();
    let response = answer(plain).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    insta::assert_json_snapshot!("unsupported_media_type", problem(response).await);
}

#[tokio::test]
async fn query_parameters_are_refused_by_name() {
    for (query, name) in [("limit=many", "limit"), ("limmit=3", "limmit"), ("limit=1&limit=2", "limit")] {
        let response = answer(asking("GET", &format!("/things?{query}")).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(problem(response).await["errors"][0]["parameter"], name);
    }
    for (value, told) in [
        ("x", "`limit` must be a whole number, 0 or more"),
        ("-1", "`limit` must be a whole number, 0 or more"),
        ("", "`limit` must be a whole number, 0 or more"),
        ("99999999999999999999", "`limit` is too large a number"),
    ] {
        let path = format!("/things?limit={value}");
        let problem = problem(answer(asking("GET", &path).body(Body::empty()).unwrap()).await).await;
        assert_eq!(problem["errors"][0]["detail"], told, "{value}");
    }
    let response = answer(asking("GET", "/things?limmit=3").body(Body::empty()).unwrap()).await;
    insta::assert_json_snapshot!("unknown_parameter", problem(response).await);
}

#[tokio::test]
async fn a_used_up_limit_says_when_to_come_back() {
    let quota =
        |n| Quota { requests: NonZeroU32::new(n).unwrap(), window_secs: NonZeroU32::new(60).unwrap() };
    let limits = LimitsConfig { per_address: Some(quota(2)), ..unlimited() };
    let server = server_with(config(), &limits);
    let ask = || {
        let mut request = asking("GET", "/things").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 1], 4711))));
        server.clone().oneshot(request)
    };
    let first = ask().await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(header(&first, "ratelimit-policy"), "\"address\";q=2;w=60");
    assert_eq!(header(&first, "ratelimit"), "\"address\";r=1;t=30");
    ask().await.unwrap();
    let refused = ask().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let after: u32 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=30).contains(&after), "{after}");
    assert!(header(&refused, "ratelimit").starts_with("\"address\";r=0;t="));
    insta::assert_json_snapshot!("too_many_requests", problem(refused).await);
}

#[tokio::test]
async fn more_requests_than_are_taken_at_once_are_turned_away() {
    let full = server_with(HttpConfig { requests_max: 0, ..config() }, &unlimited());
    let response = full.oneshot(asking("GET", "/things").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&response, "retry-after"), "1");
    insta::assert_json_snapshot!("shed", problem(response).await);
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

#[tokio::test]
async fn one_address_cannot_have_all_requests_that_run_at_once() {
    let server = server_with(HttpConfig { requests_max: 64, ..config() }, &unlimited());
    let ask = |address| {
        server.clone().oneshot(from(address, asking("GET", "/things").body(Body::empty()).unwrap()))
    };
    let mut stalled = Vec::new();
    for n in 0..8 {
        let address = format!("2001:db8::{n}");
        let (parts, _) = from(&address, asking("POST", "/things").body(Body::empty()).unwrap()).into_parts();
        stalled.push(stall(&server, Request::from_parts(parts, ()), vec![b' ']).await);
    }
    let refused = ask("2001:db8::ffff").await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "retry-after"), "1");
    assert!(problem(refused).await["detail"].as_str().unwrap().contains("from this address"));
    assert_eq!(ask("2001:db8:0:1::1").await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask("192.0.2.1").await.unwrap().status(), StatusCode::OK);
    let one = stalled.pop().unwrap();
    one.abort();
    let _ = one.await;
    assert_eq!(ask("2001:db8::ffff").await.unwrap().status(), StatusCode::OK);
}

/// Time is tokio's own here and runs ahead when all wait.
#[tokio::test(start_paused = true)]
async fn a_small_body_may_not_pause_for_as_long_as_an_upload() {
    let patient = HttpConfig { read_timeout: Duration::from_secs(30), ..config() };
    let stalls = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let request = asking("POST", "/shaped").header("content-type", "application/json").body(stalls).unwrap();
    let begun = tokio::time::Instant::now();
    let response = server_with(patient, &unlimited()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

/// 90 % of the largest body that [`config`] allows.
fn large() -> Vec<u8> {
    vec![b' '; 90_000]
}

#[tokio::test(start_paused = true)]
async fn a_body_holds_no_more_memory_than_has_come_of_it() {
    let held = HttpConfig { body_bytes_held_max: 1 << 20, ..config() };
    let server = server_with(HttpConfig { read_timeout: Duration::from_mins(1), ..held }, &unlimited());
    let mut stalled = Vec::new();
    for _ in 0..16 {
        let request = asking("POST", "/things").header("content-encoding", "gzip").body(()).unwrap();
        stalled.push(stall(&server, request, vec![0x1f]).await);
    }
    let response = server.oneshot(asking("POST", "/things").body(Body::from(large())).unwrap()).await;
    assert_eq!(response.unwrap().status(), StatusCode::OK);
    stalled.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn one_client_cannot_hold_the_memory_of_all() {
    let held = HttpConfig { body_bytes_held_max: 400 << 10, ..config() };
    let server = server_with(HttpConfig { read_timeout: Duration::from_mins(1), ..held }, &unlimited());
    let post = |address| {
        let request = asking("POST", "/things").body(Body::from(large())).unwrap();
        server.clone().oneshot(from(address, request))
    };
    for _ in 0..2 {
        let (parts, _) =
            from("192.0.2.1", asking("POST", "/things").body(Body::empty()).unwrap()).into_parts();
        stall(&server, Request::from_parts(parts, ()), large()).await;
    }
    let refused = post("192.0.2.1").await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&refused, "retry-after"), "2");
    assert_eq!(post("192.0.2.2").await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_a_body_expands_to_is_counted_while_it_grows() {
    let pack = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let held = HttpConfig { body_bytes_held_max: 400 << 10, ..config() };
    let server = server_with(HttpConfig { read_timeout: Duration::from_mins(1), ..held }, &unlimited());
    let post = |bytes: &[u8]| {
        let request = asking("POST", "/things").header("content-encoding", "gzip");
        server.clone().oneshot(request.body(Body::from(pack(bytes))).unwrap())
    };
    assert_eq!(post(&large()).await.unwrap().status(), StatusCode::OK);
    for _ in 0..2 {
        stall(&server, asking("POST", "/things").body(()).unwrap(), large()).await;
    }
    assert_eq!(post(&large()).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text(post(b"small").await.unwrap()).await, "small", "what is small needs none of it");
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_asks() {
    let asked = asking("GET", "/long").header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    assert_eq!(header(&answer(asked).await, "content-encoding"), "gzip");
    let plain = asking("GET", "/long").body(Body::empty()).unwrap();
    assert_eq!(header(&answer(plain).await, "content-encoding"), "");
}
