//! What it costs that each search is told in the log: the same search again and again, which is told
//! once a minute, beside one that is another each time and leaves an entry each time.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::Asker;
use crate::{
    bench::Bench,
    latency::Latency,
    measure::spent,
    process::{self, Cpu},
};

const ROUNDS: usize = 4;
const EACH: usize = 250;
/// What is told is written within a second.
const WRITTEN: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Telling {
    pub(crate) same: Told,
    pub(crate) others: Told,
}

/// CPU in milliseconds a search, with what is done after its answer.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) latency: Latency,
    pub(crate) server_cpu_ms: f64,
    pub(crate) database_cpu_ms: f64,
}

pub(crate) async fn run(bench: &Bench, asker: &mut Asker) -> anyhow::Result<Telling> {
    // What they find is the same.
    let path = |n: usize| format!("/api/v1/logs?q=-request_id:none-{n}");
    let (mut same, mut others) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        same.push(round_of(bench, asker, |_| path(0)).await?);
        others.push(round_of(bench, asker, |n| path(1 + round * EACH + n)).await?);
    }
    let telling = Telling { same: together(&same), others: together(&others) };
    for (name, told) in [("the same search", &telling.same), ("another each time", &telling.others)] {
        eprintln!(
            "  told: {name:<22} p50 {:>7.2}  p99 {:>7.2}  server {:>6.3}  database {:>6.3} ms of CPU",
            told.latency.p50_ms, told.latency.p99_ms, told.server_cpu_ms, told.database_cpu_ms
        );
    }
    Ok(telling)
}

type Round = (Vec<Duration>, Cpu, Cpu);

async fn round_of(bench: &Bench, asker: &mut Asker, path: impl Fn(usize) -> String) -> anyhow::Result<Round> {
    let pid = bench.server.pid()?;
    let (server, database) = (process::cpu_of(pid)?, bench.database.cpu()?);
    let mut times = Vec::with_capacity(EACH);
    for n in 0..EACH {
        let path = path(n);
        let begun = Instant::now();
        asker.ask(&path).await?;
        times.push(begun.elapsed());
    }
    tokio::time::sleep(WRITTEN).await;
    Ok((times, process::cpu_of(pid)? - server, spent(&database, &bench.database.cpu()?)))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn together(rounds: &[Round]) -> Told {
    let mut times: Vec<_> = rounds.iter().flat_map(|round| round.0.iter().copied()).collect();
    let count = times.len() as f64;
    let each = |part: fn(&Round) -> Cpu| {
        rounds.iter().map(part).map(|cpu| cpu.0.as_secs_f64()).sum::<f64>() * 1e3 / count
    };
    let (server_cpu_ms, database_cpu_ms) = (each(|round| round.1), each(|round| round.2));
    Told { latency: Latency::of(&mut times), server_cpu_ms, database_cpu_ms }
}
