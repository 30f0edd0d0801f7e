//! How fast the PostgreSQL queue is: empty jobs a second, from asking to beginning when idle, and claims
//! where little and where much waits.
//!
//! ```sh
//! CUSTODY_PG_DURABLE=1 scripts/with-postgres cargo run --release -p custody-queue --example queue_rate
//! ```
//!
//! The arguments: jobs (40,000), workers (4). Every worker has connections of its own, as another process
//! has; all are in this process. The database is a real one; with `CUSTODY_PG_DURABLE` it keeps its
//! promises, without it commits wait for no disk.

mod rig;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use custody_auth::Scope;
use custody_domain::TenantId;
use custody_queue::{Job as _, Options, Postgres, enqueue, hear};
use custody_store::jobs;
use uuid::Uuid;

use crate::rig::{Empty, Error, Rig, Running, stop};

struct Bench(Rig);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut next = |default: usize| numbers.next().unwrap_or(Ok(default));
    let (many, workers) = (next(40_000)?, next(4)?.max(1));
    let mut bench = Bench(Rig::new().await?);
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut bench.0.owner).await?;
    println!("{many} jobs, {workers} workers, fsync {fsync}");
    let tenants = bench.0.tenants(20).await?;
    for round in 1..=3 {
        let before = bench.cpu_seconds().await?;
        let (enqueued, ran, both) = bench.throughput(&tenants, many, workers).await?;
        println!(
            "round {round}: enqueued {enqueued:.0}/s, then run {ran:.0}/s; enqueued and run beside each other {both:.0}/s"
        );
        let after = bench.cpu_seconds().await?;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let each = |seconds: f64| seconds * 1e6 / (2 * many) as f64;
        println!(
            "  CPU a job: {:.0} µs here, {:.0} µs in the database",
            each(after.0 - before.0),
            each(after.1 - before.1)
        );
    }
    bench.latency(&tenants[0]).await?;
    bench.claims().await?;
    Ok(())
}

impl Bench {
    async fn workers(&self, count: usize) -> Result<Vec<Running>, Error> {
        let postgres = |store: &_, heard: &hear::Heard| -> Arc<dyn custody_queue::Dispatch> {
            Arc::new(Postgres::new(Clone::clone(store), heard.wait.clone(), true))
        };
        self.0.workers(count, postgres).await
    }

    async fn throughput(
        &mut self,
        tenants: &[Scope],
        many: usize,
        workers: usize,
    ) -> Result<(f64, f64, f64), Error> {
        let many = many / 400 * 400;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = |begun: Instant| many as f64 / begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        self.0.enqueue(tenants, many).await?;
        let enqueued = rate(begun);
        let begun = Instant::now();
        let running = self.workers(workers).await?;
        self.0.until_ended(many).await?;
        let ran = rate(begun);
        let announcing = tokio::spawn(hear::announce(self.0.store.clone()));
        let begun = Instant::now();
        self.0.enqueue(tenants, many).await?;
        self.0.until_ended(many).await?;
        let both = rate(begun);
        announcing.abort();
        stop(running).await;
        Ok((enqueued, ran, both))
    }

    /// Of this process, and of the database's.
    async fn cpu_seconds(&mut self) -> Result<(f64, f64), Error> {
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut self.0.owner).await?;
        let database = parent_and_ticks(&format!("/proc/{backend}/stat")).ok_or("no such process")?.0;
        let mut ticks = 0;
        for entry in std::fs::read_dir("/proc")? {
            let path = entry?.path();
            let Some((parent, own, ended)) = parent_and_ticks(&path.join("stat").to_string_lossy()) else {
                continue;
            };
            if path.ends_with(database.to_string()) {
                ticks += own + ended;
            } else if parent == database {
                ticks += own;
            }
        }
        let own = parent_and_ticks("/proc/self/stat").ok_or("no such process")?.1;
        // 100 a second on every Linux.
        #[expect(clippy::cast_precision_loss, reason = "ticks of a day")]
        Ok((own as f64 / 100.0, ticks as f64 / 100.0))
    }

    /// One at a time, asked for by another process than the one that runs it.
    async fn latency(&mut self, tenant: &Scope) -> Result<(), Error> {
        let running = self.workers(1).await?;
        let announcing = tokio::spawn(hear::announce(self.0.store.clone()));
        // A measurement, and no test: until the worker has nothing to do.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut waits = Vec::new();
        for _ in 0..300 {
            // A measurement, and no test: each is to find an idle worker.
            tokio::time::sleep(Duration::from_millis(40)).await;
            let asked = Instant::now();
            let mut tx = self.0.store.tenant_tx(tenant).await?;
            enqueue(&mut tx, tenant, &Empty, Options::default()).await?;
            tx.commit().await?;
            let begun = self.0.begun.recv().await.ok_or("nothing begins any more")?;
            waits.push(begun.duration_since(asked).as_secs_f64() * 1000.0);
        }
        waits.sort_by(f64::total_cmp);
        println!(
            "asking to beginning, idle: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
            waits[150], waits[297], waits[299]
        );
        announcing.abort();
        stop(running).await;
        Ok(())
    }

    /// Ten jobs at a time, where 100 wait and where 100,000 of 1,000 tenants do, by turns.
    async fn claims(&mut self) -> Result<(), Error> {
        let tenants = self.0.tenants(1000).await?;
        sqlx::query("ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY").execute(&mut self.0.owner).await?;
        for round in 1..=2 {
            let mut took = Vec::new();
            for waiting in [100, 100_000] {
                sqlx::query("TRUNCATE jobs").execute(&mut self.0.owner).await?;
                let mut times = Vec::new();
                while times.len() < 200 {
                    let per_tenant = waiting / tenants.len().min(waiting);
                    self.fill(&tenants[..tenants.len().min(waiting)], per_tenant).await?;
                    let mut after = TenantId(Uuid::nil());
                    for _ in 0..if waiting == 100 { 10 } else { 200 } {
                        let lane = jobs::Lane {
                            kind: Empty::KIND,
                            version: 1,
                            room: 10,
                            installation_max: None,
                            tenant_max: None,
                            after,
                        };
                        let begun = Instant::now();
                        let claims = jobs::claim(&self.0.store, Uuid::new_v4(), &[lane], 10, false).await?;
                        times.push(begun.elapsed().as_secs_f64() * 1e6);
                        assert_eq!(claims.len(), 10);
                        after = claims.last().map_or(after, |claim| claim.job.tenant);
                    }
                    if waiting == 100 {
                        sqlx::query("UPDATE jobs SET state = 'succeeded', holder = NULL, ended_at = now()")
                            .execute(&mut self.0.owner)
                            .await?;
                    }
                }
                times.sort_by(f64::total_cmp);
                took.push(times[times.len() / 2]);
            }
            println!(
                "round {round}: a claim of ten takes {:.0} µs where 100 wait, {:.0} µs where 100,000 of 1,000 tenants do (median of 200)",
                took[0], took[1]
            );
        }
        Ok(())
    }

    async fn fill(&mut self, tenants: &[Scope], each: usize) -> Result<(), Error> {
        let ids: Vec<_> = tenants.iter().map(|scope| scope.tenant().0).collect();
        sqlx::query(
            "INSERT INTO jobs (tenant_id, id, kind, payload, payload_version, state, run_at, attempts_max, created_by, program)
             SELECT t, gen_random_uuid(), $1, 'null', 1, 'waiting', now(), 5, 'system:bench', '0'
             FROM unnest($2::uuid[]) AS t, generate_series(1, $3::int)",
        )
        .bind(Empty::KIND)
        .bind(ids)
        .bind(i32::try_from(each)?)
        .execute(&mut self.0.owner)
        .await?;
        Ok(())
    }
}

/// Of a process: its parent, its own ticks, and those of its children that have ended (proc(5)).
fn parent_and_ticks(stat: &str) -> Option<(u32, u64, u64)> {
    let text = std::fs::read_to_string(stat).ok()?;
    let fields: Vec<_> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let parent = fields.get(1)?.parse().ok()?;
    Some((parent, number(11)? + number(12)?, number(13)? + number(14)?))
}
