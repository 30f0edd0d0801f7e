//! Random entries and random queries, as for the other executors; few, for a node takes its time.

use custody_domain::{canonical, query::arbitrary};
use custody_search::Sort;
use proptest::{prelude::*, test_runner::TestRunner};

use super::fixture::{IndexedLog, config, executor, url};
use crate::{
    conformance, counts,
    memory::{MemoryLog, scope},
};

#[test]
fn a_node_answers_as_the_definition_does() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config_of = ProptestConfig {
        cases: 8,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..ProptestConfig::default()
    };
    let entries = prop::collection::vec(arbitrary::entry(), 1..40);
    let queries = prop::collection::vec(arbitrary::query(), 24);
    TestRunner::new(config_of)
        .run(&(entries, queries, 0_usize..10), |(entries, queries, left)| {
            runtime.block_on(async {
                let log = IndexedLog::of(MemoryLog::default());
                let index = executor(&log, config(&url()));
                let indexed = entries.len().saturating_sub(left);
                for (at, entry) in entries.iter().enumerate() {
                    if at == indexed {
                        assert_eq!(log.index(&index).await, []);
                    }
                    log.log.append(std::str::from_utf8(&canonical::to_vec(&entry.content)).unwrap());
                }
                if left == 0 {
                    assert_eq!(log.index(&index).await, []);
                }
                for query in queries {
                    let all = log.log.entries();
                    conformance::answers(&index, &scope(), &all, &query, &Sort::ALL, &[7]).await;
                    counts::hold(&index, &scope(), &all, &query).await;
                }
                index.remove_but(None).await.unwrap();
            });
            Ok(())
        })
        .unwrap();
}
