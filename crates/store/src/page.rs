//! Pages of rows: keyset, by id. Ids grow with time, except people's, which are random.

use std::sync::{LazyLock, Mutex};

use chrono::{DateTime, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// What is asked of a list.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    limit: i64,
    after: Option<Uuid>,
}

impl PageRequest {
    /// A page holds at most this many, whatever was asked.
    pub const LIMIT_MAX: u16 = 1000;

    /// `after` is the `next` of the page before.
    pub fn new(limit: u16, after: Option<Uuid>) -> Self {
        Self { limit: i64::from(limit.clamp(1, Self::LIMIT_MAX)), after }
    }

    /// The first page, as long as may be.
    pub fn first() -> Self {
        Self::new(Self::LIMIT_MAX, None)
    }

    /// All ids are greater than this one, and it is nobody's.
    pub(crate) fn after(&self) -> Uuid {
        self.after.unwrap_or(Uuid::nil())
    }

    /// One more than the page holds: whether there is a next one.
    pub(crate) fn fetch(&self) -> i64 {
        self.limit + 1
    }
}

/// Rows in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The last id here, where there is more.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    pub(crate) fn of(mut rows: Vec<T>, request: PageRequest, id: impl Fn(&T) -> Uuid) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(id);
        Self { items: rows, next }
    }
}

/// Counts within a millisecond.
static CONTEXT: LazyLock<Mutex<ContextV7>> = LazyLock::new(|| Mutex::new(ContextV7::new()));

/// A new row's id: `UUIDv7` of the moment, and later than the one before, so that a list by id is a
/// list by age, and the changes of one transaction keep their order.
pub(crate) fn new_id(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(&*CONTEXT, seconds, now.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_keep_their_order() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let ids: Vec<_> = (0..1000).map(|_| new_id(now)).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_page_knows_whether_there_is_more() {
        let id = |n: &u128| Uuid::from_u128(*n);
        let request = PageRequest::new(2, None);
        let page = Page::of(vec![1, 2, 3], request, id);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(Uuid::from_u128(2))));
        assert_eq!(Page::of(vec![1, 2], request, id).next, None);
        assert_eq!(PageRequest::new(0, None).fetch(), 2);
    }
}
