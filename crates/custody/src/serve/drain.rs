//! How long stopping may take.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

/// The time that is left for stopping, requests and background together.
pub(super) struct Drain {
    begun: Arc<OnceLock<Instant>>,
    bound: Duration,
}

impl Drain {
    /// However long the requests took: what followers have begun is a matter of milliseconds.
    const LEFT_MIN: Duration = Duration::from_secs(2);

    pub(super) fn of(stop: &CancellationToken, bound: Duration) -> Self {
        let (begun, stop) = (Arc::<OnceLock<_>>::default(), stop.clone());
        tokio::spawn({
            let begun = Arc::clone(&begun);
            async move {
                stop.cancelled().await;
                begun.get_or_init(Instant::now);
            }
        });
        Self { begun, bound }
    }

    pub(super) fn left(&self) -> Duration {
        let spent = self.begun.get().map_or(Duration::ZERO, Instant::elapsed);
        self.bound.saturating_sub(spent).max(Self::LEFT_MIN)
    }
}
