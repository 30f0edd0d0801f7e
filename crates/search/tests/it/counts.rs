//! Statistics are what one counts by hand.

use std::collections::BTreeMap;

use custody_auth::Scope;
use custody_domain::{
    Entry,
    query::{Instant, Query},
};
use custody_ledger::StoredEntry;
use custody_search::{
    PageRequest, Search, Sort, StatsRequest, Total,
    stats::{GroupBy, Histogram, HistogramTime, Interval},
};

use crate::conformance;

pub(crate) const HISTOGRAMS: [(Interval, HistogramTime); 3] = [
    (Interval::Hour, HistogramTime::Received),
    (Interval::Hour, HistogramTime::Occurred),
    (Interval::Day, HistogramTime::Occurred),
];

/// Every grouping and every histogram of the query, over an executor whose log holds just `log`.
pub(crate) async fn hold(search: &dyn Search, scope: &Scope, log: &[StoredEntry], query: &Query) {
    let views = conformance::views(log);
    let meant = conformance::meant(&views, query);
    count_these(search, scope, (&meant, log.len()), query, &HISTOGRAMS).await;
}

/// How many a page says that there are in all; an executor without an index knows of its page alone.
pub(crate) async fn total_holds(
    search: &dyn Search,
    scope: &Scope,
    meant: usize,
    query: &Query,
    has_an_index: bool,
) {
    let request =
        PageRequest { query: query.clone(), sort: Sort::default(), limit: 3, cursor: None, total: true };
    let total = search.page(scope, request).await.unwrap().total;
    let expected =
        if has_an_index { Total::Exactly(meant as u64) } else { Total::AtLeast(meant.min(3) as u64) };
    assert_eq!(total, Some(expected), "{}", query.render());
}

/// Every grouping and these histograms are those of the entries that the query means, of a log of so
/// many.
pub(crate) async fn count_these(
    search: &dyn Search,
    scope: &Scope,
    (views, log_length): (&[&Entry<'_>], usize),
    query: &Query,
    histograms: &[(Interval, HistogramTime)],
) {
    let text = query.render();
    for (interval, time) in histograms.iter().copied() {
        let histogram = Some(Histogram { interval, time });
        let request = StatsRequest { query: query.clone(), by: GroupBy::ALL.to_vec(), top: 2, histogram };
        let stats = search.stats(scope, request).await.unwrap();
        assert_eq!(stats.count, views.len() as u64, "{text}");
        assert_eq!(stats.index_watermark, Some(log_length as u64));
        for (by, group) in &stats.groups {
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            views
                .iter()
                .filter_map(|view| by.value_of(view))
                .for_each(|value| *expected.entry(value).or_default() += 1);
            let named: u64 = expected.values().sum();
            let mut expected: Vec<_> = expected.into_iter().collect();
            expected.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            expected.truncate(2);
            let shown: u64 = expected.iter().map(|(_, count)| count).sum();
            assert_eq!(group.values, expected, "{text} by {}", by.as_str());
            assert_eq!((group.others, group.missing), (named - shown, stats.count - named), "{text}");
        }
        let mut expected: BTreeMap<i64, u64> = BTreeMap::new();
        for view in views {
            let said = view.content.as_object().and_then(|content| content.get("occurred_at")?.as_str());
            let occurred = said.and_then(Instant::parse).filter(|_| time == HistogramTime::Occurred);
            let at = occurred.unwrap_or_else(|| Instant::from(view.received_at())).microseconds();
            let length: i64 = if interval == Interval::Hour { 3_600 } else { 86_400 } * 1_000_000;
            *expected.entry(at.div_euclid(length) * length).or_default() += 1;
        }
        assert_eq!(stats.histogram, Some(expected), "{text}");
    }
}
