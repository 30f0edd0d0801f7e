//! Statistics are what one counts by hand.

use std::collections::BTreeMap;

use custody_auth::Scope;
use custody_domain::query::{Instant, Query};
use custody_ledger::StoredEntry;
use custody_search::{
    Search, StatsRequest,
    stats::{GroupBy, Histogram, HistogramTime, Interval},
};

/// Every grouping and every histogram of the query, over an executor whose log holds just `log`.
pub(crate) async fn hold(search: &dyn Search, scope: &Scope, log: &[StoredEntry], query: &Query) {
    let views: Vec<_> =
        log.iter().map(|entry| entry.view().unwrap()).filter(|view| query.matches(view)).collect();
    let text = query.render();
    for (interval, time) in [
        (Interval::Hour, HistogramTime::Received),
        (Interval::Hour, HistogramTime::Occurred),
        (Interval::Day, HistogramTime::Occurred),
    ] {
        let histogram = Some(Histogram { interval, time });
        let request = StatsRequest { query: query.clone(), by: GroupBy::ALL.to_vec(), top: 2, histogram };
        let stats = search.stats(scope, request).await.unwrap();
        assert_eq!(stats.count, views.len() as u64, "{text}");
        assert_eq!(stats.index_watermark, Some(log.len() as u64));
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
        for view in &views {
            let said = view.content.as_object().and_then(|content| content.get("occurred_at")?.as_str());
            let occurred = said.and_then(Instant::parse).filter(|_| time == HistogramTime::Occurred);
            let at = occurred.unwrap_or_else(|| Instant::from(view.received_at())).microseconds();
            let length: i64 = if interval == Interval::Hour { 3_600 } else { 86_400 } * 1_000_000;
            *expected.entry(at.div_euclid(length) * length).or_default() += 1;
        }
        assert_eq!(stats.histogram, Some(expected), "{text}");
    }
}
