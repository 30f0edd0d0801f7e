//! What an entry costs before the ledger, stage by stage, and the whole of it. Entries of 1.1 KB made
//! of real CloudTrail; in a lone clone of the invented sample, which is said.
//!
//! Each iteration is one batch of [`BATCH`] entries; what is printed is processor time, and elements
//! in a second of it. `make bench` runs it; docs/performance.md says what was measured.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a bench that fails is to stop")]

mod cpu_time;

use std::{hint::black_box, time::Duration};

use chrono::Utc;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput};
use custody_auth::{Operation, SystemAuthority};
use custody_domain::{
    Body, TenantId, columns,
    commitment::{self, Salt},
    content::{self, Author},
    json::{self, Limits, Object, Value},
    query::{self, Query},
};
use custody_ingest::{
    Format, Stages,
    mask::Masker,
    reads::{Amount, Reads, What},
    sample,
};
use custody_ledger::codec;
use custody_testkit::entries;

use cpu_time::CpuTime;
use uuid::Uuid;

const BATCH: usize = 1_000;
const SALT: Salt = Salt([7; 16]);

fn items() -> Vec<Vec<u8>> {
    let records = entries::records().unwrap_or_else(|| {
        eprintln!("made of the invented sample: the real data is not here");
        sample::cloudtrail(7, 2_000).map(|record| serde_json::from_slice(&record).unwrap()).collect()
    });
    entries::native(&records, 7, BATCH, false).collect()
}

fn main() {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("stages");
    let items = items();
    group.throughput(Throughput::Elements(BATCH as u64));
    read(&mut group, &items);
    commit(&mut group, &items);
    let stages = Stages::new(Masker::default());
    group.bench_function("whole", |b| {
        let now = Utc::now();
        b.iter(|| {
            items
                .iter()
                .map(|item| stages.draft(item, Format::Auto, now).unwrap().body_len_bytes())
                .sum::<usize>()
        });
    });
    group.finish();
    tell(&mut criterion);
    criterion.final_summary();
}

/// What a search pays for being told, where the same was told within the minute and where it was not.
fn tell(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("reads");
    let scope = SystemAuthority::assume().scope(TenantId(Uuid::from_u128(1)), "reader");
    let query = |n: u64| {
        let text = format!("outcome:success ip:10.0.0.0/8 assumed -severity:CRITICAL action:* -message:n{n}");
        query::parse(&text).unwrap()
    };
    let search = |reads: &Reads, query: &Query| {
        reads.tell(&scope, Operation::ListEntries, What::Query(query), Amount { times: 1, rows: 50 });
    };
    let (reads, same) = (Reads::default(), query(0));
    group.bench_function("same", |b| b.iter(|| search(&reads, &same)));
    let others: Vec<_> = (0..1_000).map(query).collect();
    group.throughput(Throughput::Elements(others.len() as u64));
    group.bench_function("others", |b| {
        b.iter_batched(
            Reads::default,
            |reads| others.iter().for_each(|query| search(&reads, query)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn parsed(items: &[Vec<u8>]) -> Vec<Value<'_>> {
    items.iter().map(|item| json::parse(item, &Limits::default()).unwrap()).collect()
}

fn read(group: &mut BenchmarkGroup<'_, CpuTime>, items: &[Vec<u8>]) {
    group.bench_function("parse", |b| {
        b.iter(|| items.iter().for_each(|item| drop(black_box(json::parse(item, &Limits::default())))));
    });
    let masker = Masker::default();
    group.bench_function("mask", |b| {
        b.iter_batched_ref(
            || parsed(items),
            |events| {
                for (event, item) in events.iter_mut().zip(items) {
                    black_box(masker.mask_read(event, item).unwrap());
                }
            },
            BatchSize::LargeInput,
        );
    });
}

fn commit(group: &mut BenchmarkGroup<'_, CpuTime>, items: &[Vec<u8>]) {
    let contents: Vec<Object<'_>> = parsed(items).iter().filter_map(Value::as_object).cloned().collect();
    let now = Utc::now();
    let mut each = |name: &str, stage: &dyn Fn(&Object<'_>)| {
        group.bench_function(name, |b| b.iter(|| contents.iter().for_each(stage)));
    };
    each("validate", &|content| drop(black_box(content::validate(content, now, Author::Client))));
    each("canonicalise", &|content| drop(black_box(commitment::members(content))));
    each("canonicalise and hash", &|content| drop(black_box(commitment::commit(content, &SALT))));
    each("columns", &|content| drop(black_box(columns::of(content))));
    let bodies: Vec<Vec<u8>> = contents
        .iter()
        .map(|content| {
            Body::Full { salt: SALT, content: commitment::commit(content, &SALT).canonical }.encode()
        })
        .collect();
    group.bench_function("compress", |b| {
        b.iter(|| bodies.iter().for_each(|body| drop(black_box(codec::compress(body)))));
    });
    let kept: Vec<Vec<u8>> = bodies.iter().map(|body| codec::compress(body).unwrap()).collect();
    group.bench_function("decompress", |b| {
        b.iter(|| kept.iter().for_each(|kept| drop(black_box(codec::decompress(kept)))));
    });
    let mean = |of: &[Vec<u8>]| of.iter().map(Vec::len).sum::<usize>() / of.len();
    eprintln!("{} bytes of JSON, {} of a body, {} kept", mean(items), mean(&bodies), mean(&kept));
}
