//! JSON bodies of the API's own requests (entries are read by the ingest crate, as they were sent).

use std::time::Duration;

use axum::extract::{FromRef, FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::{MediaType, body, media_type};
use crate::{
    app::Edge,
    problem::{Fault, Kind, Problem},
};

/// No request of this kind comes near; a mask policy is the longest.
const BYTES_MAX: usize = 256 << 10;

/// How long a client may pause within one, where uploads may for longer: it has the whole body before
/// it begins, and most that is asked without a credential is asked with one of these.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A JSON body of a known shape.
#[derive(Clone, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
    Edge: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        media_type(request.headers(), &[MediaType::Json])?;
        let edge = Edge::from_ref(state);
        let limit = edge.config.body_bytes_max.min(BYTES_MAX);
        let pause_max = edge.config.read_timeout.min(PAUSE_MAX);
        let body = body::read_at_pace(request, &edge, limit, pause_max).await?;
        parse(&body.bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        refuse(bytes, error.inner(), pointer)
    })?;
    deserializer.end().map_err(|error| refuse(bytes, &error, String::new()))?;
    Ok(parsed)
}

/// 400 for what is not JSON, with the place; 422 for JSON of another shape, with the pointer.
fn refuse(bytes: &[u8], error: &serde_json::Error, pointer: String) -> Problem {
    let detail = message(error);
    if error.is_data() {
        // serde names what is missing at the place of the whole.
        if let Some(field) = detail.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            return Problem::new(Kind::Invalid, "The body does not have the expected shape.")
                .fault(Fault::at(format!("{pointer}/{field}"), "is required"));
        }
        return Problem::new(Kind::Invalid, "The body does not have the expected shape.")
            .fault(Fault::at(pointer, detail));
    }
    let offset = Some(offset(bytes, error.line(), error.column()));
    Problem::new(Kind::MalformedJson, "The body cannot be read as JSON.")
        .fault(Fault { offset, ..Fault::at(pointer, detail) })
}

/// Without serde's " at line 1 column 2", which the offset says, and without our types' names, which say nothing
/// to others.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
    match text.split_once(", expected ") {
        Some((seen, kind)) if kind.starts_with("struct ") => format!("{seen}, expected an object"),
        Some((seen, kind)) if kind.starts_with("enum ") => format!("{seen}, expected one of its words"),
        _ => text.to_owned(),
    }
}

/// Bytes before the place that serde names by line and column, both from 1.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let before: usize =
        bytes.split_inclusive(|b| *b == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column.saturating_sub(1)).min(bytes.len())
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}
