//! The bench: measures the release binary as users see it, and beside it, in the same run, what its
//! PostgreSQL does when nobody asks for a log.
//!
//! The server is a process of its own, with its private database in a fresh directory and default
//! durability; the load comes over loopback HTTP from this process. May know: the server's address
//! and command line, its database's statistics, the kernel's counts. Must not: use a crate of the
//! product on the way of an entry, change a setting without saying so, or leave out a run that did
//! not go well.

mod bench;
mod body;
mod checkpoints;
mod database;
mod entries;
mod http;
mod latency;
mod limit;
mod load;
mod machine;
mod measure;
mod plot;
mod process;
mod runs;
mod search;
mod server;
mod tenants;
mod words;

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::{Parser, ValueEnum};

use crate::{
    bench::{Bench, Results},
    database::Database,
    entries::Source,
    load::Until,
    machine::Machine,
    runs::{BULK_CONNECTIONS, SINGLE_CONNECTIONS},
    server::{SETTINGS, Server},
    tenants::Tenants,
};

/// Measures a release build of Custody.
#[derive(Debug, Parser)]
struct Args {
    /// The binary under test.
    #[arg(long)]
    custody: PathBuf,
    /// Where bench.json, bench.svg and search.svg are written.
    #[arg(long)]
    output: PathBuf,
    /// A folder on the volume that is measured; the data directory is made in it and removed.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// What is run. The limit is measured with `bulk`.
    #[arg(long, value_delimiter = ',', default_value = "bulk,single,lone,steady,overload,verify")]
    runs: Vec<Run>,
    /// Entries of a bulk run.
    #[arg(long, default_value_t = 200_000)]
    entries: usize,
    /// Entries of the run of single requests.
    #[arg(long, default_value_t = 100_000)]
    single_entries: usize,
    /// Entries of the long run (`--runs long`).
    #[arg(long, default_value_t = 10_000_000)]
    long_entries: usize,
    /// Entries that are searched (`--runs search`); of several numbers, after each.
    #[arg(long, value_delimiter = ',', default_value = "1000000")]
    search_entries: Vec<usize>,
    /// Seconds of the run with the index following (`--runs following`).
    #[arg(long, default_value_t = 300)]
    following_seconds: usize,
    /// Entries a second that are offered to it; 0: as many as are taken.
    #[arg(long, default_value_t = 0)]
    following_rate: u32,
    /// Tenants of the steady and the long run; the others have 20.
    #[arg(long, default_value_t = 1_000)]
    many_tenants: usize,
    /// Seconds of the steady and each overloaded run.
    #[arg(long, default_value_t = 15)]
    seconds: usize,
    /// How many times more clients overload it.
    #[arg(long, default_value_t = 5)]
    overload: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Run {
    /// 1,000 entries a body, 4 connections; then with an `event_id` each.
    Bulk,
    /// One entry a request, 32 connections.
    Single,
    /// One client, alone.
    Lone,
    /// Many tenants, an entry a second each.
    Steady,
    /// Five times the clients, bulk and single.
    Overload,
    /// Many entries of many tenants, and a restart after.
    Long,
    /// `custody verify --server`.
    Verify,
    /// Each kind of question, after so many entries.
    Search,
    /// Bulk bodies for minutes, while the index follows and somebody searches.
    Following,
}

const TENANTS: usize = 20;
const WARM_UP: usize = 20_000;
const LONE: usize = 3_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.output)?;
    let folder = tempfile::Builder::new().prefix("custody-bench-").tempdir_in(&args.folder)?;
    // The database's user must be able to pass.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let mut bench = open(&args, &folder.path().join("data")).await?;
    let outcome = run(&mut bench, &args).await;
    // Written even if a run failed: what was measured before stands.
    let text = words::all(&bench.results);
    std::fs::write(args.output.join("bench.json"), serde_json::to_vec_pretty(&bench.results)?)?;
    std::fs::write(args.output.join("bench.svg"), plot::rates(&bench.results))?;
    if let Some(searched) = bench.results.searches.last() {
        std::fs::write(args.output.join("search.svg"), plot::questions(&bench.results, searched))?;
    }
    println!("\n{text}\n{}", args.output.join("bench.json").display());
    outcome.and(bench.server.stop().await)
}

/// Starts the server under test and looks around.
async fn open(args: &Args, data: &Path) -> anyhow::Result<Bench> {
    let machine = Machine::look(&args.folder);
    let server = Server::start(&args.custody, data).await?;
    let mut database = Database::attach(server.data()).await?;
    let source = Source::open();
    let sizes: Vec<_> = source.entries(1, 2_000, false).map(|entry| entry.len()).collect();
    let results = Results {
        made_at: chrono::Utc::now(),
        doubts: machine.doubts(),
        custody: server.custody(&["--version"]).await?,
        postgresql: database.version.clone(),
        postgresql_settings: database.settings().await?,
        settings: SETTINGS.iter().map(|(name, value, why)| format!("{name} = {value} ({why})")).collect(),
        entries: source.what.clone(),
        bytes_an_entry_sent: mean(&sizes),
        server_rss_mib_at_rest: 0.0,
        started_first: server.started(),
        started_again: None,
        copies: Vec::new(),
        small_commit: None,
        runs: Vec::new(),
        long_run_rates: Vec::new(),
        verify: None,
        searches: Vec::new(),
        followed: Vec::new(),
        machine,
    };
    Ok(Bench { server, database, source, results })
}

async fn run(bench: &mut Bench, args: &Args) -> anyhow::Result<()> {
    let wants = |run| args.runs.contains(&run);
    let tenants = Tenants::make(&bench.server, "bench", TENANTS).await.context("tenants")?;
    measure::settle(bench, Duration::from_secs(10)).await?;
    let memory = process::memory_of(bench.server.pid()?)?;
    bench.results.server_rss_mib_at_rest = measure::mib(memory.now);
    runs::bulk(bench, &tenants, "warm-up", (WARM_UP, BULK_CONNECTIONS, false)).await?;
    if wants(Run::Search) {
        for entries in &args.search_entries {
            search::run(bench, &tenants, *entries).await.context("search")?;
        }
    }
    if wants(Run::Following) {
        let load = (args.following_seconds, args.following_rate);
        search::following(bench, &tenants, load).await.context("following")?;
    }
    if wants(Run::Bulk) {
        bulk(bench, args, &tenants).await?;
    }
    if wants(Run::Single) {
        let load = (Until::Answered(args.single_entries), SINGLE_CONNECTIONS);
        let run = runs::single(bench, &tenants, "single", load).await?;
        bench.results.runs.push(run);
    }
    if wants(Run::Lone) {
        let run = runs::lone(bench, &tenants, LONE).await?;
        bench.results.runs.push(run);
    }
    if wants(Run::Overload) {
        overload(bench, args, &tenants).await?;
    }
    if wants(Run::Verify) {
        bench.results.verify = runs::verify(bench, &tenants).await?;
    }
    if wants(Run::Steady) || wants(Run::Long) {
        many(bench, args).await?;
    }
    Ok(())
}

/// The bulk runs between two measurements of the limit.
async fn bulk(bench: &mut Bench, args: &Args, tenants: &Tenants) -> anyhow::Result<()> {
    limits(bench, args.entries, &[false, true]).await?;
    for (name, event_ids) in [("bulk", false), ("bulk-event-id", true)] {
        let run = runs::bulk(bench, tenants, name, (args.entries, BULK_CONNECTIONS, event_ids)).await?;
        bench.results.runs.push(run);
    }
    limits(bench, args.entries, &[false]).await
}

async fn limits(bench: &mut Bench, rows: usize, keys: &[bool]) -> anyhow::Result<()> {
    for key in keys {
        measure::settle(bench, Duration::from_secs(10)).await?;
        let copied = limit::copy(&mut bench.database, &bench.source, rows, *key).await?;
        eprintln!("limit: raw COPY, primary key: {key}: {}/s", words::thousands(copied.rows_per_second));
        bench.results.copies.push(copied);
    }
    Ok(())
}

async fn overload(bench: &mut Bench, args: &Args, tenants: &Tenants) -> anyhow::Result<()> {
    let connections = BULK_CONNECTIONS * args.overload;
    let run = runs::bulk(bench, tenants, "overload-bulk", (args.entries, connections, false)).await?;
    bench.results.runs.push(run);
    let time = Until::For(Duration::from_secs(args.seconds.try_into()?));
    let connections = SINGLE_CONNECTIONS * args.overload;
    let run = runs::single(bench, tenants, "overload-single", (time, connections)).await?;
    bench.results.runs.push(run);
    Ok(())
}

async fn many(bench: &mut Bench, args: &Args) -> anyhow::Result<()> {
    eprintln!("making {} tenants", args.many_tenants);
    let tenants = Tenants::make(&bench.server, "many", args.many_tenants).await?;
    if args.runs.contains(&Run::Steady) {
        let run = runs::steady(bench, &tenants, args.seconds).await?;
        bench.results.runs.push(run);
    }
    if args.runs.contains(&Run::Long) {
        let run = runs::long(bench, &tenants, args.long_entries).await?;
        bench.results.runs.push(run);
        restart(bench).await?;
    }
    Ok(())
}

/// How long a start takes with all that in the database.
async fn restart(bench: &mut Bench) -> anyhow::Result<()> {
    bench.server.restart().await?;
    bench.database = Database::attach(bench.server.data()).await?;
    bench.results.started_again = Some(bench.server.started());
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mean(sizes: &[usize]) -> f64 {
    sizes.iter().sum::<usize>() as f64 / sizes.len().max(1) as f64
}
