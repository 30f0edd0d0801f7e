//! A database whose clock was set back would keep what is delayed for as long as it was ahead.

use std::time::Duration;

use super::milliseconds;
use crate::{Store, StoreError};

/// What two readings of one clock may differ by.
const NOISE: Duration = Duration::from_secs(5);

/// The database's clock was set back by so much: what was put off before that is put off by as much
/// less. Any number of workers may say so; a row moves once.
pub async fn clock_went_back(store: &Store, by: Duration) -> Result<u64, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let moved = sqlx::query(
        "UPDATE jobs SET run_at = run_at - $1 * interval '1 millisecond', since = clock_timestamp()
         WHERE state = 'delayed' AND since > clock_timestamp()",
    )
    .bind(milliseconds(by))
    .execute(tx.connection())
    .await?
    .rows_affected();
    tx.jobs_wait();
    tx.commit().await?;
    Ok(moved)
}

/// The same where nobody saw it happen: a job that was put off in the future is put off anew, from now, for
/// as long as it was to be.
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
