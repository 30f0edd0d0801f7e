//! Who asked what: reads of a tenant's entries, on their way into the tenant's own log.
//!
//! A read is told by [`Reads::tell`], which costs a look into a map, and is in the log within a second
//! ([`Teller`]). The same again, by the same one, within a minute is counted, and told once the minute is
//! over. Reads of what is told here (`custody.log.*`) and of nothing else are told once an hour, so that
//! reading them does not breed more of them. The map is bounded; what does not fit is counted as others.

mod gathered;
mod tell;
mod told;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use custody_auth::{
    Operation, Scope,
    operation::{TOLD, Trail},
};
use custody_domain::{
    EntryId,
    query::{Clause, Keyword, Pattern, Query},
};

use self::gathered::{Gathered, Subject};
pub use self::tell::Teller;

/// What was read.
#[derive(Clone, Copy, Debug)]
pub enum What<'r> {
    Query(&'r Query),
    /// `told`: whether it tells of a read itself.
    Entry {
        id: EntryId,
        told: bool,
    },
}

impl What<'_> {
    /// The entry, whose action is `action`.
    pub fn entry(id: EntryId, action: Option<&str>) -> Self {
        Self::Entry { id, told: action.is_some_and(|action| action.starts_with(TOLD)) }
    }
}

/// How often, and how much of it was handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub times: u64,
    pub rows: u64,
}

/// Where reads are told. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Reads(Arc<Mutex<Gathered>>);

impl Reads {
    /// The holder of the scope read that, by `operation`. One whose trail is another is not told here.
    pub fn tell(&self, scope: &Scope, operation: Operation, what: What<'_>, amount: Amount) {
        let Trail::Told(action) = operation.trail() else { return };
        let subject = match what {
            What::Query(query) if asks_for_told_alone(query) => Subject::Told(query.render().into()),
            What::Query(query) => Subject::Query(query.render().into()),
            What::Entry { id, told: true } => Subject::Told(format!("id:{id}").into()),
            What::Entry { id, told: false } => Subject::Entry(id),
        };
        self.lock().add(scope, action, subject, amount, Utc::now());
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        // A panic elsewhere leaves the map whole: no step in between can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nothing but what is told here can match it. A query that asks so in another way than by the
/// action's beginning is told like any other.
fn asks_for_told_alone(query: &Query) -> bool {
    match query {
        Query::And(several) => several.iter().any(asks_for_told_alone),
        Query::Or(several) => several.iter().all(asks_for_told_alone),
        Query::Clause(Clause::Is { field: Keyword::Action, pattern }) => match pattern {
            Pattern::Literal(action) => action.starts_with(TOLD),
            Pattern::Wildcard(wildcard) => {
                wildcard.pieces().first().is_some_and(|first| first.starts_with(TOLD))
            }
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
