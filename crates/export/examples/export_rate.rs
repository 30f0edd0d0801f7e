//! How fast a tenant's log becomes a file, and what memory that takes: each format three times, and bundles.
//!
//! ```sh
//! CUSTODY_PG_DURABLE=1 scripts/with-postgres \
//!   cargo run --release --package custody-export --example export_rate [entries]
//! ```
//!
//! Entries are made of real records (`CUSTODY_TEST_DATA`), about 1.1 KB each. They are read from
//! PostgreSQL, and the file is thrown away: what is measured is everything before the network. The peak of
//! memory is this process's (`VmHWM`, reset before each run), beside what it had before the first one.

use std::{error::Error, fs, time::Instant};

use chrono::Utc;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{
    TenantId,
    commitment::Salt,
    content,
    json::{Limits, Value, parse},
    query,
};
use custody_export::{Compression, Exports, Format, Manifest, Piece, Request};
use custody_keys::Keys;
use custody_ledger::{CommitConfig, Draft, Ledger};
use custody_search::Asked;
use custody_store::{
    DatabaseConfig, Store, migrate, partitions,
    tenants::{self, NewTenant},
};
use custody_testkit::{TestDatabase, entries};
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;

const ENTRIES: usize = 300_000;
const REQUEST: usize = 2_000;
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(ENTRIES);
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::create().await;
    let keys = Keys::local(&folder.path().join("master.key"))?;
    let config = DatabaseConfig::new(database.url());
    migrate(&config, &keys, None).await?;
    let store = Store::connect(&config, &keys).await?;
    partitions::maintain(&store).await?;
    let ledger = Ledger::new(store.clone(), keys, CommitConfig::default());
    let scope = tenant(&store).await?;
    load(&ledger, &scope, count).await?;
    let exports = Exports::new(ledger);
    let before = memory_kib("VmRSS:")?;
    println!("{count} entries; {} MiB before the first export", before / 1024);
    let runs = [
        (Format::Ndjson, Compression::None, ""),
        (Format::Json, Compression::None, ""),
        (Format::Csv, Compression::None, ""),
        (Format::Parquet, Compression::None, ""),
        (Format::Ndjson, Compression::Zstd, ""),
        (Format::Ndjson, Compression::Gzip, ""),
        (Format::Ndjson, Compression::None, "outcome:failure severity>=WARNING"),
    ];
    for (format, compression, asked) in runs {
        let mut rates = Vec::new();
        let (mut last, mut peak) = (None, 0);
        for _ in 0..ROUNDS {
            // Resets the peak (proc(5), clear_refs).
            fs::write("/proc/self/clear_refs", "5")?;
            let begun = Instant::now();
            last = Some(export(&exports, &scope, format, compression, asked).await?);
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            rates.push(format!("{:.0}", count as f64 / begun.elapsed().as_secs_f64()));
            peak = peak.max(memory_kib("VmHWM:")?);
        }
        let Some(Manifest { entries, bytes, .. }) = last else { continue };
        println!(
            "{:<8}{:<6}{:<36} {}/s of the log; {entries} entries, {} MiB; +{} MiB of memory",
            format.as_str(),
            compression.as_str(),
            asked,
            rates.join(", "),
            bytes >> 20,
            peak.saturating_sub(before) / 1024,
        );
    }
    Ok(())
}

async fn export(
    exports: &Exports,
    scope: &Scope,
    format: Format,
    compression: Compression,
    asked: &str,
) -> Result<Manifest, Failure> {
    let query = query::parse(asked).map_err(|error| error.to_string())?;
    let request = Request {
        id: Uuid::new_v4(),
        scope: scope.clone(),
        asked: Asked::new(scope, query),
        query: asked.to_owned(),
        format,
        compression,
        head: exports.head(scope).await?,
    };
    let mut export = exports.begin(request);
    while let Some(piece) = export.next().await {
        if let Piece::End(manifest) = piece? {
            return Ok(*manifest);
        }
    }
    Err("the export broke off".into())
}

async fn tenant(store: &Store) -> Result<Scope, Failure> {
    let authority = SystemAuthority::assume();
    let operator = authority.scope(TenantId::RESERVED, "bench");
    let new = NewTenant { name: "bench".into(), title: "Bench".into(), admin_email: None };
    let created = tenants::create(store, &operator, new, Utc::now()).await?;
    Ok(authority.scope(created.tenant.id, "bench"))
}

async fn load(ledger: &Ledger, scope: &Scope, count: usize) -> Result<(), Failure> {
    let records = entries::records().ok_or("CUSTODY_TEST_DATA is not set")?;
    let by = r#"{"principal":"key:01932f5e-0000-7000-8000-000000000001","via":"POST /api/v1/logs/bulk","peer_ip":"192.0.2.7"}"#;
    let by = parse(by.as_bytes(), &Limits::default()).map_err(|error| error.to_string())?;
    let mut drafts = Vec::with_capacity(REQUEST);
    for text in entries::native(&records, 7, count, false) {
        let Value::Object(mut content) =
            parse(&text, &Limits::default()).map_err(|error| error.to_string())?
        else {
            return Err("an entry is an object".into());
        };
        content.insert("recorded_by", by.clone());
        content.insert("source_format", "custody".into());
        content::normalise(&mut content).map_err(|error| error.to_string())?;
        drafts.push(Draft::new(&content, Salt(rand_salt()), None)?);
        if drafts.len() == REQUEST {
            ledger.append(scope, std::mem::take(&mut drafts)).await?;
        }
    }
    if !drafts.is_empty() {
        ledger.append(scope, drafts).await?;
    }
    Ok(())
}

fn rand_salt() -> [u8; 16] {
    Uuid::new_v4().into_bytes()
}

fn memory_kib(field: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(field)).ok_or("no such line")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}
