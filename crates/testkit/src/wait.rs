//! Waiting for a condition, with a bound; never for a time.

use std::time::{Duration, Instant};

/// Polls `condition` until it answers `Some`, for at most 30 s, then fails naming `what`.
pub async fn eventually<T, F, Fut>(what: &str, mut condition: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "did not happen within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
