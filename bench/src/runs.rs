//! The shapes of load.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use crate::{
    bench::{Bench, Verified},
    body::{Plan, Request},
    checkpoints::Acknowledged,
    http::Connection,
    limit,
    load::{Load, Tally, Until},
    measure::{Measured, measured, settle},
    tenants::Tenants,
};

pub(crate) const BULK_CONNECTIONS: usize = 4;
pub(crate) const SINGLE_CONNECTIONS: usize = 32;
/// Requests that are held ready; where more are sent, they are sent again with new ids.
const READY_MAX: usize = 200_000;
const SETTLE: Duration = Duration::from_secs(10);

/// Bulk bodies of 1,000 entries.
pub(crate) async fn bulk(
    bench: &mut Bench,
    tenants: &Tenants,
    name: &str,
    (entries, connections, event_ids): (usize, usize, bool),
) -> anyhow::Result<Measured> {
    let what = format!(
        "{entries} entries, 1,000 a body, {connections} connections, {} tenants{}",
        tenants.len(),
        if event_ids { ", each entry with an event_id" } else { "" }
    );
    let plan = Plan::bulk(entries.min(READY_MAX), event_ids, seed(name));
    let requests = plan.requests(&bench.source, tenants);
    let bodies = Until::Answered(entries.div_ceil(1_000));
    send(bench, tenants, (name, what), (requests, bodies, connections)).await
}

/// One entry a request.
pub(crate) async fn single(
    bench: &mut Bench,
    tenants: &Tenants,
    name: &str,
    (until, connections): (Until, usize),
) -> anyhow::Result<Measured> {
    let (count, words) = match until {
        Until::Answered(count) => (count, format!("{count} entries")),
        Until::For(time) => (READY_MAX / 4, format!("{} s", time.as_secs())),
    };
    let what = format!("{words}, one a request, {connections} connections, {} tenants", tenants.len());
    let requests = Plan::single(count.min(READY_MAX / 4), seed(name)).requests(&bench.source, tenants);
    send(bench, tenants, (name, what), (requests, until, connections)).await
}

async fn send(
    bench: &mut Bench,
    tenants: &Tenants,
    named: (&str, String),
    (requests, until, connections): (Vec<Request>, Until, usize),
) -> anyhow::Result<Measured> {
    settle(bench, SETTLE).await?;
    let address = bench.server.address().parse()?;
    measured(bench, tenants, named, async |acknowledged| {
        Ok(Load::new(address, requests, until, acknowledged).run(connections).await.0)
    })
    .await
}

/// A client that is alone, beside single small commits of the same PostgreSQL, before and after.
pub(crate) async fn lone(bench: &mut Bench, tenants: &Tenants, count: usize) -> anyhow::Result<Measured> {
    settle(bench, SETTLE).await?;
    let first = limit::small_commits(&mut bench.database, count).await?;
    let run = single(bench, tenants, "lone", (Until::Answered(count), 1)).await?;
    let second = limit::small_commits(&mut bench.database, count).await?;
    let quicker = if first.p50_ms < second.p50_ms { first } else { second };
    eprintln!("  one small commit: p50 {:.2} ms before, {:.2} ms after", first.p50_ms, second.p50_ms);
    bench.results.small_commit = Some(quicker);
    Ok(run)
}

/// Every tenant writes one entry a second, evenly spread; latency counts from when it was due.
pub(crate) async fn steady(bench: &mut Bench, tenants: &Tenants, seconds: usize) -> anyhow::Result<Measured> {
    let what = format!("{} tenants, an entry a second each, {seconds} s, 32 connections", tenants.len());
    let plan = Plan::single(seconds * tenants.len(), seed("steady"));
    let requests = plan.for_tenants(&bench.source, tenants, |place| place % tenants.len());
    settle(bench, SETTLE).await?;
    let address = bench.server.address().parse()?;
    let between = Duration::from_secs(1) / u32::try_from(tenants.len())?;
    measured(bench, tenants, ("steady", what), async |acknowledged| {
        let began = Instant::now();
        let tally = RefCell::new(Tally::default());
        let clients = (0..SINGLE_CONNECTIONS).map(async |index| {
            let mut connection = Connection::new(address, index);
            for place in (index..requests.len()).step_by(SINGLE_CONNECTIONS) {
                let (Some(request), Ok(nth)) = (requests.get(place), u32::try_from(place)) else { return };
                paced(&mut connection, request, began + between * nth, acknowledged, &tally).await;
            }
        });
        futures::future::join_all(clients).await;
        Ok(Tally { elapsed: began.elapsed(), ..tally.into_inner() })
    })
    .await
}

async fn paced(
    connection: &mut Connection,
    request: &Request,
    due: Instant,
    acknowledged: &Acknowledged,
    tally: &RefCell<Tally>,
) {
    // The timer wakes up to a millisecond late, which is not the server's time; being late because
    // the one before was not answered yet is.
    let was_late = Instant::now() > due;
    tokio::time::sleep_until(due.into()).await;
    let from = if was_late { due } else { Instant::now() };
    let answer = connection.exchange(&request.bytes).await;
    let mut tally = tally.borrow_mut();
    match answer {
        Ok(answer) if matches!(answer.status, 200 | 201 | 409 | 422) => {
            tally.acknowledged_in.push(from.elapsed());
            tally.count(answer.status, 1, connection.body());
            acknowledged.note(request.tenant, crate::load::last_seq(connection.body()));
        }
        Ok(answer) => {
            *tally.refused.entry(answer.status).or_default() += 1;
            tally.refused_in.push(from.elapsed());
        }
        Err(_) => tally.broken += 1,
    }
}

/// Very many entries, in stretches of two hundred thousand whose rates can be compared.
pub(crate) async fn long(bench: &mut Bench, tenants: &Tenants, entries: usize) -> anyhow::Result<Measured> {
    const STRETCH: usize = 200_000;
    let what =
        format!("{entries} entries, 1,000 a body, {BULK_CONNECTIONS} connections, {} tenants", tenants.len());
    let plan = Plan::bulk(STRETCH, false, seed("long"));
    settle(bench, SETTLE).await?;
    let address = bench.server.address().parse()?;
    let mut rates = Vec::new();
    let mut requests = plan.requests(&bench.source, tenants);
    let run = measured(bench, tenants, ("long", what), async |acknowledged| {
        let mut whole = Tally::default();
        for _ in 0..entries.div_ceil(STRETCH) {
            let load = Load::new(address, requests, Until::Answered(STRETCH / 1_000), acknowledged);
            let (tally, back) = load.run(BULK_CONNECTIONS).await;
            requests = back;
            rates.push(rate(&tally));
            whole.add(tally);
        }
        Ok(whole)
    })
    .await?;
    bench.results.long_run_rates = rates;
    Ok(run)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn rate(tally: &Tally) -> f64 {
    tally.accepted as f64 / tally.elapsed.as_secs_f64()
}

/// `custody verify --server` of the log that has most entries; none if the binary has no such verb.
pub(crate) async fn verify(bench: &Bench, tenants: &Tenants) -> anyhow::Result<Option<Verified>> {
    if !bench.server.command(&["verify", "--help"]).output().await?.status.success() {
        return Ok(None);
    }
    let entries = tenants.log_sizes(&bench.server).await?.first().copied().unwrap_or_default();
    let began = Instant::now();
    let output =
        bench.server.command(&["verify", "--server"]).env("CUSTODY_TOKEN", tenants.token(0)).output().await?;
    let seconds = began.elapsed().as_secs_f64();
    anyhow::ensure!(output.status.success(), "verify: {}", String::from_utf8_lossy(&output.stderr));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let entries_per_second = entries as f64 / seconds;
    Ok(Some(Verified { entries, seconds, entries_per_second }))
}

/// Each run has entries of its own.
fn seed(name: &str) -> u64 {
    name.bytes().fold(17, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()))
}
