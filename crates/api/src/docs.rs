//! `/docs`: Swagger UI from the binary itself, so that it works without a network.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Path,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue, header};
use utoipa_swagger_ui::Config;

use crate::problem::Problem;

/// Our own scripts and no inline ones. Swagger UI writes style attributes and shows pictures from
/// `data:` URLs; "try it out" calls this server.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// The files belong to the program's version, which a restart can change.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

const PAGE: &str = include_str!("docs/index.html");
const START: &str = include_str!("docs/start.js");

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        // Until there is a console.
        .route("/", get(async || Redirect::temporary("/docs")))
        .route("/docs", get(async || page("text/html; charset=utf-8", PAGE)))
        .route("/docs/start.js", get(async || page("text/javascript; charset=utf-8", START)))
        .route("/docs/{file}", get(file))
}

fn page(content_type: &'static str, text: &'static str) -> Response {
    answer(content_type, Body::from(text))
}

async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    // The vendored page and its initialiser load by relative paths and inline scripts; ours stand in.
    if matches!(name.as_str(), "index.html" | "oauth2-redirect.html" | "swagger-initializer.js") {
        return Err(Problem::not_found());
    }
    let config = Arc::new(Config::from("/openapi.json"));
    match utoipa_swagger_ui::serve(&name, config) {
        Ok(Some(file)) => Ok(answer(&file.content_type, Body::from(file.bytes.into_owned()))),
        Ok(None) | Err(_) => Err(Problem::not_found()),
    }
}

fn answer(content_type: &str, body: Body) -> Response {
    let content_type = crate::middleware::header_value(content_type);
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::CACHE_CONTROL, CACHE),
    ];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests;
