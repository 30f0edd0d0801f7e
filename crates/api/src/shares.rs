//! Shares of what all requests have in common, so that nobody alone can use it up.

use std::{
    collections::HashMap,
    hash::Hash,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Semaphore;

type Holders<K> = Arc<Mutex<HashMap<K, Arc<Semaphore>>>>;

/// The holders who have something in hand, each with what is left of its share. Who has nothing in
/// hand is forgotten, so that the map is as bounded as that which is shared.
#[derive(Clone, Debug)]
pub(crate) struct Shares<K> {
    each: usize,
    holders: Holders<K>,
}

/// One holder's share. Lives at least as long as the permits that are taken from it.
#[derive(Debug)]
pub(crate) struct Share<K: Eq + Hash> {
    holder: K,
    left: Arc<Semaphore>,
    holders: Holders<K>,
}

impl<K: Copy + Eq + Hash> Shares<K> {
    /// Every holder may have `each` permits.
    pub(crate) fn new(each: usize) -> Self {
        Self { each, holders: Arc::default() }
    }

    pub(crate) fn of(&self, holder: K) -> Share<K> {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let left = holders.entry(holder).or_insert_with(|| Arc::new(Semaphore::new(self.each)));
        Share { holder, left: Arc::clone(left), holders: Arc::clone(&self.holders) }
    }
}

impl<K: Eq + Hash> Deref for Share<K> {
    type Target = Semaphore;

    fn deref(&self) -> &Semaphore {
        &self.left
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's and this one: nobody else can come by another meanwhile, for the map is locked.
        if Arc::strong_count(&self.left) == 2 {
            holders.remove(&self.holder);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use super::*;

    #[test]
    fn a_share_is_the_holders_own_and_is_forgotten_when_it_is_idle() {
        let shares = Shares::new(2);
        let (one, other) = (shares.of("one"), shares.of("other"));
        let taken = one.try_acquire_many(2).unwrap();
        assert!(shares.of("one").try_acquire().is_err());
        assert!(other.try_acquire().is_ok());
        assert_eq!(shares.holders.lock().unwrap().len(), 2);
        drop(taken);
        drop((one, other));
        assert!(shares.holders.lock().unwrap().is_empty());
    }
}
