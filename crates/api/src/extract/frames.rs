//! A request's body as it comes, at a pace.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout};

use super::halt::Halt;

/// Bytes a second below which a client is too slow, once its first pause is over. Without it one
/// byte a pause would hold a connection for years.
pub(super) const PACE_MIN: u64 = 1024;

/// What is left of a body. Only the time that is spent waiting for the client counts as its.
#[derive(Debug)]
pub(crate) struct Frames {
    body: Body,
    pause_max: Duration,
    received: u64,
    waited: Duration,
}

impl Frames {
    pub(crate) fn new(body: Body, pause_max: Duration) -> Self {
        Self { body, pause_max, received: 0, waited: Duration::ZERO }
    }

    /// The next piece; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Halt> {
        loop {
            let patience = self.pause_max + Duration::from_secs(self.received / PACE_MIN);
            let left = patience.saturating_sub(self.waited).min(self.pause_max);
            let begun = Instant::now();
            let next = timeout(left, self.body.frame()).await;
            self.waited += begun.elapsed();
            let frame = match next {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(Halt::BrokeOff(error)),
                Err(_) => return Err(Halt::TooSlow { received: self.received, pause_max: self.pause_max }),
            };
            // What is no data are trailers, which say nothing here.
            if let Ok(data) = frame.into_data()
                && !data.is_empty()
            {
                self.received += data.len() as u64;
                return Ok(Some(data));
            }
        }
    }

    /// Whether nothing more will come, as far as is known without waiting.
    pub(crate) fn is_at_end(&self) -> bool {
        self.body.is_end_stream()
    }
}
