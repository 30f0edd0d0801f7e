//! The layer that writes the problems' bodies, and logs what is behind them.

use std::error::Error;

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};

use super::{CONTENT_TYPE, Kind, Problem};
use crate::middleware::RequestId;

/// Gives every error its problem body: those of our own, and those that a library answered bare.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    if !(response.status().is_client_error() || response.status().is_server_error()) {
        return response;
    }
    if response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/json"))
    {
        // An error that is an answer of its own (`/readyz` with its reasons).
        return response;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None => bare(&response),
    };
    log(&problem);
    let body = problem.body(id.as_ref().map(RequestId::as_str));
    let mut finished = (response.status(), Body::from(body)).into_response();
    *finished.headers_mut() = std::mem::take(response.headers_mut());
    let headers = finished.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    // An error is about this request at this moment.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    finished
}

/// The library's own wording may quote internals, so only the status code is taken over.
fn bare(response: &Response) -> Problem {
    if response.status() == StatusCode::NOT_FOUND {
        return Problem::not_found();
    }
    let kind = Kind::of(response.status());
    Problem::new(kind, format!("{}.", kind.title()))
}

/// Once, here: whoever made the problem did not log it.
fn log(problem: &Problem) {
    let Some(cause) = problem.0.cause.as_deref() else {
        return;
    };
    let chain = std::iter::successors(Some(cause as &dyn Error), |e: &&dyn Error| (*e).source());
    let chain = chain.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let kind = problem.0.kind.uri();
    match problem.0.kind {
        Kind::Internal => tracing::error!(problem.kind = kind, error = chain, "request failed"),
        // Passes by itself, and comes once a request while it lasts.
        Kind::Unavailable => tracing::warn!(problem.kind = kind, error = chain, "request failed"),
        _ => tracing::info!(problem.kind = kind, error = chain, "request refused"),
    }
}
