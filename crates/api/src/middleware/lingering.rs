//! Reads on, for a while, what a client still sends after it was answered.
//!
//! A client that is in the middle of its body when the answer comes (413, 401, 429, …) mostly sends
//! to the end before it reads. Were the connection closed under it, it would see a reset and never
//! the answer.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, HttpBody as _},
    extract::Request,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout, timeout_at},
};

/// More than that is not worth an answer that is read.
const DISCARDED_BYTES_MAX: usize = 64 << 20;
const DISCARDING_TIME_MAX: Duration = Duration::from_secs(10);
const PAUSE_MAX: Duration = Duration::from_secs(2);

pub(crate) async fn lingering(request: Request, next: Next) -> Response {
    let request = request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        Body::from_stream(Lingering { rest: Some(body.into_data_stream()) })
    });
    next.run(request).await
}

/// A body that is read to its end even if nobody wants it.
struct Lingering {
    /// None once the end was seen.
    rest: Option<BodyDataStream>,
}

impl Stream for Lingering {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = rest.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        polled
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), Handle::try_current()) {
            runtime.spawn(discard(rest));
        }
    }
}

/// Bounded in bytes and in time; dropping the stream closes the connection.
async fn discard(mut rest: BodyDataStream) {
    let due = Instant::now() + DISCARDING_TIME_MAX;
    let mut discarded = 0;
    while let Ok(Ok(Some(Ok(piece)))) = timeout_at(due, timeout(PAUSE_MAX, rest.next())).await {
        discarded += piece.len();
        if discarded > DISCARDED_BYTES_MAX {
            return;
        }
    }
}
