//! The whole middleware stack, in order, with the reason for each place. A request passes it from
//! the top down, its answer from the bottom up.
//!
//! Not here, on purpose: credentials ([`crate::Permit`], so that no handler can forget to name its
//! operation) and bodies ([`crate::extract::body`]: size, pace and decompression are bounded where a
//! body is read, which is after the credential was checked, so that nobody uploads for nothing).

mod access_log;
mod client_address;
mod deadline;
mod known_parameters;
mod lingering;
mod panic;
mod quotas;
mod request_id;
mod security_headers;

use std::time::Duration;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use tower::{Layer as _, ServiceBuilder, util::option_layer};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{Predicate as _, SizeAbove},
    },
    cors::CorsLayer,
    normalize_path::NormalizePathLayer,
};

pub(crate) use self::{
    client_address::{ClientAddress, Internal},
    known_parameters::KnownParameters,
    quotas::Quotas,
    request_id::RequestId,
};
use crate::{HttpConfig, app::Edge, problem};

/// Smaller answers gain nothing. Answers that carry a secret (a token, a key) are smaller, too, so
/// their length does not tell about it (BREACH).
const COMPRESSED_BYTES_MIN: u16 = 4096;

/// Server-sent events (WHATWG HTML, section 9.2).
pub(crate) const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// How long a browser may keep the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_hours(1);

/// Around every route, those for probes and the unknown ones included.
pub(crate) fn around_all(edge: &Edge, router: Router) -> Router {
    let stack = ServiceBuilder::new()
        // First, because everything below writes it down.
        .layer(from_fn(request_id::request_id))
        // Before the log line and the limits, which both name the client.
        .layer(from_fn_with_state(edge.clone(), client_address::client_address))
        // One span and one line a request, and its metrics. Around all that may answer, so that
        // no answer goes without.
        .layer(from_fn(access_log::access_log))
        // Whatever below answers before the body was read.
        .layer(from_fn(lingering::lingering))
        // On every answer, problems included.
        .layer(from_fn_with_state(edge.clone(), security_headers::security_headers))
        // Off unless origins are configured. Outside the limits: a page must be able to read a 429.
        .layer(option_layer(cors(&edge.config)))
        // Outside `finish`, which replaces bodies.
        .layer(
            CompressionLayer::new()
                .gzip(true)
                .zstd(true)
                .compress_when(SizeAbove::new(COMPRESSED_BYTES_MIN.into()).and(is_no_file).and(is_no_stream)),
        )
        // Gives every error its problem body, and logs the cause.
        .layer(from_fn(problem::finish))
        // A panic is a defect, not the end of the connection.
        .layer(CatchPanicLayer::custom(panic::answer));
    trim_trailing_slash(router.layer(stack))
}

/// Of an answer that is compressed as it is: to do it again is work for nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsPacked;

/// What can be asked for in ranges goes as it is: a client puts the ranges together itself.
fn is_no_file(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    !headers.contains_key(header::ACCEPT_RANGES) && extensions.get::<IsPacked>().is_none()
}

/// A compressor would keep an event back until the next ones fill its block.
fn is_no_stream(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|media_type| media_type != EVENT_STREAM)
}

/// Around the API, not around probes and metrics, which must answer when the API cannot.
pub(crate) fn around_api<S: Clone + Send + Sync + 'static>(
    edge: &Edge,
    known: KnownParameters,
    router: Router<S>,
) -> Router<S> {
    let stack = ServiceBuilder::new()
        // The limits' headers stand on every answer, so this is around whatever spends a quota. The
        // address is counted here, before any work; tenant and credential once they are known.
        .layer(from_fn_with_state(edge.clone(), quotas::quotas))
        // Refuses at once what would only wait, and ends what hangs.
        .layer(from_fn_with_state(edge.clone(), deadline::deadline))
        // Before any handler, so that none can forget it.
        .layer(from_fn_with_state(known, known_parameters::known_parameters));
    router.layer(stack)
}

/// `/logs/` is `/logs`. Outside the router, because it changes which route is found.
fn trim_trailing_slash(router: Router) -> Router {
    Router::new().fallback_service(NormalizePathLayer::trim_trailing_slash().layer(router))
}

fn cors(config: &HttpConfig) -> Option<CorsLayer> {
    if config.cors_origins.is_empty() {
        return None;
    }
    let expose = ["link", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id", "www-authenticate"];
    let allow = ["authorization", "content-type", "content-encoding", "idempotency-key", "x-request-id"];
    Some(
        CorsLayer::new()
            .allow_origin(config.cors_origins.clone())
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(allow.map(HeaderName::from_static))
            .expose_headers(expose.map(HeaderName::from_static))
            .vary([header::ORIGIN])
            .max_age(PREFLIGHT_AGE),
    )
}

/// A header value made of numbers and names of our own.
pub(crate) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests;
