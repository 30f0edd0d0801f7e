//! Probes, for whoever runs the process.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::App;

/// Seconds after which an unready server may be asked again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// `GET /healthz`: the process runs and answers. Says nothing of what it depends on, so that a
/// database's absence restarts no server.
pub(crate) async fn healthz() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

/// `GET /readyz`: whether requests sent here will succeed; 503 with the reasons if not.
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let (ready, answer) = app.readiness.ask().await;
    if ready {
        return Json(answer).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], Json(answer)).into_response()
}
