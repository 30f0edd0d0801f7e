//! Sweeping out what has expired: sessions, tokens, tickets, secrets, requests' keys. None of it is good any more;
//! this only keeps the tables small.

use chrono::{DateTime, TimeDelta, Utc};
use custody_domain::EntryId;

use crate::{Store, StoreError, event_keys::REQUEST_KEYS_KEPT};

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
    // By the log's clock, as they are looked up: a server whose clock is ahead forgets none early.
    let of_log: DateTime<Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(tx.connection()).await?;
    let oldest = EntryId::lower_bound(of_log - REQUEST_KEYS_KEPT);
    gone += sqlx::query("DELETE FROM request_keys WHERE id < $1")
        .bind(oldest.0)
        .execute(tx.connection())
        .await?
        .rows_affected();
    tx.commit().await?;
    Ok(gone)
}
