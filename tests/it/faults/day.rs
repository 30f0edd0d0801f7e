//! Midnight under load, and a day without a partition.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use custody_testkit::eventually;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{
    evidence,
    faketime::Clock,
    load::{self, Shape},
    on_a_database_of_its_own, on_a_private_database, skipped, with,
};
use crate::support::{
    Server,
    server::{Options, readable_temp_dir},
};

const SHAPE: Shape = Shape { clients: 3, bodies: 20 };

fn days(log: &[Value]) -> Vec<NaiveDate> {
    let received = |entry: &Value| entry["received_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let mut days: Vec<_> = log.iter().map(|entry| received(entry).date_naive()).collect();
    days.dedup();
    days
}

/// Over midnight, and then far past the last day that was made ahead.
#[tokio::test]
async fn rolls_over_under_load_and_a_missing_day_is_made() {
    let folder = readable_temp_dir();
    let Some(clock) = Clock::make(folder.path()) else {
        return skipped("the day rolling over", "libfaketime or packaged server programs are missing");
    };
    let flags = vec!["--partitions-ahead-days=1".to_owned()];
    let options = Options { flags, ..with(&on_a_private_database(folder.path()), &clock.environment()) };
    let server = Server::start(options).await;
    let tenant = server.tenant().await;

    let midnight = (Utc::now().date_naive() + Days::new(1)).and_time(chrono::NaiveTime::MIN).and_utc();
    let offset = midnight - Utc::now() - TimeDelta::milliseconds(1_500);
    clock.set(&format!("+{}", offset.as_seconds_f64()));
    let stop = std::sync::atomic::AtomicBool::new(false);
    let past = async {
        eventually("an entry of the next day", || async {
            let written = tenant.write("fault.midnight").await;
            let at: DateTime<Utc> = written["received_at"].as_str().unwrap().parse().unwrap();
            (at > midnight).then_some(())
        })
        .await;
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let endless = Shape { bodies: 10_000, ..SHAPE };
    let (mut sent, ()) = tokio::join!(load::until_stopped(&tenant.writer, endless, &stop), past);
    // Two days that nobody made a partition for.
    clock.set("+432000");
    sent.add(load::through(&tenant.writer, SHAPE).await);
    sent.settle(&tenant.writer).await;

    let log = evidence::check(&server, &tenant, &sent).await;
    let today = Utc::now().date_naive();
    let seen = days(&log);
    let expected = [0, 1, 5].map(|n| today + Days::new(n));
    assert!(expected.iter().all(|day| seen.contains(day)), "{seen:?} has not all of {expected:?}");
    assert!(server.stop().await.success());
}

/// Somebody took today's partition away; their rows come back before the log is looked at.
#[tokio::test]
async fn todays_partition_is_missing() {
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    let mut sent = load::through(&tenant.writer, SHAPE).await;

    let mut owner = PgConnection::connect(options.database.as_deref().unwrap()).await.unwrap();
    let today = Utc::now().format("entries_%Y%m%d").to_string();
    let mut as_owner = async |statement: String| {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut owner).await.unwrap();
    };
    as_owner(format!(
        "BEGIN; ALTER TABLE entries DETACH PARTITION {today}; ALTER TABLE {today} RENAME TO set_aside; COMMIT"
    ))
    .await;
    sent.add(load::through(&tenant.writer, SHAPE).await);
    as_owner(format!("INSERT INTO {today} SELECT * FROM set_aside; DROP TABLE set_aside")).await;

    sent.settle(&tenant.writer).await;
    evidence::check(&server, &tenant, &sent).await;
    assert!(server.stop().await.success());
}
