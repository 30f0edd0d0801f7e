//! The shape of a problem, for the OpenAPI document. (The bodies themselves are written by
//! [`super::Problem`], which has members of its own for each kind.)

#![expect(dead_code, reason = "it exists for its schema alone")]

use utoipa::ToSchema;
use uuid::Uuid;

use super::Fault;

/// What went wrong (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:custody:problem:invalid",
    "title": "The request is understood and cannot be accepted",
    "status": 422,
    "detail": "The body does not have the expected shape.",
    "request_id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f",
    "errors": [{"pointer": "/role", "detail": "must be one of admin, auditor, user, writer"}]
}))]
pub(crate) struct ProblemBody {
    /// Names the kind of problem; docs/http.md lists them all.
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    /// The answer's `X-Request-Id`, to be named when asking for help.
    request_id: String,
    /// What is wrong and where, if the request is at fault.
    errors: Option<Vec<Fault>>,
    /// Under which id the bytes were kept, if they were quarantined.
    quarantine_id: Option<Uuid>,
    /// Why they were (409, 422): `schema`, `time`, `conflict`, …; docs/http.md lists them all.
    reason: Option<String>,
    /// The bound that the body is over, in bytes (413).
    limit: Option<u64>,
}
