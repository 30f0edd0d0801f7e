//! Each entry stands where the one before it says: `seq` without gaps, ids strictly increasing.

use custody_domain::EntryId;

/// How far a walk has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The next entry's `seq`.
    pub next: u64,
    /// The last entry's id; None before the first.
    pub last_id: Option<EntryId>,
}

/// What is wrong with an entry's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderFault {
    /// `first` to `last`, both included.
    #[error("{}", missing(*.first, *.last))]
    Missing { first: u64, last: u64 },
    #[error("stands after entry {0}, which is later or the same: two rows were exchanged, or one was added")]
    Again(u64),
    #[error("has an id that is not above the one before it, {0}")]
    IdNotAbove(EntryId),
}

impl Order {
    pub fn from(next: u64, last_id: Option<EntryId>) -> Self {
        Self { next, last_id }
    }

    /// Takes the next entry in. After a fault the walk goes on from the entry that is there, so that
    /// one fault is told once.
    pub fn step(&mut self, seq: u64, id: EntryId) -> Result<(), OrderFault> {
        let (expected, last_id) = (self.next, self.last_id);
        if seq < expected {
            return Err(OrderFault::Again(expected - 1));
        }
        *self = Self { next: seq + 1, last_id: Some(id) };
        if seq > expected {
            return Err(OrderFault::Missing { first: expected, last: seq - 1 });
        }
        match last_id {
            Some(last) if id <= last => Err(OrderFault::IdNotAbove(last)),
            _ => Ok(()),
        }
    }
}

fn missing(first: u64, last: u64) -> String {
    if first == last { "is missing".to_owned() } else { format!("and all up to entry {last} are missing") }
}
