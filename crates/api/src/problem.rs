//! Every error that leaves this crate, as RFC 9457 `application/problem+json`.
//!
//! A handler returns `Result<_, Problem>`; [`finish`] (the layer) gives the answer its body, with the
//! request's id, and turns the bare answers of libraries (405, 415, …) into problems as well. What is
//! answered and what is logged are two things: `cause` goes to the log, once, and never to the client.

mod finish;
mod from;
mod kind;
mod shape;

use std::{borrow::Cow, error::Error, sync::Arc};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub(crate) use self::{finish::finish, kind::Kind, shape::ProblemBody};

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error as it is answered. Boxed, so that results which carry none stay small.
#[derive(Clone, Debug)]
pub struct Problem(Box<Content>);

#[derive(Clone, Debug)]
struct Content {
    kind: Kind,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    members: Map<String, Value>,
    headers: HeaderMap,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// One thing that is wrong with the request, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// JSON pointer (RFC 6901) into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// Name of the query parameter, where the fault is not in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// Where in the body (bytes) or in the query (characters) reading stopped, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<usize>,
    pub(crate) detail: String,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), detail: detail.into(), ..Self::default() }
    }

    pub(crate) fn parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { parameter: Some(name.into()), detail: detail.into(), ..Self::default() }
    }
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Content {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            members: Map::new(),
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// The one answer for what is not there and for what is somebody else's.
    pub(crate) fn not_found() -> Self {
        Self::new(Kind::NotFound, "There is nothing here under that name.")
    }

    /// A defect of ours, or a failure that no retry heals.
    pub(crate) fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Kind::Internal, "The server failed; the failure is logged under the request's id.")
            .caused_by(cause)
    }

    /// Something that the server needs does not answer at the moment. `after` in seconds.
    pub(crate) fn unavailable(detail: impl Into<Cow<'static, str>>, after: u32) -> Self {
        Self::new(Kind::Unavailable, detail).header(header::RETRY_AFTER, HeaderValue::from(after))
    }

    /// A limit is used up; `after` in seconds.
    pub(crate) fn too_many_requests(detail: impl Into<Cow<'static, str>>, after: u64) -> Self {
        Self::new(Kind::TooManyRequests, detail).header(header::RETRY_AFTER, HeaderValue::from(after))
    }

    pub(crate) fn unsupported_media_type(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::UnsupportedMediaType, detail)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            Kind::TooLarge,
            format!("The body is larger than {limit} bytes, counted after decompression."),
        )
        .member("limit", limit.into())
    }

    /// Adds a sentence: what to do about it.
    pub(crate) fn advising(mut self, advice: &'static str) -> Self {
        let detail = self.0.detail.to_mut();
        detail.push(' ');
        detail.push_str(advice);
        self
    }

    pub(crate) fn bad_parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        let fault = Fault::parameter(name, detail);
        Self::new(Kind::BadParameters, "A query parameter cannot be used.").fault(fault)
    }

    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.0.errors.push(fault);
        self
    }

    pub(crate) fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.0.errors.extend(faults);
        self
    }

    /// An extension member (RFC 9457, section 3.2).
    pub(crate) fn member(mut self, name: &'static str, value: Value) -> Self {
        self.0.members.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// What is logged and not answered.
    pub(crate) fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Arc::new(cause));
        self
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.0.kind == Kind::NotFound
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.kind.status()
    }

    /// As it is sent.
    pub(crate) fn body(&self, request_id: Option<&str>) -> Vec<u8> {
        let rendered = Rendered {
            kind: self.0.kind.uri(),
            title: self.0.kind.title(),
            status: self.0.kind.status().as_u16(),
            detail: &self.0.detail,
            request_id,
            members: &self.0.members,
            errors: &self.0.errors,
        };
        serde_json::to_vec(&rendered).unwrap_or_default()
    }
}

/// The body, in a fixed order of members.
#[derive(Serialize)]
struct Rendered<'p> {
    #[serde(rename = "type")]
    kind: &'p str,
    title: &'p str,
    status: u16,
    detail: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'p str>,
    #[serde(flatten)]
    members: &'p Map<String, Value>,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'p [Fault],
}

/// The body is written by [`finish`], which knows the request's id; the problem travels to it in the
/// response's extensions.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        *response.headers_mut() = self.0.headers.clone();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
