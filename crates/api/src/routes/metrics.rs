//! `GET /metrics`: the Prometheus text format. No metric has a label that names a tenant, and still
//! the numbers tell what tenants do, so they are for the internal networks.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, header};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{
    middleware::Internal,
    problem::{Kind, Problem},
};

const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Takes every method, because the router's own 405 would tell those outside that it is here.
pub(crate) async fn metrics(
    method: Method,
    internal: Internal,
    State(recorder): State<Option<PrometheusHandle>>,
) -> Result<Response, Problem> {
    let recorder = recorder.filter(|_| internal.0).ok_or_else(Problem::not_found)?;
    if !matches!(method, Method::GET | Method::HEAD) {
        return Err(Problem::new(Kind::MethodNotAllowed, "Metrics are read with GET.")
            .header(header::ALLOW, HeaderValue::from_static("GET,HEAD")));
    }
    Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], recorder.render()).into_response())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use std::net::{IpAddr, SocketAddr};

    use axum::{
        Router,
        body::Body,
        extract::{ConnectInfo, FromRef},
        http::{Request, StatusCode},
        routing::{any, get},
    };
    use custody_auth::LimitsConfig;
    use http_body_util::BodyExt as _;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{HttpConfig, Readiness, app::Edge, middleware::around_all, routes::health::readyz};

    #[derive(Clone, FromRef)]
    struct Outside {
        edge: Edge,
        recorder: Option<PrometheusHandle>,
        readiness: Readiness,
    }

    async fn ask(method: &str, path: &str, client: Option<&str>) -> (StatusCode, String, String) {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let config = HttpConfig { trusted_proxies, ..HttpConfig::default() };
        let edge = Edge::new(config, &LimitsConfig::default());
        let recorder = Some(PrometheusBuilder::new().build_recorder().handle());
        let state = Outside { edge: edge.clone(), recorder, readiness: Readiness::default() };
        let router = Router::new().route("/readyz", get(readyz)).route("/metrics", any(metrics));
        let mut request = Request::builder().method(method).uri(path).header("x-request-id", "test-1");
        if let Some((proxy, client)) = client.and_then(|client| client.split_once(" for ")) {
            request = request.header("x-forwarded-for", client);
            let peer: IpAddr = proxy.parse().unwrap();
            request = request.extension(ConnectInfo(SocketAddr::new(peer, 4711)));
        } else if let Some(client) = client {
            let peer: IpAddr = client.parse().unwrap();
            request = request.extension(ConnectInfo(SocketAddr::new(peer, 4711)));
        }
        let server = around_all(&edge, router.with_state(state));
        let response = server.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (mut parts, body) = response.into_parts();
        // The HTTP layer adds it where the router has not.
        parts.headers.remove(header::CONTENT_LENGTH);
        let body = body.collect().await.unwrap().to_bytes();
        // It leaves out the answer's body, too.
        let body = if method == "HEAD" { "".into() } else { body };
        (parts.status, format!("{:?}", parts.headers), String::from_utf8(body.to_vec()).unwrap())
    }

    const INSIDE: [Option<&str>; 4] =
        [Some("127.0.0.1"), Some("::1"), Some("::ffff:127.8.8.8"), Some("10.0.0.1 for 127.0.0.1")];
    const OUTSIDE: [Option<&str>; 5] = [
        Some("192.0.2.1"),
        Some("2001:db8::1"),
        Some("192.0.2.1 for 127.0.0.1"),
        Some("10.0.0.1 for 192.0.2.1"),
        None,
    ];

    #[tokio::test]
    async fn outside_the_internal_networks_there_is_no_such_route() {
        for client in INSIDE {
            assert_eq!(ask("GET", "/metrics", client).await.0, StatusCode::OK, "{client:?}");
            assert_eq!(ask("POST", "/metrics", client).await.0, StatusCode::METHOD_NOT_ALLOWED);
        }
        for client in OUTSIDE {
            for method in ["GET", "HEAD", "POST", "OPTIONS"] {
                let unknown = ask(method, "/no-such-route", client).await;
                assert_eq!(unknown.0, StatusCode::NOT_FOUND);
                assert_eq!(ask(method, "/metrics", client).await, unknown, "{method} {client:?}");
            }
        }
    }

    #[tokio::test]
    async fn outside_the_internal_networks_readiness_has_no_details() {
        for client in INSIDE {
            assert!(ask("GET", "/readyz", client).await.2.contains("checks"), "{client:?}");
        }
        for client in OUTSIDE {
            let (status, _, body) = ask("GET", "/readyz", client).await;
            assert_eq!((status, body.as_str()), (StatusCode::OK, "{\"status\":\"ready\"}"), "{client:?}");
        }
    }
}
