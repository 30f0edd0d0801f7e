//! The executor over an index, over a log in memory.

use std::{path::Path, time::Duration};

use custody_auth::SystemAuthority;
use custody_domain::query::{Query, parse};
use custody_search::{
    CursorKey, LinearLimits, PageRequest, Search as _, SearchError, Sort, StatsRequest, StopReason, Total,
    tantivy::{IndexLimits, Tantivy},
};
use tempfile::TempDir;

use crate::{
    conformance,
    memory::{MemoryLog, TENANT, numbered, scope},
    walk::{request, seqs, walk},
};

pub(crate) fn index(log: &MemoryLog, root: &Path) -> Tantivy {
    index_within(log, root, IndexLimits::default())
}

fn index_within(log: &MemoryLog, root: &Path, limits: IndexLimits) -> Tantivy {
    let limits = (limits, LinearLimits::default());
    Tantivy::new(root.to_owned(), log.clone(), SystemAuthority::assume(), CursorKey::new([7; 32]), limits)
}

async fn holds(index: &Tantivy, log: &MemoryLog) {
    conformance::holds(index, &scope(), &log.entries(), &Sort::ALL).await;
    conformance::goes_back(index, &scope(), &Sort::ALL).await;
}

#[tokio::test]
async fn it_conforms_before_anything_is_indexed() {
    let (log, folder) = (MemoryLog::of(conformance::documented_contents()), TempDir::new().unwrap());
    holds(&index(&log, folder.path()), &log).await;
}

#[tokio::test]
async fn it_conforms_with_everything_in_a_part() {
    let (log, folder) = (MemoryLog::of(conformance::documented_contents()), TempDir::new().unwrap());
    let index = index(&log, folder.path());
    index.commit(TENANT).await.unwrap();
    holds(&index, &log).await;
}

#[tokio::test]
async fn it_conforms_with_parts_of_one_entry_and_one_that_is_in_none() {
    let (log, folder) = (MemoryLog::default(), TempDir::new().unwrap());
    let index = index(&log, folder.path());
    for content in conformance::documented_contents() {
        index.commit(TENANT).await.unwrap();
        log.append(content);
    }
    holds(&index, &log).await;
}

#[tokio::test]
async fn it_conforms_after_a_start_and_after_parts_became_one() {
    let (log, folder) = (MemoryLog::default(), TempDir::new().unwrap());
    let first = index(&log, folder.path());
    for _ in 0..4 {
        for content in conformance::documented_contents() {
            log.append(content);
            first.commit(TENANT).await.unwrap();
        }
    }
    let parts = std::fs::read_dir(folder.path().join(TENANT.to_string())).unwrap().count();
    assert_eq!(parts, 6, "2 of 8 entries, 4 of one");
    holds(&first, &log).await;
    let read = log.read();
    let second = index(&log, folder.path());
    holds(&second, &log).await;
    assert_eq!(log.read(), read, "what is in the folder was read from the log again");
}

#[tokio::test]
async fn an_entry_is_found_at_once() {
    let (log, folder) = (MemoryLog::default(), TempDir::new().unwrap());
    let index = index(&log, folder.path());
    for n in 0..300 {
        log.append(&numbered(n));
        let page =
            index.page(&scope(), request(&format!("metadata.n:{n}"), Sort::default(), 5)).await.unwrap();
        assert_eq!((seqs(&page), page.index_watermark), (vec![n], Some(n + 1)));
    }
}

#[tokio::test]
async fn it_keeps_the_grant() {
    let (owner, other) = (crate::readers::user(TENANT, 1).await, crate::readers::user(TENANT, 2).await);
    let (log, folder) = (MemoryLog::of(conformance::contents_of(&owner)), TempDir::new().unwrap());
    let index = index(&log, folder.path());
    conformance::keeps_the_grant(&index, &owner, &other).await;
    index.commit(TENANT).await.unwrap();
    conformance::keeps_the_grant(&index, &owner, &other).await;
}

/// An index that went on past a hole would never hold what comes back into it.
#[tokio::test]
async fn what_the_log_lacks_for_a_while_is_found_once_it_is_back() {
    for hidden in [0..10, 10..20] {
        let (log, folder) = (MemoryLog::numbered(30), TempDir::new().unwrap());
        let index = index(&log, folder.path());
        log.hide(hidden.clone());
        let all = request("", Sort::default(), 100);
        let there: Vec<u64> = (0..30).rev().filter(|seq| !hidden.contains(seq)).collect();
        assert_eq!(seqs(&index.page(&scope(), all.clone()).await.unwrap()), there);
        assert!(index.commit(TENANT).await.is_err());
        log.hide(0..0);
        assert_eq!(seqs(&index.page(&scope(), all).await.unwrap()), (0..30).rev().collect::<Vec<_>>());
        index.commit(TENANT).await.unwrap();
    }
}

/// What a crash or a disk can leave behind: the answer is the same, made again from the log.
#[tokio::test]
async fn what_is_damaged_is_made_again() {
    let (log, folder) = (MemoryLog::default(), TempDir::new().unwrap());
    for round in 0..3 {
        (0..30).for_each(|n| log.append(&numbered(round * 30 + n)));
        index(&log, folder.path()).commit(TENANT).await.unwrap();
    }
    let files = || {
        let files = std::fs::read_dir(folder.path().join(TENANT.to_string())).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    };
    assert_eq!(files().len(), 3);
    let newest_first: Vec<u64> = (0..90).rev().collect();
    let damages: [&dyn Fn(&Path); 5] = [
        &|file| std::fs::write(file, []).unwrap(),
        &|file| {
            let bytes = std::fs::read(file).unwrap();
            std::fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
        },
        &|file| {
            let mut bytes = std::fs::read(file).unwrap();
            bytes[1_000] ^= 1;
            std::fs::write(file, bytes).unwrap();
        },
        &|file| std::fs::remove_file(file).unwrap(),
        &|file| std::fs::write(file.with_extension("new"), b"half").unwrap(),
    ];
    for damage in damages {
        for at in 0..3 {
            damage(&files()[at]);
            let index = index(&log, folder.path());
            for query in ["", "action:test.*"] {
                // Whichever is asked first finds it.
                if at == 1 {
                    let request = StatsRequest {
                        query: parse(query).unwrap(),
                        by: Vec::new(),
                        top: 1,
                        histogram: None,
                    };
                    assert_eq!(index.stats(&scope(), request).await.unwrap().count, 90);
                }
                let found = walk(&index, &scope(), &parse(query).unwrap(), Sort::default(), 7).await;
                assert_eq!(found, newest_first, "{query}");
            }
            std::fs::remove_dir_all(folder.path()).unwrap();
            index.commit(TENANT).await.unwrap();
            std::fs::create_dir_all(folder.path().join(TENANT.to_string())).unwrap();
            for round in 0..3 {
                let part = MemoryLog::of((0..(round + 1) * 30).map(numbered));
                self::index(&part, folder.path()).commit(TENANT).await.unwrap();
            }
        }
    }
}

/// Of parts that are to become one, one is damaged, and nobody has searched.
#[tokio::test]
async fn a_damaged_part_does_not_keep_the_index_from_following() {
    let (log, folder) = (MemoryLog::default(), TempDir::new().unwrap());
    for n in 0..7 {
        log.append(&numbered(n));
        index(&log, folder.path()).commit(TENANT).await.unwrap();
    }
    let files = std::fs::read_dir(folder.path().join(TENANT.to_string())).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 7);
    std::fs::write(&files[3], []).unwrap();
    let index = index(&log, folder.path());
    log.append(&numbered(7));
    index.commit(TENANT).await.unwrap();
    let read = log.read();
    let all = index.page(&scope(), request("action:test.*", Sort::default(), 100)).await.unwrap();
    assert_eq!(seqs(&all), (0..8).rev().collect::<Vec<_>>());
    assert_eq!(log.read(), read, "what follows the damaged part was made again before anybody asked");
}

/// What is in no part is looked at one by one; that is bounded as all work is.
#[tokio::test]
async fn a_tail_that_takes_too_long_is_looked_at_in_several_requests() {
    let (log, folder) = (MemoryLog::numbered(30), TempDir::new().unwrap());
    let limits = IndexLimits { time_max: Duration::ZERO, ..IndexLimits::default() };
    let index = index_within(&log, folder.path(), limits);
    for sort in [Sort::ReceivedDescending, Sort::ReceivedAscending] {
        let page = index.page(&scope(), request("metadata.n:15", sort, 5)).await.unwrap();
        assert!(page.items.is_empty());
        assert_eq!(page.stopped.map(|stopped| stopped.reason), Some(StopReason::WorkLimit));
        assert_eq!(walk(&index, &scope(), &parse("metadata.n:15").unwrap(), sort, 5).await, [15]);
    }
    for sort in [Sort::OccurredDescending, Sort::OccurredAscending] {
        let error = index.page(&scope(), request("metadata.n:15", sort, 5)).await.unwrap_err();
        assert!(matches!(error, SearchError::TooMuch), "{error}");
    }
    let stats = StatsRequest { query: Query::All, by: Vec::new(), top: 1, histogram: None };
    assert!(matches!(index.stats(&scope(), stats).await.unwrap_err(), SearchError::TooMuch));
    let counted = PageRequest { total: true, ..request("", Sort::default(), 1) };
    assert_eq!(index.page(&scope(), counted).await.unwrap().total, Some(Total::AtLeast(1)));
}

/// Entries may be a thousand times as large as usual: what of them is in no part is bounded by their
/// bytes.
#[tokio::test]
async fn large_entries_are_not_held_all_until_they_are_indexed() {
    let text = "x".repeat(1 << 20);
    let large = |n: u64| format!(r#"{{"action":"a.{n}","actor":{{"id":"x"}},"metadata":{{"s":"{text}"}}}}"#);
    let (log, folder) = (MemoryLog::of((0..160).map(large)), TempDir::new().unwrap());
    let index = index(&log, folder.path());
    let error = index.page(&scope(), request("action:a.7", Sort::OccurredDescending, 5)).await.unwrap_err();
    assert!(matches!(error, SearchError::Indexing { done, of: 160 } if done < 160), "{error}");
    assert_eq!(seqs(&index.page(&scope(), request("", Sort::default(), 2)).await.unwrap()), [159, 158]);
    index.commit(TENANT).await.unwrap();
    let found = index.page(&scope(), request("action:a.7", Sort::OccurredDescending, 5)).await.unwrap();
    assert_eq!(seqs(&found), [7]);
}
