//! `GET /openapi.json`.

use axum::{
    Router,
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderValue, header};
use utoipa::openapi::OpenApi;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The document is rendered once.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    let text = Bytes::from(document.to_json().unwrap_or_default());
    let answer = move || {
        let text = text.clone();
        async move { respond(text) }
    };
    Router::new().route("/openapi.json", get(answer))
}

fn respond(text: Bytes) -> Response {
    ([(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, CACHE)], text).into_response()
}
