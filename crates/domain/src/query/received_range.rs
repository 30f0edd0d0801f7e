//! Bounds that a query puts on the received time, for executors that keep entries in log order.

use super::{Clause, Comparison, Instant, Query, TimeField};

/// How far an entry's `occurred_at` may lie after its `received_at`: validation lets a day pass, by
/// a clock that may itself differ from the log's; a second day allows for that.
const OCCURRED_AHEAD_DAYS: i32 = 2;

/// Received times outside of which nothing matches. May be wider than the query, never narrower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceivedRange {
    /// Received then or later.
    pub from: Option<Instant>,
    /// Received before then.
    pub before: Option<Instant>,
}

impl ReceivedRange {
    fn narrow(&mut self, comparison: Comparison, instant: Instant) {
        let from = match comparison {
            Comparison::Equal | Comparison::AtLeast => Some(instant),
            Comparison::More => instant.next(),
            Comparison::Less | Comparison::AtMost => None,
        };
        let before = match comparison {
            Comparison::Equal | Comparison::AtMost => instant.next(),
            Comparison::Less => Some(instant),
            Comparison::More | Comparison::AtLeast => None,
        };
        self.from = self.from.max(from);
        self.before = match (self.before, before) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

impl Query {
    /// What the query's own terms (not those within OR or a negation) say of the received time.
    pub fn received_range(&self) -> ReceivedRange {
        let terms = match self {
            Self::And(several) => several,
            only => std::slice::from_ref(only),
        };
        let mut range = ReceivedRange::default();
        for term in terms {
            let Self::Clause(Clause::Time { field, comparison, instant }) = term else {
                continue;
            };
            if *field == TimeField::ReceivedAt {
                range.narrow(*comparison, *instant);
            } else if !matches!(comparison, Comparison::Less | Comparison::AtMost) {
                range.narrow(Comparison::AtLeast, instant.plus_days(-OCCURRED_AHEAD_DAYS));
            }
        }
        range
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use crate::query::parse;

    fn range(query: &str) -> (Option<String>, Option<String>) {
        let range = parse(query).unwrap().received_range();
        (range.from.map(|at| at.to_string()), range.before.map(|at| at.to_string()))
    }

    #[test]
    fn the_narrowest_bounds_hold() {
        let (from, before) = range("received_at>=2026-03-01 received_at>2026-03-02 received_at<2026-03-09 x");
        assert_eq!(from.as_deref(), Some("2026-03-02T00:00:00.000001Z"));
        assert_eq!(before.as_deref(), Some("2026-03-09T00:00:00Z"));
    }

    #[test]
    fn what_happened_late_was_received_late_but_not_the_other_way() {
        let (from, before) = range("time>=2026-03-05 occurred_at<2026-03-06");
        assert_eq!(from.as_deref(), Some("2026-03-03T00:00:00Z"));
        assert_eq!(before, None);
    }

    #[test]
    fn alternatives_and_negations_bound_nothing() {
        assert_eq!(range("received_at>=2026-03-01 OR x"), (None, None));
        assert_eq!(range("-received_at>=2026-03-01"), (None, None));
        assert_eq!(range("-(x received_at<2026-03-01)"), (None, None));
    }
}
