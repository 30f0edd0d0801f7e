//! How fast findings are imported, how much memory that takes, and how many bytes they have in the
//! database.
//!
//! `import_rate make OCSF FILE COUNT` writes COUNT findings, made from those of a file of Prowler's with
//! other accounts and resources, laid out as Prowler does; `import_rate run FILE` imports it twice into a
//! new database of the server of `CUSTODY_TEST_DATABASE_URL`: first into an empty tenant, then as a second
//! scan that is compared with the first.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example ends where it cannot go on")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    time::Instant,
};

use chrono::Utc;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{ScanId, TenantId};
use custody_keys::Keys;
use custody_scans::{
    finding::{Context, indented},
    import::{Bounds, Import},
};
use custody_store::{
    DatabaseConfig, DatabaseRole, Store,
    findings::{self, ScanRef},
    migrate,
};
use custody_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["make", from, to, count] => make(from, to, count.parse().unwrap()),
        ["run", file] => run(file).await,
        _ => eprintln!("import_rate make OCSF FILE COUNT | import_rate run FILE"),
    }
}

fn make(from: &str, to: &str, count: usize) {
    let text = fs::read_to_string(from).unwrap();
    let findings: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(&text).unwrap();
    let mut file = BufWriter::new(File::create(to).unwrap());
    for n in 0..count {
        let copy = n / findings.len();
        let text = other(findings[n % findings.len()].get(), copy);
        let mut laid_out = String::from(if n == 0 { "[\n    " } else { ",\n    " });
        // It is laid out already: the white space is the source's.
        if text.contains('\n') {
            laid_out.push_str(&text);
        } else {
            indented(&text, 1, &mut laid_out);
        }
        file.write_all(laid_out.as_bytes()).unwrap();
    }
    file.write_all(b"\n]").unwrap();
    file.flush().unwrap();
}

/// The same finding of another resource, and every hundredth copy of another account.
fn other(text: &str, copy: usize) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let name = value["resources"][0]["name"].as_str().unwrap();
    let other = text.replace("123456789012", &format!("1234567{:05}", copy / 100));
    let renamed = other.replace(name, &format!("{name}-{copy:04}"));
    // Of the account itself: the name is its number, which was replaced.
    if renamed == other { other.replace("1234567", &format!("{:07}", 2_000_000 + copy)) } else { renamed }
}

async fn run(file: &str) {
    let database = TestDatabase::create().await;
    let config = DatabaseConfig::new(database.url());
    let keys = tempfile::tempdir().unwrap();
    let keys = Keys::local(&keys.path().join("master.key")).unwrap();
    migrate(&config, &keys, None).await.unwrap();
    let store = Store::connect(&config, &keys).await.unwrap();
    let scope = tenant(&store, &database).await;
    let before = peak_rss_mb();
    let first = ScanRef { id: ScanId(Uuid::now_v7()), previous: None };
    let kept = import(&store, &scope, first, file).await;
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    sizes(&mut owner, kept).await;
    let second = ScanRef { id: ScanId(Uuid::now_v7()), previous: Some(first.id) };
    import(&store, &scope, second, file).await;
    sizes(&mut owner, 2 * kept).await;
    println!("peak memory: {:.0} MB ({before:.0} MB before the first)", peak_rss_mb());
}

async fn tenant(store: &Store, database: &TestDatabase) -> Scope {
    let tenant = TenantId(Uuid::now_v7());
    let role = store.installation().role_name(DatabaseRole::System);
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    let sql = format!(
        "GRANT \"{role}\" TO CURRENT_USER; SET ROLE \"{role}\";
         INSERT INTO tenants (id, name, title) VALUES ('{tenant}', 'rate', 'T')"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
    SystemAuthority::assume().scope(tenant, "import_rate")
}

async fn import(store: &Store, scope: &Scope, scan: ScanRef, file: &str) -> u64 {
    let start = Instant::now();
    let context = Context { provider: None, account: None, seen_at: Utc::now() };
    let file = tokio::fs::File::open(file).await.unwrap();
    let mut import = Import::start(file, context, Bounds::default());
    let (mut waited, mut inserting, mut committing) = (0.0, 0.0, 0.0);
    loop {
        let at = Instant::now();
        let Some(batch) = import.next().await else { break };
        waited += at.elapsed().as_secs_f64();
        let at = Instant::now();
        let mut tx = store.tenant_tx(scope).await.unwrap();
        let inserted = findings::insert(&mut tx, &scan, &batch, Utc::now()).await.unwrap();
        inserting += at.elapsed().as_secs_f64();
        let at = Instant::now();
        tx.commit().await.unwrap();
        committing += at.elapsed().as_secs_f64();
        import.kept(&batch, &inserted);
    }
    let seconds = start.elapsed().as_secs_f64();
    let report = import.into_report();
    println!(
        "{} kept, {} known, {} collisions, {} refused in {seconds:.2} s: {:.0} findings/s \
         (waited for the file {waited:.2} s, insert {inserting:.2} s, commit {committing:.2} s)",
        report.kept,
        report.known,
        report.collisions,
        report.refused,
        (report.kept + report.known) as f64 / seconds
    );
    if let Some(broken) = &report.broken {
        println!("{broken:?}");
    }
    report.kept
}

async fn sizes(owner: &mut PgConnection, findings: u64) {
    let mut total = 0;
    for table in ["finding_bases", "resources", "findings"] {
        sqlx::raw_sql(AssertSqlSafe(format!("VACUUM ANALYZE {table}"))).execute(&mut *owner).await.unwrap();
        let (whole, heap): (i64, i64) = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT pg_total_relation_size('{table}'), pg_table_size('{table}')"
        )))
        .fetch_one(&mut *owner)
        .await
        .unwrap();
        total += whole;
        println!(
            "  {table}: {:.0} bytes a finding ({:.0} without indexes)",
            whole as f64 / findings as f64,
            heap as f64 / findings as f64
        );
    }
    println!("  in all: {:.0} bytes a finding", total as f64 / findings as f64);
    let indexes: Vec<(String, i64)> = sqlx::query_as(
        "SELECT indexrelname::text, pg_relation_size(indexrelid) FROM pg_stat_user_indexes
         WHERE relname IN ('finding_bases', 'resources', 'findings') ORDER BY 2 DESC",
    )
    .fetch_all(&mut *owner)
    .await
    .unwrap();
    for (index, bytes) in indexes {
        println!("    {index}: {:.0}", bytes as f64 / findings as f64);
    }
}

fn peak_rss_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
