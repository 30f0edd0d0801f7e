//! Random entries and random queries: every executor answers as the definition does, however the
//! entries lie.

use custody_domain::{canonical, query::arbitrary};
use custody_search::{Sort, tantivy::Tantivy};
use proptest::{prelude::*, test_runner::TestRunner};
use tempfile::TempDir;

use crate::{
    conformance, counts,
    memory::{MemoryLog, TENANT, scope},
    tantivy::index,
};

#[test]
fn an_index_answers_as_the_definition_does() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let entries = prop::collection::vec((arbitrary::entry(), 0_u8..3), 1..40);
    let queries = prop::collection::vec(arbitrary::query(), 12);
    TestRunner::new(config)
        .run(&(entries, queries), |(entries, queries)| {
            runtime.block_on(async {
                let (log, folder) = (MemoryLog::default(), TempDir::new().unwrap());
                let index: Tantivy = index(&log, folder.path());
                for (entry, then) in entries {
                    log.append(std::str::from_utf8(&canonical::to_vec(&entry.content)).unwrap());
                    if then == 0 {
                        index.commit(TENANT).await.unwrap();
                    }
                }
                for query in queries {
                    conformance::answers(&index, &scope(), &log.entries(), &query, &Sort::ALL, &[7]).await;
                    counts::hold(&index, &scope(), &log.entries(), &query).await;
                }
            });
            Ok(())
        })
        .unwrap();
}
