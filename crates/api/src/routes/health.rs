//! Probes, for whoever runs the process.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{Readiness, middleware::Internal};

/// Seconds after which an unready server may be asked again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// `GET /healthz`: the process runs and answers. Says nothing of what it depends on, so that a
/// database's absence restarts no server.
pub(crate) async fn healthz() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

/// `GET /readyz`: whether requests sent here will succeed; 503 if not, and for those inside what was
/// found. The rest of the world learns the status alone: how far work is behind is the tenants' matter.
pub(crate) async fn readyz(internal: Internal, State(readiness): State<Readiness>) -> Response {
    let (ready, mut answer) = readiness.ask().await;
    if !internal.0 {
        answer = json!({"status": answer["status"]});
    }
    if ready {
        return Json(answer).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], Json(answer)).into_response()
}
