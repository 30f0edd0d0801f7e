//! Reads a request's body within its four bounds: size, pace, memory of all bodies together, and
//! size after decompression.

use std::time::Duration;

use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use http::header;

use super::{encoding::Encoding, frames::Frames, memory::Reservation};
use crate::{app::Edge, problem::Problem};

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
    if declared_length(&request).is_some_and(|length| length > limit as u64) {
        return Err(Problem::too_large(limit));
    }
    let mut reserved = edge.body_memory.reservation(&request);
    let frames = Frames::new(request.into_body(), pause_max);
    let sent = collect(frames, limit, &mut reserved).await?;
    let bytes = encoding.decode(sent, limit, &mut reserved).await?;
    Ok(Body { bytes, _reserved: reserved })
}

/// What `Content-Length` says, before decompression.
pub(crate) fn declared_length(request: &Request) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(mut frames: Frames, limit: usize, reserved: &mut Reservation) -> Result<Bytes, Problem> {
    let mut read = BytesMut::new();
    while let Some(data) = frames.next().await? {
        if read.len() + data.len() > limit {
            return Err(Problem::too_large(limit));
        }
        reserved.grow(read.len() + data.len()).await?;
        // Most bodies come in one piece, which need not be copied.
        if read.is_empty() && frames.is_at_end() {
            return Ok(data);
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}
