//! An example for each problem, made by the code that makes the problems themselves.

use http::StatusCode;
use serde_json::Value;

use crate::problem::{Fault, Kind, Problem};

const REQUEST_ID: &str = "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f";

/// What an answer of this status code looks like; `description` stands in where the code alone does
/// not say what is wrong.
pub(super) fn problem(status: &str, description: &str) -> Option<Value> {
    let status = status.parse::<StatusCode>().ok()?;
    let problem = match Kind::of(status) {
        Kind::BadRequest => Problem::bad_parameter("limit", "must be from 1 to 1000"),
        Kind::RequestTimeout => Problem::new(
            Kind::RequestTimeout,
            "The body stopped coming after 17 bytes: at most 5 s may lie between two pieces, and at \
             least 1024 bytes a second must come.",
        ),
        Kind::NotFound => Problem::not_found(),
        Kind::TooLarge => Problem::too_large(262_144),
        Kind::UnsupportedMediaType => {
            Problem::unsupported_media_type("Send Content-Type: application/json, in UTF-8.")
        }
        Kind::Invalid => Problem::new(Kind::Invalid, "The body does not have the expected shape.")
            .fault(Fault::at("/role", "must be one of admin, auditor, user, writer")),
        Kind::TooManyRequests => Problem::too_many_requests(
            "The limit of 30000 requests in 60 s for this credential is used up.",
            1,
        ),
        Kind::Unavailable => {
            Problem::unavailable("A part that the server needs does not answer at the moment; try again.", 2)
        }
        kind => Problem::new(kind, description.to_owned()),
    };
    serde_json::from_slice(&problem.body(Some(REQUEST_ID))).ok()
}
