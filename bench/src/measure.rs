//! One measured run: what is looked at before and after a load, and the difference.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{
    bench::Bench,
    checkpoints::Acknowledged,
    database::Size,
    latency::Latency,
    load::Tally,
    process::{self, Cpu},
    tenants::Tenants,
};

/// A run's numbers. Per-entry numbers are over the entries that were accepted.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) what: String,
    pub(crate) seconds: f64,
    pub(crate) accepted: u64,
    pub(crate) duplicate: u64,
    pub(crate) quarantined: u64,
    pub(crate) retry: u64,
    /// Whole requests, by status.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// Exchanges that ended without an answer.
    pub(crate) broken: u64,
    /// How much longer the tenants' logs are than before, asked over HTTP.
    pub(crate) logs_grew_by: u64,
    pub(crate) entries_per_second: f64,
    pub(crate) acknowledged: Latency,
    pub(crate) refusals: Latency,
    pub(crate) cpu: CpuUsed,
    pub(crate) disk_bytes_an_entry: f64,
    /// Tables that grew, bytes an entry.
    pub(crate) tables: BTreeMap<String, SizeAnEntry>,
    pub(crate) wal_bytes_an_entry: f64,
    pub(crate) server_rss_mib_peak: f64,
    /// From an acknowledgement until a checkpoint covered it; none if the server has none.
    pub(crate) checkpoint_lag: Option<Latency>,
}

/// Microseconds an entry; the same number is seconds a million.
#[expect(clippy::struct_field_names, reason = "the JSON's readers want the unit")]
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CpuUsed {
    pub(crate) server_us: f64,
    pub(crate) database_us: f64,
    /// PostgreSQL's processes by kind; those that serve the server are `client backends`.
    pub(crate) database_by_process_us: BTreeMap<String, f64>,
    pub(crate) load_generator_us: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct SizeAnEntry {
    pub(crate) heap: f64,
    pub(crate) index: f64,
}

/// All that can be read off at one time.
struct Reading {
    server: Cpu,
    database: BTreeMap<String, Cpu>,
    generator: Cpu,
    wal: u64,
    sizes: BTreeMap<String, Size>,
}

impl Reading {
    async fn take(bench: &mut Bench) -> anyhow::Result<Self> {
        Ok(Self {
            sizes: bench.database.sizes().await?,
            wal: bench.database.wal().await?,
            server: process::cpu_of(bench.server.pid()?)?,
            generator: process::cpu_of(std::process::id())?,
            database: bench.database.cpu()?,
        })
    }
}

/// Runs `load` between two readings. The second is taken when the followers have caught up, so that
/// the work that entries make after their acknowledgement is counted with them.
pub(crate) async fn measured(
    bench: &mut Bench,
    tenants: &Tenants,
    (name, what): (&str, String),
    load: impl AsyncFnOnce(&Acknowledged) -> anyhow::Result<Tally>,
) -> anyhow::Result<Measured> {
    eprintln!("{name}: {what}");
    let pid = bench.server.pid()?;
    let logs = tenants.log_sizes(&bench.server).await?;
    process::forget_peak(pid)?;
    let before = Reading::take(bench).await?;
    let acknowledged = Acknowledged::of(tenants);
    let address = bench.server.address().parse()?;
    let run = async {
        let tally = load(&acknowledged).await;
        acknowledged.close();
        tally
    };
    let (tally, checkpoint_lag) = futures::join!(run, acknowledged.follow(address, tenants));
    let (mut tally, after) = (tally?, Reading::take(bench).await?);
    let peak = process::memory_of(pid)?.peak;
    let grown = tenants.log_sizes(&bench.server).await?;
    let logs_grew_by = grown.iter().sum::<u64>() - logs.iter().sum::<u64>();
    if logs_grew_by < tally.accepted {
        bench.doubt(format!(
            "{name}: {} entries were acknowledged, the logs grew by {logs_grew_by}",
            tally.accepted
        ));
    }
    let measured = Measured {
        name: name.to_owned(),
        what,
        logs_grew_by,
        server_rss_mib_peak: mib(peak),
        checkpoint_lag,
        ..of(&mut tally, &before, &after)
    };
    eprintln!("  {}", crate::words::line(&measured));
    Ok(measured)
}

#[expect(clippy::cast_precision_loss, reason = "all are far below 2^52")]
fn of(tally: &mut Tally, before: &Reading, after: &Reading) -> Measured {
    let entries = tally.accepted.max(1) as f64;
    let each = |cpu: Cpu| cpu.0.as_secs_f64() * 1e6 / entries;
    let grew = |name: &String, size: &Size| {
        let was = before.sizes.get(name).copied().unwrap_or_default();
        let heap = size.heap.saturating_sub(was.heap) as f64 / entries;
        let index = size.index.saturating_sub(was.index) as f64 / entries;
        (heap + index > 0.0).then(|| (name.clone(), SizeAnEntry { heap, index }))
    };
    let tables: BTreeMap<_, _> = after.sizes.iter().filter_map(|(name, size)| grew(name, size)).collect();
    let by_process = after.database.iter().map(|(name, cpu)| {
        (name.clone(), each(*cpu - before.database.get(name).copied().unwrap_or_default()))
    });
    let seconds = tally.elapsed.as_secs_f64();
    Measured {
        name: String::new(),
        what: String::new(),
        seconds,
        accepted: tally.accepted,
        duplicate: tally.duplicate,
        quarantined: tally.quarantined,
        retry: tally.retry,
        refused: std::mem::take(&mut tally.refused),
        broken: tally.broken,
        logs_grew_by: 0,
        entries_per_second: tally.accepted as f64 / seconds,
        acknowledged: Latency::of(&mut tally.acknowledged_in),
        refusals: Latency::of(&mut tally.refused_in),
        cpu: CpuUsed {
            server_us: each(after.server - before.server),
            database_us: each(spent(&before.database, &after.database)),
            database_by_process_us: by_process.collect(),
            load_generator_us: each(after.generator - before.generator),
        },
        disk_bytes_an_entry: tables.values().map(|size| size.heap + size.index).sum(),
        tables,
        wal_bytes_an_entry: (after.wal - before.wal) as f64 / entries,
        server_rss_mib_peak: 0.0,
        checkpoint_lag: None,
    }
}

/// What a family of processes used between two looks. A process that ended has moved its time from
/// its own line to `ended`, so only the sums may be compared.
pub(crate) fn spent(before: &BTreeMap<String, Cpu>, after: &BTreeMap<String, Cpu>) -> Cpu {
    after.values().sum::<Cpu>() - before.values().sum::<Cpu>()
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Waits until the machine has nothing to do for the server, at most `limit`: what one run left
/// behind is not to be counted with the next.
pub(crate) async fn settle(bench: &Bench, limit: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    let busy = || -> anyhow::Result<Cpu> {
        let mut all = process::cpu_of(bench.server.pid()?)?;
        all += bench.database.cpu()?.values().sum();
        Ok(all)
    };
    let mut last = busy()?;
    while began.elapsed() < limit {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = busy()?;
        // A twentieth of one core.
        if (now - last).0 < Duration::from_millis(25) {
            break;
        }
        last = now;
    }
    Ok(())
}
