//! The days of `entries`: made ahead, counted, and dropped once they are empty.

use chrono::{Days, NaiveDate, Utc};

use crate::{ReaperTx, Store, StoreError, connection::Connection};

/// What `/readyz` asks: which days can be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Today by the database's clock (UTC).
    pub today: NaiveDate,
    /// The days from yesterday to the last one ahead that have no partition.
    pub missing: Vec<NaiveDate>,
    /// Days after today that are there without a gap.
    pub ahead: u16,
}

impl Coverage {
    /// Whether an append of today or tomorrow has a place to go.
    pub fn is_writable(&self) -> bool {
        self.ahead >= 1 && !self.missing.contains(&self.today)
    }
}

/// Makes what is missing from yesterday to the configured number of days ahead, and says what is
/// still missing. Called at start and every hour; idempotent, from any number of servers.
pub async fn maintain(store: &Store) -> Result<Coverage, StoreError> {
    let mut tx = store.system_tx().await?;
    create_ahead(tx.connection(), store.partitions_ahead_days()).await?;
    tx.commit().await?;
    coverage(store).await
}

/// Which days can be written to.
pub async fn coverage(store: &Store) -> Result<Coverage, StoreError> {
    let mut tx = store.system_tx().await?;
    let today = today(tx.connection()).await?;
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'entries'::regclass",
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let is_there = |day: &NaiveDate| names.contains(&name(*day));
    let ahead_days = store.partitions_ahead_days();
    let missing: Vec<_> = wanted(today, ahead_days).filter(|day| !is_there(day)).collect();
    let ahead = (1..=u64::from(ahead_days))
        .take_while(|n| today.checked_add_days(Days::new(*n)).is_some_and(|day| is_there(&day)))
        .count();
    let ahead = u16::try_from(ahead).unwrap_or(u16::MAX);
    metrics::gauge!("custody_partitions_ahead_days").set(f64::from(ahead));
    if !missing.is_empty() {
        tracing::error!(partitions.missing = ?missing, "days without a partition of entries");
    }
    Ok(Coverage { today, missing, ahead })
}

/// Makes one day's partition; false when it is there.
pub async fn create(store: &Store, day: NaiveDate) -> Result<bool, StoreError> {
    let mut tx = store.system_tx().await?;
    let made = sqlx::query_scalar("SELECT custody_create_partition($1)")
        .bind(day)
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(made)
}

/// Drops a past day's partition; false when there is none. A day that still holds an entry of any
/// tenant is an error.
pub async fn drop_day(tx: &mut ReaperTx, day: NaiveDate) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT custody_drop_partition($1)").bind(day).fetch_one(tx.connection()).await?)
}

/// The table that holds a day's entries.
pub fn name(day: NaiveDate) -> String {
    format!("entries_{}", day.format("%Y%m%d"))
}

pub(crate) async fn create_ahead(connection: &mut Connection, ahead_days: u16) -> Result<(), StoreError> {
    let today = today(connection).await?;
    for day in wanted(today, ahead_days) {
        sqlx::query("SELECT custody_create_partition($1)").bind(day).execute(&mut *connection).await?;
    }
    Ok(())
}

/// From yesterday, because a clock that is set back a little goes on writing there.
fn wanted(today: NaiveDate, ahead_days: u16) -> impl Iterator<Item = NaiveDate> {
    today.pred_opt().unwrap_or(today).iter_days().take(usize::from(ahead_days.max(1)) + 2)
}

/// By the database's clock, which is the log's.
async fn today(connection: &mut Connection) -> Result<NaiveDate, StoreError> {
    let now: chrono::DateTime<Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(connection).await?;
    Ok(now.date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_wanted_from_yesterday_to_the_last_one_ahead() {
        let today = NaiveDate::from_ymd_opt(2024, 2, 28).unwrap_or_default();
        let names: Vec<_> = wanted(today, 2).map(name).collect();
        assert_eq!(names, ["entries_20240227", "entries_20240228", "entries_20240229", "entries_20240301"]);
    }
}
