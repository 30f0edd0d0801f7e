//! Reads a request's body within its four bounds: size, pace, memory of all bodies together, and
//! size after decompression.

use std::time::Duration;

use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use http::header;
use http_body_util::BodyExt as _;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, timeout, timeout_at},
};

use super::encoding::Encoding;
use crate::{
    app::Edge,
    problem::{Kind, Problem},
};

/// Bytes a second below which a client is too slow, once its first pause is over. Without it one
/// byte a pause would hold a connection for years.
const PACE_MIN: u64 = 1024;

/// What a body's memory is counted in.
pub(crate) const RESERVED_UNIT: usize = 1024;

/// A body of less need not reserve: the number of requests bounds these.
const UNRESERVED_MAX: usize = 64 << 10;

/// How long a body waits for others to be done with.
const RESERVATION_WAIT: Duration = Duration::from_secs(5);

/// The decoded body, whole. Its memory is counted for
/// as long as this lives.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    _reserved: Option<OwnedSemaphorePermit>,
}

/// Reads at most `limit` bytes, counted before and after decompression.
pub(crate) async fn read(request: Request, edge: &Edge, limit: usize) -> Result<Body, Problem> {
    let encoding = Encoding::of(request.headers())?;
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Problem::too_large(limit));
    }
    // What is compressed may come out as large as is allowed.
    let needed = match (declared, encoding) {
        (Some(length), Encoding::Identity) => length,
        _ => limit,
    };
    let reserved = reserve(edge, needed).await?;
    let sent = collect(request.into_body(), limit, edge.config.read_timeout).await?;
    let bytes = encoding.decode(sent, limit).await?;
    Ok(Body { bytes, _reserved: reserved })
}

async fn reserve(edge: &Edge, bytes: usize) -> Result<Option<OwnedSemaphorePermit>, Problem> {
    if bytes <= UNRESERVED_MAX {
        return Ok(None);
    }
    // At most all there is, else a limit above it could never be met.
    let all = edge.config.body_bytes_held_max / RESERVED_UNIT;
    let units = u32::try_from(bytes.div_ceil(RESERVED_UNIT).min(all)).unwrap_or(u32::MAX);
    match timeout(RESERVATION_WAIT, edge.body_memory.clone().acquire_many_owned(units)).await {
        Ok(Ok(permit)) => Ok(Some(permit)),
        _ => Err(Problem::unavailable("Other large bodies are being read; try again.", 2)),
    }
}

async fn collect(mut body: axum::body::Body, limit: usize, pause_max: Duration) -> Result<Bytes, Problem> {
    let started = Instant::now();
    let mut read = BytesMut::new();
    loop {
        let due = started + pause_max + Duration::from_secs(read.len() as u64 / PACE_MIN);
        let next = timeout_at(due, timeout(pause_max, body.frame())).await;
        let frame = match next {
            Ok(Ok(Some(Ok(frame)))) => frame,
            Ok(Ok(None)) => return Ok(read.freeze()),
            Ok(Ok(Some(Err(error)))) => {
                return Err(Problem::new(Kind::BadRequest, "The body broke off.").caused_by(error));
            }
            Ok(Err(_)) | Err(_) => return Err(too_slow(read.len(), pause_max)),
        };
        if let Ok(data) = frame.into_data() {
            if read.len() + data.len() > limit {
                return Err(Problem::too_large(limit));
            }
            read.extend_from_slice(&data);
        }
    }
}

fn too_slow(read: usize, pause_max: Duration) -> Problem {
    let pause = pause_max.as_secs();
    let detail = format!(
        "The body stopped coming after {read} bytes: at most {pause} s may lie between two pieces, \
         and at least {PACE_MIN} bytes a second must come."
    );
    Problem::new(Kind::RequestTimeout, detail)
}
