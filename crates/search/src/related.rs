//! What belongs to an entry: the others of its request, its session, its actor, its resource, around it
//! in time.

use std::{collections::BTreeMap, time::Duration};

use custody_auth::Scope;
use custody_domain::{
    Entry,
    query::{Clause, Comparison, Keyword, Pattern, Query, TimeField},
};
use custody_ledger::StoredEntry;

use crate::{PageRequest, Search, SearchError, Sort};

/// Pages that are asked for one side, where they come with fewer entries than there is room for.
const PAGES_MAX: usize = 8;

/// What two entries share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Request,
    Session,
    Actor,
    Resource,
}

impl Relation {
    pub const ALL: [Self; 4] = [Self::Request, Self::Session, Self::Actor, Self::Resource];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request_id",
            Self::Session => "session_id",
            Self::Actor => "actor",
            Self::Resource => "resource",
        }
    }

    /// The members that are the same; an entry that lacks the last has no such relation.
    fn members(self) -> &'static [(Keyword, &'static [&'static str])] {
        match self {
            Self::Request => &[(Keyword::RequestId, &["request_id"])],
            Self::Session => &[(Keyword::SessionId, &["session_id"])],
            Self::Actor => &[(Keyword::ActorType, &["actor", "type"]), (Keyword::ActorId, &["actor", "id"])],
            Self::Resource => {
                &[(Keyword::ResourceType, &["resource", "type"]), (Keyword::ResourceId, &["resource", "id"])]
            }
        }
    }

    /// The entries that have it to `entry`, itself among them.
    fn query(self, entry: &Entry<'_>) -> Option<Query> {
        let members = self.members();
        text_at(entry, members.last()?.1)?;
        Some(Query::and(members.iter().filter_map(|(field, path)| {
            let pattern = Pattern::Literal(text_at(entry, path)?.to_owned());
            Some(Clause::Is { field: *field, pattern }.into())
        })))
    }
}

fn text_at<'e>(entry: &'e Entry<'_>, path: &[&str]) -> Option<&'e str> {
    let (last, outer) = path.split_last()?;
    let mut object = entry.content.as_object()?;
    for name in outer {
        object = object.get(name)?.as_object()?;
    }
    object.get(last)?.as_str()
}

/// How far to look.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// Before the entry, and after it.
    pub within: Duration,
    /// Entries on each side.
    pub limit: u32,
}

/// One entry's timeline.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// By when they occurred, the entry itself among them, which is related by nothing.
    pub items: Vec<(StoredEntry, Vec<Relation>)>,
    /// Whether there may be more on that side within the time.
    pub more_before: bool,
    pub more_after: bool,
}

/// The entries around `entry`, which the scope may read, that share something with it, and that the scope
/// may read as well. The nearest of each side.
pub async fn related(
    search: &dyn Search,
    scope: &Scope,
    entry: &StoredEntry,
    around: Around,
) -> Result<Timeline, SearchError> {
    let view = entry.view()?;
    let relations: Vec<_> =
        Relation::ALL.into_iter().filter_map(|relation| Some((relation, relation.query(&view)?))).collect();
    let at = view.time();
    let within = i64::try_from(around.within.as_micros()).unwrap_or(i64::MAX);
    let time =
        |comparison, instant| Query::from(Clause::Time { field: TimeField::Time, comparison, instant });
    let any = Query::or(relations.iter().map(|(_, query)| query.clone()));
    let between =
        |from, to| Query::and([any.clone(), time(Comparison::AtLeast, from), time(Comparison::AtMost, to)]);
    let earlier = between(at.plus_microseconds(-within), at);
    let later = between(at, at.plus_microseconds(within));
    let (before, more_before) =
        nearest(search, scope, earlier, Sort::OccurredDescending, around.limit).await?;
    let (after, more_after) = nearest(search, scope, later, Sort::OccurredAscending, around.limit).await?;
    let mut found = BTreeMap::new();
    for other in before.into_iter().chain(after).filter(|other| other.id != entry.id) {
        let view = other.view()?;
        let by = relations.iter().filter(|(_, query)| query.matches(&view)).map(|(relation, _)| *relation);
        let (place, by) = ((view.time().microseconds(), other.id), by.collect());
        found.insert(place, (other, by));
    }
    found.insert((at.microseconds(), entry.id), (entry.clone(), Vec::new()));
    Ok(Timeline { items: found.into_values().collect(), more_before, more_after })
}

/// One more than the limit would take the entry itself in, which both sides find.
async fn nearest(
    search: &dyn Search,
    scope: &Scope,
    query: Query,
    sort: Sort,
    limit: u32,
) -> Result<(Vec<StoredEntry>, bool), SearchError> {
    let mut items: Vec<StoredEntry> = Vec::new();
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let left = (limit + 1).saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
        if left == 0 {
            return Ok((items, true));
        }
        let request = PageRequest { query: query.clone(), sort, limit: left, cursor, total: false };
        let page = search.page(scope, request).await?;
        items.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok((items, false));
        }
    }
    Ok((items, true))
}
