//! Sweeping out what has expired: sessions, tokens, tickets, secrets. None of it is good any more;
//! this only keeps the tables small.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Store, StoreError};

/// Ended sessions are kept a while for the question "what was this session in the log".
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);

/// Called every hour, by any number of servers. Answers how many rows went.
pub async fn sweep(store: &Store, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let mut tx = store.system_tx().await?;
    let mut gone = 0;
    for (statement, before) in [
        // A used token is kept until it would have expired: shown again before, it ends the session.
        ("DELETE FROM refresh_tokens WHERE expires_at <= $1", now),
        ("DELETE FROM sessions WHERE coalesce(ended_at, expires_at) <= $1", now - SESSIONS_KEPT),
        ("DELETE FROM tickets WHERE expires_at <= $1", now),
        ("DELETE FROM one_time_secrets WHERE expires_at <= $1", now),
        ("DELETE FROM signing_keys WHERE retired_at IS NOT NULL AND verifies_until <= $1", now),
    ] {
        gone += sqlx::query(statement).bind(before).execute(tx.connection()).await?.rows_affected();
    }
    tx.commit().await?;
    Ok(gone)
}
