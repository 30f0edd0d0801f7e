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
    body::{Body, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::{
    runtime::Handle,
    time::{Instant, timeout, timeout_at},
};

/// More than that is not worth an answer that is read.
const DISCARDED_BYTES_MAX: usize = 64 << 20;
const DISCARDING_TIME_MAX: Duration = Duration::from_secs(10);
const PAUSE_MAX: Duration = Duration::from_secs(2);

pub(crate) async fn lingering(request: Request, next: Next) -> Response {
    let request = request
        .map(|body| if body.is_end_stream() { body } else { Body::new(Lingering { rest: Some(body) }) });
    next.run(request).await
}

/// A body that is read to its end even if nobody wants it.
struct Lingering {
    /// None once the end was seen.
    rest: Option<Body>,
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *rest).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || rest.is_end_stream() {
            self.rest = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), Handle::try_current()) {
            runtime.spawn(discard(rest));
        }
    }
}

/// Bounded in bytes and in time; dropping the body closes the connection.
async fn discard(mut rest: Body) {
    let due = Instant::now() + DISCARDING_TIME_MAX;
    let mut discarded = 0;
    while let Ok(Ok(Some(Ok(frame)))) = timeout_at(due, timeout(PAUSE_MAX, rest.frame())).await {
        discarded += frame.data_ref().map_or(0, Bytes::len);
        if discarded > DISCARDED_BYTES_MAX {
            return;
        }
    }
}
