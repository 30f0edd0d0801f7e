//! Queries over real events: every executor finds the same entries in the same order, counts the same,
//! and walks the same way at every size of a page, beside a tenant that has the same events.

mod events;
mod logs;
mod queries;

use std::{collections::HashSet, path::Path, sync::LazyLock};

use custody_auth::SystemAuthority;
use custody_domain::{
    Entry,
    query::{Query, parse},
};
use custody_search::{
    CursorKey, Linear, LinearLimits, Search, Sort,
    opensearch::OpenSearch,
    tantivy::{IndexLimits, Tantivy},
};
use tempfile::TempDir;

use self::logs::{Logs, OTHER, scope_of};
use crate::{
    conformance::{self, LOG_ORDERS},
    counts,
    memory::TENANT,
    opensearch::fixture,
};

/// As many as executors without an index are asked about: they read each for each query.
const FEW: usize = 256;
/// As many as are walked at every size of a page.
const WALKED: usize = 256;
/// Entries that are in no part and in no index yet, where others are.
const TAIL: usize = 90;

static LOGS: LazyLock<Option<Logs>> = LazyLock::new(|| {
    let logs = Logs::of(&events::contents()?);
    logs.write_up_to(usize::MAX);
    Some(logs)
});

static VIEWS: LazyLock<Vec<Entry<'static>>> = LazyLock::new(|| {
    LOGS.as_ref().map(|logs| conformance::views(logs.of_tenant(TENANT))).unwrap_or_default()
});

/// Each query, and what it means on all events.
static MEANT: LazyLock<Vec<(Query, Vec<&'static Entry<'static>>)>> = LazyLock::new(|| {
    queries::all()
        .map(|text| {
            let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let meant = conformance::meant(&VIEWS, &query);
            (query, meant)
        })
        .collect()
});

#[test]
fn the_queries_are_many_and_most_find_something() {
    if LOGS.is_none() {
        return;
    }
    let distinct: HashSet<String> = MEANT.iter().map(|(query, _)| query.render()).collect();
    assert!(distinct.len() >= 200, "{} distinct", distinct.len());
    let finding = |log: u64| MEANT.iter().filter(|(_, meant)| meant.iter().any(|e| e.seq < log)).count();
    let (all, few) = (finding(u64::MAX), finding(FEW as u64));
    assert!(all * 10 >= MEANT.len() * 8 && few * 10 >= MEANT.len() * 7, "{all}, of few {few}");
    assert!(MEANT.len() - all >= 10, "{} find nothing", MEANT.len() - all);
    let answers: HashSet<Vec<u64>> =
        MEANT.iter().map(|(_, meant)| meant.iter().map(|entry| entry.seq).collect()).collect();
    assert!(answers.len() >= 150, "{} different answers", answers.len());
}

/// Every query, over an executor that has so much of the log as is written.
async fn holds(search: &dyn Search, logs: &Logs, sorts: &[Sort]) {
    let (scope, length) = (scope_of(TENANT), logs.of_tenant(TENANT).len());
    for (n, (query, meant)) in MEANT.iter().enumerate() {
        let mut meant = meant.clone();
        meant.truncate(meant.partition_point(|entry| entry.seq < length as u64));
        conformance::finds(search, &scope, &meant, query, sorts, &[1_000]).await;
        let histogram = counts::HISTOGRAMS[n % counts::HISTOGRAMS.len()];
        counts::count_these(search, &scope, (&meant, length), query, &[histogram]).await;
        counts::total_holds(search, &scope, meant.len(), query, sorts.len() > LOG_ORDERS.len()).await;
    }
}

/// The queries that find few, at every size of a page.
async fn walks(search: &dyn Search, logs: &Logs, sorts: &[Sort]) {
    let (scope, length) = (scope_of(TENANT), logs.of_tenant(TENANT).len());
    for text in queries::WALKED {
        let query = parse(text).unwrap();
        let meant = conformance::meant(&VIEWS[..length], &query);
        assert!((3..30).contains(&meant.len()), "{text} finds {}", meant.len());
        let most = u32::try_from(meant.len()).unwrap() + 1;
        for limit in (1..=most).chain([1_000]) {
            conformance::finds(search, &scope, &meant, &query, sorts, &[limit]).await;
            conformance::comes_back(search, &scope, &query, sorts, limit).await;
        }
    }
}

fn linear(logs: &Logs) -> Linear {
    Linear::new(logs.clone(), CursorKey::new([7; 32]), LinearLimits::default())
}

fn tantivy(logs: &Logs, root: &Path) -> Tantivy {
    let limits = (IndexLimits::default(), LinearLimits::default());
    Tantivy::new(root.to_owned(), logs.clone(), SystemAuthority::assume(), CursorKey::new([7; 32]), limits)
}

/// Writes both tenants' logs up to each of these lengths, and then onto the disk what there is.
async fn commit_at(index: &Tantivy, logs: &Logs, lengths: impl IntoIterator<Item = usize>) {
    for length in lengths {
        logs.write_up_to(length);
        for tenant in [OTHER, TENANT] {
            index.commit(tenant).await.unwrap();
        }
    }
}

fn parts(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path().join(TENANT.to_string())).unwrap().count()
}

#[tokio::test]
async fn the_linear_executor_answers_and_walks() {
    let Some(logs) = LOGS.as_ref().map(Logs::anew) else { return };
    logs.write_up_to(FEW);
    holds(&linear(&logs), &logs, &LOG_ORDERS).await;
    logs.write_up_to(WALKED);
    walks(&linear(&logs), &logs, &LOG_ORDERS).await;
}

#[tokio::test]
async fn an_index_with_everything_in_its_tail_answers_and_walks() {
    let Some(logs) = LOGS.as_ref().map(Logs::anew) else { return };
    let folder = TempDir::new().unwrap();
    logs.write_up_to(FEW);
    holds(&tantivy(&logs, folder.path()), &logs, &Sort::ALL).await;
    logs.write_up_to(WALKED);
    walks(&tantivy(&logs, folder.path()), &logs, &Sort::ALL).await;
}

#[tokio::test]
async fn an_index_of_parts_and_a_tail_answers_and_walks() {
    let Some(logs) = LOGS.as_ref().map(Logs::anew) else { return };
    let folder = TempDir::new().unwrap();
    let index = tantivy(&logs, folder.path());
    commit_at(&index, &logs, [90, 200]).await;
    logs.write_up_to(WALKED);
    walks(&index, &logs, &Sort::ALL).await;
    commit_at(&index, &logs, [900, 1_600, logs.len() - TAIL]).await;
    logs.write_up_to(logs.len());
    assert_eq!(parts(&folder), 5);
    holds(&index, &logs, &Sort::ALL).await;
}

#[tokio::test]
async fn an_index_whose_parts_became_one_answers_and_walks() {
    let Some(logs) = LOGS.as_ref().map(Logs::anew) else { return };
    let eighths = |of: usize| (1..=8).map(move |n| of * n / 8);
    let folder = TempDir::new().unwrap();
    let index = tantivy(&logs, folder.path());
    commit_at(&index, &logs, eighths(logs.len())).await;
    assert_eq!(parts(&folder), 1);
    holds(&index, &logs, &Sort::ALL).await;
    let (logs, folder) = (logs.anew(), TempDir::new().unwrap());
    let index = tantivy(&logs, folder.path());
    commit_at(&index, &logs, eighths(WALKED)).await;
    assert_eq!(parts(&folder), 1);
    walks(&index, &logs, &Sort::ALL).await;
}

#[tokio::test]
async fn opensearch_answers_and_walks() {
    let Some(logs) = LOGS.as_ref().map(Logs::anew) else { return };
    let index = OpenSearch::new(
        fixture::config(&fixture::url()),
        &logs,
        CursorKey::new([7; 32]),
        LinearLimits::default(),
    )
    .unwrap();
    let mut indexed = 0;
    for (length, walked) in [(WALKED - 70, WALKED), (logs.len() - TAIL, logs.len())] {
        let mut writer = index.writer(1).await.unwrap();
        logs.write_up_to(length);
        for tenant in [OTHER, TENANT] {
            writer.push(0, &logs.of_tenant(tenant)[indexed..]).await.unwrap();
        }
        assert_eq!(writer.publish().await.unwrap(), []);
        logs.are_indexed();
        indexed = length;
        logs.write_up_to(walked);
        if walked == WALKED {
            walks(&index, &logs, &Sort::ALL).await;
        }
    }
    holds(&index, &logs, &Sort::ALL).await;
    index.remove_but(None).await.unwrap();
}
