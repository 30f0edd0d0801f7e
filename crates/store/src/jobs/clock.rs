//! A database whose clock was set back would keep what is delayed for as long as it was ahead.

use std::time::Duration;

use super::milliseconds;
use crate::{Store, StoreError};

/// What two readings of one clock may differ by.
const NOISE: Duration = Duration::from_secs(5);

/// A job that was put off in the future is put off anew, from now, for as long as it was to be: whether a
/// worker saw the clock being set back, or none was there. Any number of them may call this; a row moves once.
pub async fn put_off_in_the_future(store: &Store) -> Result<u64, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let moved = sqlx::query(
        "UPDATE jobs SET run_at = clock_timestamp() + greatest(run_at - since, interval '0'), since = clock_timestamp()
         WHERE state = 'delayed' AND since > clock_timestamp() + $1 * interval '1 millisecond'",
    )
    .bind(milliseconds(NOISE))
    .execute(tx.connection())
    .await?
    .rows_affected();
    if moved > 0 {
        tx.jobs_wait();
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(moved)
}
