//! Trying again what may succeed in a while.

use std::time::Duration;

use crate::ClientError;

const TRIES_MAX: u32 = 6;
const WAIT_FIRST: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Calls until it answers, or fails for good, or has failed too often. Only for requests that change
/// nothing.
pub(crate) async fn patiently<T>(
    mut call: impl AsyncFnMut() -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match call().await {
            Err(error) if error.is_temporary() && tries < TRIES_MAX => {
                let wait = error.retry_after().unwrap_or(WAIT_FIRST * 2_u32.pow(tries - 1));
                tokio::time::sleep(wait.min(WAIT_MAX)).await;
            }
            answer => return answer,
        }
    }
}
