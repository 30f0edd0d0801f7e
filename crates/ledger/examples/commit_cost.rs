//! What a commit costs: CPU of the database and of this process, bytes and WAL per entry, and the
//! time of an acknowledgement, for the ledger alone on a database of its own.
//!
//! ```sh
//! DATABASE_URL=postgres://owner:password@127.0.0.1/empty POSTMASTER=<pid> \
//!   cargo run --release -p custody-ledger --example commit_cost -- 200000 1000 4 [event_id]
//! ```
//!
//! Arguments: entries, entries a request, requests at once, and `event_id` where each entry is to
//! have one. Real records come from `CUSTODY_TEST_DATA`. Without POSTMASTER (its process id on this
//! machine) the database's CPU is not counted.

use std::{
    error::Error,
    fs,
    time::{Duration, Instant},
};

use custody_auth::{Scope, SystemAuthority};
use custody_domain::{
    TenantId,
    commitment::Salt,
    content,
    json::{Limits, Value, parse},
};
use custody_keys::Keys;
use custody_ledger::{CommitConfig, Draft, Ledger};
use custody_store::{DatabaseConfig, Store, heads, migrate};
use custody_testkit::entries;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;

const TENANTS: usize = 20;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (count, a_request, at_once) = (number(100_000), number(1_000), number(4));
    let with_event_id = std::env::args().any(|argument| argument == "event_id");
    let url = std::env::var("DATABASE_URL")?;
    let dir = tempfile::tempdir()?;
    let keys = Keys::local(&dir.path().join("master.key"))?;
    let config = DatabaseConfig::new(url.as_str());
    migrate(&config, &keys, None).await?;
    let store = Store::connect(&config, &keys).await?;
    let ledger = Ledger::new(store.clone(), keys, CommitConfig::default());
    let mut owner = PgConnection::connect(&url).await?;
    let scopes = tenants(&store, &mut owner).await?;

    let requests = requests(&ledger, &scopes, count, a_request, with_event_id).await?;
    let before = Reading::take(&mut owner).await?;
    let begun = Instant::now();
    let mut waits = append(&ledger, requests, at_once).await?;
    let elapsed = begun.elapsed();
    let after = Reading::take(&mut owner).await?;

    waits.sort_unstable();
    let quantile = |q: usize| waits.get((waits.len() - 1) * q / 100).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let each = |total: f64| total / count as f64;
    println!("{count} entries, {a_request} a request, {at_once} at once, event ids: {with_event_id}");
    println!("  {:.0} entries/s", 1.0 / each(elapsed.as_secs_f64()));
    println!("  acknowledged after {:?} (median), {:?} (99 %)", quantile(50), quantile(99));
    println!(
        "  CPU an entry: database {:.2} µs, this process {:.2} µs",
        each(after.database_us - before.database_us),
        each(after.own_us - before.own_us)
    );
    println!("  WAL an entry: {:.0} bytes", each(after.wal_bytes - before.wal_bytes));
    for (table, bytes) in &after.tables {
        let earlier = before.tables.iter().find(|(name, _)| name == table).map_or(0.0, |(_, bytes)| *bytes);
        println!("  {table}: {:.1} bytes an entry", each(bytes - earlier));
    }
    Ok(())
}

async fn tenants(store: &Store, owner: &mut PgConnection) -> Result<Vec<Scope>, Failure> {
    let system = store.installation().role_name(custody_store::DatabaseRole::System);
    let become_it = format!("GRANT \"{system}\" TO CURRENT_USER; SET ROLE \"{system}\"");
    sqlx::raw_sql(AssertSqlSafe(become_it)).execute(&mut *owner).await?;
    let authority = SystemAuthority::assume();
    let mut scopes = Vec::new();
    for _ in 0..TENANTS {
        let id = Uuid::now_v7();
        sqlx::query("INSERT INTO tenants (id, name, title) VALUES ($1, $2, 'T')")
            .bind(id)
            .bind(format!("t-{}", id.simple()))
            .execute(&mut *owner)
            .await?;
        let mut tx = store.system_tx().await?;
        heads::create(&mut tx, TenantId(id)).await?;
        tx.commit().await?;
        scopes.push(authority.scope(TenantId(id), "bench"));
    }
    sqlx::raw_sql("RESET ROLE").execute(owner).await?;
    Ok(scopes)
}

/// Requests of tenants with a share that falls as 1/n (Zipf).
async fn requests(
    ledger: &Ledger,
    scopes: &[Scope],
    count: usize,
    a_request: usize,
    with_event_id: bool,
) -> Result<Vec<(Scope, Vec<Draft>)>, Failure> {
    let records = entries::records().ok_or("CUSTODY_TEST_DATA is not set")?;
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let shares: Vec<f64> = (1..=scopes.len()).map(|n| 1.0 / n as f64).collect();
    let total: f64 = shares.iter().sum();
    let mut texts = entries::native(&records, 7, count, with_event_id);
    let mut requests = Vec::new();
    loop {
        let mut at = rand::random::<f64>() * total;
        let tenant = shares
            .iter()
            .position(|share| {
                at -= share;
                at <= 0.0
            })
            .unwrap_or(0);
        let scope = scopes.get(tenant).ok_or("no such tenant")?;
        let mut drafts = Vec::with_capacity(a_request);
        for text in texts.by_ref().take(a_request) {
            drafts.push(draft(ledger, scope, &text, with_event_id).await?);
        }
        if drafts.is_empty() {
            return Ok(requests);
        }
        requests.push((scope.clone(), drafts));
    }
}

async fn draft(ledger: &Ledger, scope: &Scope, text: &[u8], with_event_id: bool) -> Result<Draft, Failure> {
    let Value::Object(mut content) = parse(text, &Limits::default()).map_err(|e| e.to_string())? else {
        return Err("an entry is an object".into());
    };
    content::normalise(&mut content).map_err(|e| e.to_string())?;
    let event = if with_event_id {
        let id = content.get("event_id").and_then(Value::as_str).ok_or("no event_id")?;
        Some(ledger.event_keys(scope).await?.of_event(("custody", id), text))
    } else {
        None
    };
    Ok(Draft::new(&content, Salt(rand::random()), event)?)
}

/// Each request's time until it was acknowledged.
async fn append(
    ledger: &Ledger,
    requests: Vec<(Scope, Vec<Draft>)>,
    at_once: usize,
) -> Result<Vec<Duration>, Failure> {
    let queue = std::sync::Arc::new(std::sync::Mutex::new(requests.into_iter()));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        let (ledger, queue) = (ledger.clone(), std::sync::Arc::clone(&queue));
        clients.spawn(async move {
            let mut waits = Vec::new();
            loop {
                let next = queue.lock().map_err(|_| "poisoned")?.next();
                let Some((scope, drafts)) = next else { return Ok::<_, Failure>(waits) };
                let begun = Instant::now();
                ledger.append(&scope, drafts).await?;
                waits.push(begun.elapsed());
            }
        });
    }
    let mut waits = Vec::new();
    while let Some(client) = clients.join_next().await {
        waits.extend(client??);
    }
    Ok(waits)
}

struct Reading {
    database_us: f64,
    own_us: f64,
    wal_bytes: f64,
    tables: Vec<(String, f64)>,
}

impl Reading {
    async fn take(owner: &mut PgConnection) -> Result<Self, Failure> {
        let postmaster = std::env::var("POSTMASTER").unwrap_or_default();
        let mut database_us = 0.0;
        for process in fs::read_dir("/proc")? {
            let Ok(stat) = fs::read_to_string(process?.path().join("stat")) else { continue };
            let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
            let fields: Vec<_> = rest.split(' ').collect();
            if fields.get(1).is_some_and(|parent| *parent == postmaster) {
                database_us += cpu_us(&fields);
            }
        }
        let own = fs::read_to_string("/proc/self/stat")?;
        let own = own.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect::<Vec<_>>());
        let wal_bytes = sqlx::query_scalar("SELECT (pg_current_wal_lsn() - '0/0')::float8")
            .fetch_one(&mut *owner)
            .await?;
        let tables = sqlx::query_as(
            "SELECT regexp_replace(relname, '_[0-9]{8}', ''), sum(pg_total_relation_size(oid))::float8
             FROM pg_class WHERE relkind = 'r' AND relname ~ '^(entries_|event_keys|request_keys|heads)'
             GROUP BY 1 ORDER BY 1",
        )
        .fetch_all(owner)
        .await?;
        Ok(Self { database_us, own_us: own.map_or(0.0, |fields| cpu_us(&fields)), wal_bytes, tables })
    }
}

/// User and system time (proc(5), fields 14 and 15; the first here is field 3), in ticks of 10 ms.
fn cpu_us(fields: &[&str]) -> f64 {
    fields.get(11..13).into_iter().flatten().filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        * 10_000.0
}
