//! Answers of the directory, kept for a few seconds, bounded in number.

use std::{fmt, future::Future, hash::Hash, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;

use crate::DirectoryError;

/// What was answered, and the moment of the request that asked.
#[derive(Clone)]
struct Answer<V> {
    asked_at: DateTime<Utc>,
    value: Result<V, DirectoryError>,
}

/// A bounded cache whose age is measured by the requests' clock, so that a test need not wait.
/// Requests that ask for the same key at the same time share one look-up.
pub(crate) struct Fresh<K, V> {
    answers: Cache<K, Arc<Answer<V>>>,
}

impl<K, V> fmt::Debug for Fresh<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fresh")
    }
}

impl<K, V> Fresh<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(capacity: u64) -> Self {
        Self { answers: Cache::new(capacity) }
    }

    /// The answer for `key`, at most `age_max` old at `now`. Failures are never kept.
    pub(crate) async fn get(
        &self,
        key: K,
        now: DateTime<Utc>,
        age_max: TimeDelta,
        ask: impl Future<Output = Result<V, DirectoryError>>,
    ) -> Result<V, DirectoryError> {
        let answer = async { Arc::new(Answer { asked_at: now, value: ask.await }) };
        // Younger than nothing: a clock that was set back must not keep an answer alive.
        let stale = |answer: &Arc<Answer<V>>| {
            let age = now - answer.asked_at;
            answer.value.is_err() || age >= age_max || age < TimeDelta::zero()
        };
        let entry = self.answers.entry(key).or_insert_with_if(answer, stale).await;
        entry.into_value().value.clone()
    }

    pub(crate) fn forget(&self) {
        self.answers.invalidate_all();
    }
}
