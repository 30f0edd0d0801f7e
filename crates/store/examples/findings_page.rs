//! How long a page of findings takes, by severity, and counting them, of so many current ones:
//! `cargo run --release -p custody-store --example findings_page -- 1000000`, with
//! `CUSTODY_TEST_DATABASE_URL`. It leaves its database there, and prints its name.

use std::time::{Duration, Instant};

use chrono::Utc;
use custody_auth::SystemAuthority;
use custody_domain::{
    TenantId,
    finding::query::{Narrow, parse},
};
use custody_keys::Keys;
use custody_store::{
    DatabaseConfig, DatabaseRole, Store,
    findings::{self, Stretch},
    migrate,
};
use custody_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// As many as a scan of a large account finds of each: few are critical.
const FINDINGS: &str = "
    INSERT INTO finding_bases (tenant_id, id, provider, check_id, service, title, form, body)
    SELECT '{tenant}', md5('b' || n)::uuid, 'aws', 'check_' || n, 'service_' || n % 60, 'Check ' || n, 1, '\\x00'
    FROM generate_series(0, 599) AS n;
    INSERT INTO resources (tenant_id, id, provider, account, uid, name, type, region, service, first_seen_at,
        last_seen_at)
    SELECT '{tenant}', md5('r' || n)::uuid, 'aws', '111122223333', 'arn:aws:s3:::bucket-' || n, 'bucket-' || n,
        'AwsS3Bucket', 'eu-west-1', 's3', now(), now()
    FROM generate_series(0, {count} / 5) AS n;
    INSERT INTO findings (tenant_id, id, scan_id, base_id, resource_id, key, status, severity, evidence, delta,
        current, check_id, region, account, first_seen_at, last_seen_at, body)
    SELECT '{tenant}', (lpad(to_hex(1790000000000 + n), 12, '0') || '7' || substr(md5('i' || n), 1, 3) || '8'
            || substr(md5('j' || n), 1, 15))::uuid,
        '{tenant}', md5('b' || n % 600)::uuid, md5('r' || n % ({count} / 5))::uuid, md5('k' || n)::uuid, 1 + n % 2,
        CASE WHEN n % 100 < 1 THEN 5 WHEN n % 100 < 11 THEN 4 WHEN n % 100 < 50 THEN 3
            WHEN n % 100 < 90 THEN 2 ELSE 1 END,
        0, 1, true, 'check_' || n % 600, 'eu-west-' || n % 3, '111122223333', now(), now(),
        decode(repeat(md5('x' || n), 24), 'hex')
    FROM generate_series(1, {count}) AS n;";

const QUERIES: [&str; 6] = [
    "current:true severity:critical",
    "current:true severity>=high",
    "current:true",
    "current:true severity:critical status:FAIL",
    "current:true service:service_7",
    "current:true resource:bucket-77",
];

#[tokio::main(flavor = "multi_thread")]
async fn main() -> anyhow::Result<()> {
    let count: u64 = std::env::args().nth(1).map_or(Ok(50_000), |count| count.parse())?;
    let folder = tempfile::tempdir()?;
    let keys = Keys::local(&folder.path().join("master.key"))?;
    let database = TestDatabase::create().await;
    let config = DatabaseConfig::new(database.url());
    let installation = migrate(&config, &keys, None).await?.installation;
    let store = Store::connect(&config, &keys).await?;
    let tenant = TenantId(Uuid::now_v7());
    let mut owner = PgConnection::connect(database.url()).await?;
    let (app, system) =
        (installation.role_name(DatabaseRole::App), installation.role_name(DatabaseRole::System));
    let fill = FINDINGS.replace("{tenant}", &tenant.to_string()).replace("{count}", &count.to_string());
    for sql in [
        format!("GRANT \"{app}\", \"{system}\" TO CURRENT_USER"),
        format!("SET ROLE \"{system}\"; INSERT INTO tenants (id, name, title) VALUES ('{tenant}', 'a', 'A')"),
        format!("SET ROLE \"{app}\"; SET app.tenant_id = '{tenant}'"),
        fill,
        "RESET ROLE; ANALYZE findings; ANALYZE resources; ANALYZE finding_bases".to_owned(),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await?;
    }
    println!("{count} findings in {}, of the tenant {tenant}", database.name());
    let scope = SystemAuthority::assume().scope(tenant, "example");
    for text in QUERIES {
        let narrow = Narrow::of(&parse(text)?);
        let (mut times, mut found, mut after) = (Vec::new(), 0, None);
        for _ in 0..300 {
            let begun = Instant::now();
            let mut tx = store.tenant_tx(&scope).await?;
            let stretch = Stretch {
                narrow: &narrow,
                newest_first: true,
                after,
                rows: 101,
                bodies: false,
                now: Utc::now(),
            };
            let looked = findings::look(&mut tx, &stretch).await?;
            tx.commit().await?;
            times.push(begun.elapsed());
            found += looked.findings.len();
            after = looked.last;
        }
        times.sort_unstable();
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or(Duration::ZERO);
        println!("{text}: p50 {:?}, p95 {:?}, {found} found in {} stretches", at(50), at(95), times.len());
    }
    let mut times = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        let mut tx = store.tenant_tx(&scope).await?;
        let counts = findings::counts(&mut tx, None).await?;
        tx.commit().await?;
        times.push((begun.elapsed(), counts.len()));
    }
    times.sort_unstable();
    println!("counts: p50 {:?} for {} groups", times[times.len() / 2].0, times[0].1);
    Ok(())
}
