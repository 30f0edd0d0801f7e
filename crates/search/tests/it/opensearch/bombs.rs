//! Questions that take a node longer than one may: who asks is told so, and nobody else notices.

use std::time::{Duration, Instant};

use custody_search::{
    PageRequest, Search as _, SearchError, Sort, StatsRequest, Total, opensearch::OpenSearchConfig,
};

use super::fixture::{IndexedLog, config, executor, url};
use crate::{
    memory::{MemoryLog, scope},
    walk::{request, seqs},
};

/// Each text a term of its own, in which much looks like what is looked for.
fn content(n: usize) -> String {
    let text = |m: usize| format!("{:?}", format!("{m}-{n}{}", "aab".repeat(600)));
    let texts = (0..20).map(text).collect::<Vec<_>>().join(",");
    format!(r#"{{"action":"a.b","actor":{{"id":"x"}},"metadata":{{"s":[{texts}]}}}}"#)
}

fn bomb() -> String {
    (0..100).map(|n| format!("-metadata.s:*aab*aab*aab*aab*aab*aab*c{n}*")).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_pattern_that_takes_too_long_is_refused_and_the_node_is_still_asked() {
    let log = IndexedLog::of(MemoryLog::of((0..100).map(content)));
    let config = config(&url());
    let index = executor(&log, OpenSearchConfig { time_max: Duration::from_millis(100), ..config.clone() });
    // The same index, for what a node that has just been kept busy answers a moment later.
    let patient = executor(&log, OpenSearchConfig { time_max: Duration::from_secs(30), ..config });
    assert_eq!(log.index(&index).await, []);
    for sort in Sort::ALL {
        let begun = Instant::now();
        let error = index.page(&scope(), request(&bomb(), sort, 9)).await.unwrap_err();
        assert!(matches!(error, SearchError::TooMuch), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(4), "not before patience was over");
        // By time the log alone has no answer: this is the index's.
        let page = patient.page(&scope(), request("action:a.*", Sort::OccurredAscending, 3)).await.unwrap();
        assert_eq!(seqs(&page), [0, 1, 2]);
    }
    let query = custody_domain::query::parse(&bomb()).unwrap();
    let stats = StatsRequest { query, by: Vec::new(), top: 1, histogram: None };
    let error = index.stats(&scope(), stats).await.unwrap_err();
    assert!(matches!(error, SearchError::TooMuch), "{error}");
    let everything = PageRequest { total: true, ..request("", Sort::default(), 1) };
    assert_eq!(patient.page(&scope(), everything).await.unwrap().total, Some(Total::Exactly(100)));
    index.remove_but(None).await.unwrap();
}
