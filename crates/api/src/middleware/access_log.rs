//! One span, one line and two metrics a request.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::Method;
use tracing::{Instrument as _, field::Empty};

use super::{ClientAddress, RequestId};

/// The span's empty fields are filled by [`crate::Permit`]. Of the address only the matched route is
/// written: the query may hold what somebody searched for, which belongs into their tenant's log
/// alone, and a path that leads nowhere may hold anything, a secret pasted into it included.
pub(crate) async fn access_log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let extensions = request.extensions();
    let route = extensions.get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = known(request.method());
    let id = extensions.get::<RequestId>().map_or("", RequestId::as_str);
    let client = extensions.get::<ClientAddress>().and_then(|c| c.0).map(tracing::field::display);
    let span = tracing::info_span!(
        "request",
        request.id = id,
        http.request.method = method,
        http.route = route,
        client.address = client,
        tenant.id = Empty,
        principal = Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    span.in_scope(|| {
        let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(http.response.status_code = status, duration_ms, "request");
    });
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.to_string())];
    metrics::counter!("custody_http_requests_total", &labels).increment(1);
    metrics::histogram!("custody_http_request_duration_seconds", &labels[..2]).record(elapsed.as_secs_f64());
    response
}

/// The method, if it is one that a metric may have a label for: clients can invent them.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use std::{io, sync::Mutex};

    use axum::{Router, body::Body, http::Request, routing::get};
    use custody_auth::LimitsConfig;
    use tower::ServiceExt as _;

    use crate::{HttpConfig, app::Edge, middleware::around_all};

    #[derive(Clone, Default)]
    struct Written(std::sync::Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_stands_in_the_address_is_not_written() {
        let written = Written::default();
        let writer = written.clone();
        let log = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE);
        let _log = tracing::subscriber::set_default(log.with_writer(move || writer.clone()).finish());
        let edge = Edge::new(HttpConfig::default(), &LimitsConfig::default());
        let server = around_all(&edge, Router::new().route("/things/{id}", get(async || "hello")));
        for path in ["/cust_key_S3CRET", "/things/S3CRET?q=S3CRET", "/things/S3CRET/S3CRET"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            server.clone().oneshot(request).await.unwrap();
        }
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(!written.contains("S3CRET"), "{written}");
        let lines = |route| written.lines().filter(|line| line.contains(route)).count();
        assert_eq!(lines("\"http.route\":\"unmatched\""), 2, "{written}");
        assert_eq!(lines("\"http.route\":\"/things/{id}\""), 1, "{written}");
    }
}
