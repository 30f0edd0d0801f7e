//! Reads a request's body within its four bounds: size, pace, memory of all bodies together, and
//! size after decompression.

use std::time::Duration;

use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use http::header;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use super::{encoding::Encoding, memory::Reservation};
use crate::{
    app::Edge,
    problem::{Kind, Problem},
};

/// Bytes a second below which a client is too slow, once its first pause is over. Without it one
/// byte a pause would hold a connection for years.
const PACE_MIN: u64 = 1024;

/// The decoded body, whole. Its memory is counted for
/// as long as this lives.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    _reserved: Reservation,
}

/// Reads at most `limit` bytes, counted before and after decompression.
pub(crate) async fn read(request: Request, edge: &Edge, limit: usize) -> Result<Body, Problem> {
    read_at_pace(request, edge, limit, edge.config.read_timeout).await
}

/// The same, with less patience than is configured for uploads.
pub(crate) async fn read_at_pace(
    request: Request,
    edge: &Edge,
    limit: usize,
    pause_max: Duration,
) -> Result<Body, Problem> {
    let encoding = Encoding::of(request.headers())?;
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Problem::too_large(limit));
    }
    let mut reserved = edge.body_memory.reservation(&request);
    let sent = collect(request.into_body(), limit, pause_max, &mut reserved).await?;
    let bytes = encoding.decode(sent, limit, &mut reserved).await?;
    Ok(Body { bytes, _reserved: reserved })
}

async fn collect(
    mut body: axum::body::Body,
    limit: usize,
    pause_max: Duration,
    reserved: &mut Reservation,
) -> Result<Bytes, Problem> {
    let mut started = Instant::now();
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
            started += reserved.grow(read.len() + data.len()).await?;
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
