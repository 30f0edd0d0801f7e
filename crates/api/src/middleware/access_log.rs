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
