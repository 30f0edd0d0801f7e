//! Questions: how long each kind takes, alone and among others, and what it costs the server.

mod following;
mod questions;
mod telling;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde::Serialize;

pub(crate) use self::following::{Followed, run as following};
use self::{
    questions::{Question, questions},
    telling::Telling,
};
use crate::{
    bench::Bench,
    http::Connection,
    latency::Latency,
    measure, process,
    runs::{self, BULK_CONNECTIONS},
    tenants::{Tenants, get},
};

/// Requests of one kind, alone.
const ALONE: usize = 300;
/// Connections that ask at once, and how long.
const TOGETHER: usize = 8;
const TOGETHER_FOR: Duration = Duration::from_secs(2);
const PAGES_DEEP: usize = 1_000;

/// What was found of searching.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Searched {
    pub(crate) entries: u64,
    pub(crate) entries_of_the_largest: u64,
    /// Bytes of the index's files, over all entries.
    pub(crate) index_bytes_an_entry: f64,
    /// From the last answer to the load until the index was as far and quiet.
    pub(crate) settled_in_s: f64,
    pub(crate) server_rss_mib: f64,
    pub(crate) questions: Vec<Asked>,
    pub(crate) telling: Option<Telling>,
}

/// One kind of question.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    pub(crate) path: String,
    pub(crate) alone: Latency,
    /// Of the server's process, milliseconds a request.
    pub(crate) cpu_ms: f64,
    pub(crate) together: Latency,
    pub(crate) together_a_second: f64,
}

/// Loads until there are so many, and asks the largest tenant.
pub(crate) async fn run(bench: &mut Bench, tenants: &Tenants, entries: usize) -> anyhow::Result<()> {
    let there: u64 = tenants.log_sizes(&bench.server).await?.iter().sum();
    let missing = entries.saturating_sub(usize::try_from(there)?);
    if missing > 0 {
        let load = runs::bulk(bench, tenants, "search-load", (missing, BULK_CONNECTIONS, false)).await?;
        bench.results.runs.push(load);
    }
    let begun = Instant::now();
    let folder = bench.server.data().join("search");
    settle(&folder).await;
    let settled_in_s = begun.elapsed().as_secs_f64();
    let sizes = tenants.log_sizes(&bench.server).await?;
    let total: u64 = sizes.iter().sum();
    let mut asker = Asker {
        connection: Connection::new(bench.server.address().parse()?, 0),
        token: tenants.token(0).to_owned(),
    };
    let mut searched = Searched {
        entries: total,
        entries_of_the_largest: sizes.first().copied().unwrap_or(0),
        index_bytes_an_entry: number(bytes_in(&folder)?) / number(total.max(1)),
        settled_in_s,
        server_rss_mib: 0.0,
        questions: Vec::new(),
        telling: None,
    };
    eprintln!(
        "search: {} entries, {} of the largest tenant, index {:.0} bytes an entry, settled in {settled_in_s:.1} s",
        searched.entries, searched.entries_of_the_largest, searched.index_bytes_an_entry
    );
    let mut all = questions(&mut asker).await?;
    all.push(Question { name: "page 1,000 pages deep", path: deep(&mut asker).await? });
    for question in all {
        let found = ask(bench, &mut asker, question).await?;
        eprintln!(
            "  {:<28} p50 {:>7.2}  p95 {:>7.2}  p99 {:>7.2}  cpu {:>6.2} ms | {TOGETHER} at once: p50 {:>7.2}  p99 {:>7.2}  {:>6.0}/s",
            found.name,
            found.alone.p50_ms,
            found.alone.p95_ms,
            found.alone.p99_ms,
            found.cpu_ms,
            found.together.p50_ms,
            found.together.p99_ms,
            found.together_a_second
        );
        searched.questions.push(found);
    }
    searched.telling = Some(telling::run(bench, &mut asker).await?);
    searched.server_rss_mib = measure::mib(process::memory_of(bench.server.pid()?)?.now);
    bench.results.searches.push(searched);
    Ok(())
}

/// Somebody who asks, on one connection.
#[derive(Debug)]
pub(crate) struct Asker {
    connection: Connection,
    token: String,
}

impl Asker {
    pub(crate) async fn ask(&mut self, path: &str) -> anyhow::Result<serde_json::Value> {
        let answer = self.connection.exchange(&get(path, &self.token)).await?;
        let body = String::from_utf8_lossy(self.connection.body()).into_owned();
        ensure!(answer.status == 200, "GET {path} is answered {}: {body}", answer.status);
        Ok(serde_json::from_str(&body)?)
    }
}

async fn ask(bench: &Bench, asker: &mut Asker, question: Question) -> anyhow::Result<Asked> {
    let request = get(&question.path, &asker.token);
    let answer = asker.ask(&question.path).await?;
    ensure!(answer["stopped"].is_null(), "{} stopped early: {}", question.name, answer["stopped"]);
    let pid = bench.server.pid()?;
    for _ in 0..20 {
        asker.connection.exchange(&request).await?;
    }
    let before = process::cpu_of(pid)?;
    let mut times = Vec::with_capacity(ALONE);
    for _ in 0..ALONE {
        let begun = Instant::now();
        let answer = asker.connection.exchange(&request).await?;
        times.push(begun.elapsed());
        ensure!(answer.status == 200, "{} is answered {}", question.name, answer.status);
    }
    let spent = process::cpu_of(pid)?.0.saturating_sub(before.0);
    let (mut together, count) = at_once(bench, &request).await?;
    Ok(Asked {
        name: question.name,
        path: question.path,
        alone: Latency::of(&mut times),
        cpu_ms: spent.as_secs_f64() * 1e3 / number(ALONE as u64),
        together: Latency::of(&mut together),
        together_a_second: number(count as u64) / TOGETHER_FOR.as_secs_f64(),
    })
}

async fn at_once(bench: &Bench, request: &[u8]) -> anyhow::Result<(Vec<Duration>, usize)> {
    let address = bench.server.address().parse()?;
    let end = Instant::now() + TOGETHER_FOR;
    let asker = async |index: usize| {
        let mut connection = Connection::new(address, index);
        let mut times = Vec::new();
        while Instant::now() < end {
            let begun = Instant::now();
            let answer = connection.exchange(request).await?;
            ensure!(answer.status == 200, "answered {}", answer.status);
            times.push(begun.elapsed());
        }
        Ok(times)
    };
    let times: Vec<Duration> = futures::future::try_join_all((0..TOGETHER).map(asker)).await?.concat();
    let count = times.len();
    Ok((times, count))
}

/// The path of a page far back.
async fn deep(asker: &mut Asker) -> anyhow::Result<String> {
    let mut path = "/api/v1/logs?limit=50".to_owned();
    for _ in 1..PAGES_DEEP {
        let page = asker.ask(&path).await?;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/logs?limit=50&cursor={cursor}");
    }
    Ok(path)
}

/// Waits until the index writes no more.
async fn settle(folder: &Path) {
    let (mut last, mut since) = (0, Instant::now());
    while since.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = bytes_in(folder).unwrap_or(0);
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

fn bytes_in(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        bytes += if metadata.is_dir() { bytes_in(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}
