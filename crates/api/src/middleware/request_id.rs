//! Request ids: taken from the client where they are harmless, made otherwise, always answered.

use std::sync::Arc;

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Long enough for a UUID, a ULID or a trace id with a prefix.
const LENGTH_MAX: usize = 128;

/// Names one request in the answer, in the log and in problems.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The client's own, if it can go into a log line as it is.
    fn accept(value: &HeaderValue) -> Option<Self> {
        let text = value.to_str().ok()?;
        let harmless =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
        let fits = (1..=LENGTH_MAX).contains(&text.len());
        (fits && text.bytes().all(harmless)).then(|| Self(text.into()))
    }

    fn make() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }
}

pub(crate) async fn request_id(mut request: Request, next: Next) -> Response {
    let id = request.headers().get(HEADER).and_then(RequestId::accept).unwrap_or_else(RequestId::make);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER, super::header_value(id.as_str()));
    response
}
