//! A query, together with what its asker may read.

use custody_auth::Scope;
use custody_domain::{
    Entry, EntryId,
    query::{Instant, Query},
};
use custody_ledger::{Head, Range};

/// What is asked with a scope. There is no way to run the asker's part on an entry that the grant
/// does not give.
#[derive(Clone, Debug)]
pub struct Asked {
    grant: Option<Query>,
    query: Query,
    whole: Query,
}

impl Asked {
    pub fn new(scope: &Scope, query: Query) -> Self {
        Self { grant: scope.grant(), whole: scope.restrict(query.clone()), query }
    }

    /// What was asked with a scope that is gone by now, of which the grant was kept.
    pub fn granted(grant: Option<Query>, query: Query) -> Self {
        let whole = Query::and(grant.iter().cloned().chain([query.clone()]));
        Self { grant, query, whole }
    }

    /// Whether the entry may be read, and then whether it is what was asked for. The two are not one
    /// query: nothing that reorders or rewrites queries can bring the asker's part before the grant.
    pub fn matches(&self, entry: &Entry<'_>) -> bool {
        self.grant.as_ref().is_none_or(|grant| grant.matches(entry)) && self.query.matches(entry)
    }

    /// What may be read; none where that is everything.
    pub fn grant(&self) -> Option<&Query> {
        self.grant.as_ref()
    }

    /// What is looked for within that.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Whether there may be entries in the tenant that the asker must not learn of.
    pub fn is_restricted(&self) -> bool {
        self.grant.is_some()
    }

    /// The ids that can match: up to the head, within the received times that the query asks for. None
    /// where there can be no such id.
    pub fn range(&self, head: Head) -> Option<Range> {
        let end = head.last_id?.next_up();
        let received = self.whole.received_range();
        let bound = |at: Instant| EntryId::lower_bound(at.to_datetime());
        let range = Range {
            after: received.from.map(|from| bound(from).next_down()),
            before: Some(received.before.map_or(end, |before| bound(before).min(end))),
        };
        (range.after < range.before).then_some(range)
    }

    /// Grant and query as one: what cursors are bound to.
    pub fn whole(&self) -> &Query {
        &self.whole
    }
}
