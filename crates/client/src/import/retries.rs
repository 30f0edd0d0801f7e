//! When to try once more.

use std::time::Duration;

const WAIT_MIN: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(10);

/// How long to go on with one request. As no wait is shorter than [`WAIT_MIN`], that bounds the tries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retries {
    pub(super) total_max: Duration,
}

impl Retries {
    /// How long to wait before try number `tried + 1`, after `elapsed` since the first failed;
    /// none where it is time to give up. The server's own word comes before our doubling.
    pub(super) fn wait(self, tried: u32, elapsed: Duration, asked: Option<Duration>) -> Option<Duration> {
        let doubled = WAIT_MIN.saturating_mul(1 << tried.min(10)).min(WAIT_MAX);
        let wait = asked.map_or(doubled, |asked| asked.max(WAIT_MIN));
        (elapsed + wait <= self.total_max).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_the_server_may_ask_for_longer() {
        let retries = Retries { total_max: Duration::from_mins(5) };
        let wait = |tried| retries.wait(tried, Duration::ZERO, None).unwrap();
        assert_eq!([wait(0), wait(1), wait(2)].map(|w| w.as_millis()), [250, 500, 1000]);
        assert_eq!(wait(60), WAIT_MAX);
        let asked = Some(Duration::from_secs(30));
        assert_eq!(retries.wait(0, Duration::ZERO, asked), asked);
        assert_eq!(retries.wait(0, Duration::from_secs(290), asked), None);
        assert_eq!(retries.wait(0, Duration::from_mins(5), None), None);
        // «At once» is not taken at its word: a busy server must not be asked in a tight loop.
        assert_eq!(retries.wait(0, Duration::ZERO, Some(Duration::ZERO)), Some(WAIT_MIN));
    }
}
