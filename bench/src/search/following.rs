//! Ingest for minutes while the index follows: how fast, how far behind, and what a search finds and
//! takes meanwhile.

use std::{
    cell::Cell,
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde::Serialize;

use super::{
    Asker,
    questions::{Question, questions},
};
use crate::{
    bench::Bench,
    body::Plan,
    http::Connection,
    latency::Latency,
    load::{Load, Until},
    measure::{Measured, measured, settle},
    process,
    runs::BULK_CONNECTIONS,
    tenants::{Tenants, get},
};

/// Entries that are sent again and again, each time with new ids.
const READY: usize = 100_000;
const PROBE_EVERY: Duration = Duration::from_millis(100);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The gauge of entries that are in no part of the index.
const WAITING: &str = "custody_index_waiting_entries";

/// What was seen beside the load.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Followed {
    pub(crate) load: Measured,
    /// Entries a second that were offered; 0: as many as were taken.
    pub(crate) offered: u32,
    /// Entries in no part of the index, at most, and at the end.
    pub(crate) waiting_max: u64,
    pub(crate) waiting_last: u64,
    /// Entries of which each was looked for by the request after its acknowledgement.
    pub(crate) probes: u64,
    /// Of these, not found.
    pub(crate) unseen: u64,
    /// That request.
    pub(crate) found_in: Latency,
    /// Pages of all kinds meanwhile.
    pub(crate) searches: Latency,
    pub(crate) searches_refused: u64,
    pub(crate) settled_in_s: f64,
}

pub(crate) async fn run(
    bench: &mut Bench,
    tenants: &Tenants,
    (seconds, offered): (usize, u32),
) -> anyhow::Result<()> {
    let time = Duration::from_secs(seconds.try_into()?);
    let requests = Plan::bulk(READY, false, 41).requests(&bench.source, tenants);
    settle(bench, Duration::from_secs(10)).await?;
    let (address, token) = (bench.server.address().parse()?, tenants.token(0).to_owned());
    let asker = || Asker { connection: Connection::new(address, 0), token: token.clone() };
    let paths: Vec<_> = questions(&mut asker()).await?.into_iter().filter(Question::is_a_page).collect();
    let over = Cell::new(false);
    let mut seen = None;
    let what =
        format!("{seconds} s, 1,000 a body, {BULK_CONNECTIONS} connections, offered {offered} a second");
    let load = measured(bench, tenants, ("following", what), async |acknowledged| {
        let load = Load::new(address, requests, Until::For(time), acknowledged);
        let load = if offered > 0 { load.paced(f64::from(offered) / 1_000.0) } else { load };
        let load = async {
            let tally = load.run(BULK_CONNECTIONS).await.0;
            over.set(true);
            tally
        };
        let paths = paths.iter().map(|question| question.path.as_str()).collect::<Vec<_>>();
        let (tally, probed, searched, waiting) = futures::join!(
            load,
            probe(asker(), &over),
            search(asker(), &paths, &over),
            watch(asker(), &over)
        );
        seen = Some((probed?, searched?, waiting?));
        Ok(tally)
    })
    .await?;
    let begun = Instant::now();
    super::settle(&bench.server.data().join("search")).await;
    let ((mut found_in, unseen), (mut searches, searches_refused), (waiting_max, waiting_last)) =
        seen.context("nothing was looked at")?;
    let followed = Followed {
        load,
        offered,
        waiting_max,
        waiting_last,
        probes: found_in.len() as u64,
        unseen,
        found_in: Latency::of(&mut found_in),
        searches: Latency::of(&mut searches),
        searches_refused,
        settled_in_s: begun.elapsed().as_secs_f64(),
    };
    eprintln!(
        "  in no part of the index: at most {}, at the end {}; {} of {} were not found at once, found in p50 {:.1} p99 {:.1} ms; \
         searches p50 {:.1} p95 {:.1} p99 {:.1} ms of {}, {} refused; now {:.0} MiB",
        followed.waiting_max,
        followed.waiting_last,
        followed.unseen,
        followed.probes,
        followed.found_in.p50_ms,
        followed.found_in.p99_ms,
        followed.searches.p50_ms,
        followed.searches.p95_ms,
        followed.searches.p99_ms,
        followed.searches.count,
        followed.searches_refused,
        crate::measure::mib(process::memory_of(bench.server.pid()?)?.now)
    );
    bench.results.followed.push(followed);
    Ok(())
}

/// Writes an entry and looks for it, again and again: how long the looking took, and how many were not
/// found.
async fn probe(mut asker: Asker, over: &Cell<bool>) -> anyhow::Result<(Vec<Duration>, u64)> {
    let (mut times, mut unseen) = (Vec::new(), 0);
    let mut n = 0_u32;
    while !over.get() {
        n += 1;
        let entry = format!(
            r#"{{"action":"bench.probe","actor":{{"id":"bench","type":"service"}},"resource":{{"type":"bench","id":"probe"}},"request_id":"probe-{n}"}}"#
        );
        let mut request = String::new();
        let _ = write!(
            request,
            "POST /api/v1/logs HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{entry}",
            asker.token,
            entry.len()
        );
        let answer = asker.connection.exchange(request.as_bytes()).await?;
        if answer.status == 201 {
            let begun = Instant::now();
            let page = asker.ask(&format!("/api/v1/logs?request_id=probe-{n}")).await?;
            times.push(begun.elapsed());
            unseen += u64::from(page["items"].as_array().is_none_or(|items| items.len() != 1));
        }
        tokio::time::sleep(PROBE_EVERY).await;
    }
    Ok((times, unseen))
}

async fn search(mut asker: Asker, paths: &[&str], over: &Cell<bool>) -> anyhow::Result<(Vec<Duration>, u64)> {
    let (mut times, mut refused) = (Vec::new(), 0);
    for path in paths.iter().cycle() {
        if over.get() {
            break;
        }
        let begun = Instant::now();
        let answer = asker.connection.exchange(&get(path, &asker.token)).await?;
        ensure!(matches!(answer.status, 200 | 503), "GET {path} is answered {}", answer.status);
        refused += u64::from(answer.status == 503);
        times.push(begun.elapsed());
        tokio::time::sleep(PROBE_EVERY / 2).await;
    }
    Ok((times, refused))
}

/// How many entries are in no part: at most, and last.
async fn watch(mut asker: Asker, over: &Cell<bool>) -> anyhow::Result<(u64, u64)> {
    let (mut most, mut last) = (0, 0);
    while !over.get() {
        let answer = asker.connection.exchange(&get("/metrics", &asker.token)).await?;
        ensure!(answer.status == 200, "GET /metrics is answered {}", answer.status);
        let text = String::from_utf8_lossy(asker.connection.body());
        let line = text.lines().find_map(|line| line.strip_prefix(WAITING)?.trim().parse::<f64>().ok());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        if let Some(count) = line {
            last = count as u64;
            most = most.max(last);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok((most, last))
}
