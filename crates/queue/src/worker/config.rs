//! How much a worker takes on, and how long it may be silent.

use std::{collections::BTreeMap, time::Duration};

use crate::{Launcher, kinds::Kind};

#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// For people: the machine and the process.
    pub name: String,
    /// So many jobs at a time.
    pub slots: usize,
    /// Of a kind at most so many; 0 for none.
    pub slots_by_kind: BTreeMap<String, usize>,
    /// Whether kinds that are not named there are run.
    pub other_kinds: bool,
    /// A worker that is not heard of for so long has lost its jobs. It says that it is there every third
    /// of it, by the database's clock. At most a minute.
    pub lease_ttl: Duration,
    /// A job that no worker could read for so long is a dead letter.
    pub unknown_patience: Duration,
    /// Starts the processes of kinds that have one of their own.
    pub launcher: Option<Launcher>,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            name: format!("process {}", std::process::id()),
            slots: 16,
            slots_by_kind: BTreeMap::new(),
            other_kinds: true,
            lease_ttl: Duration::from_secs(15),
            unknown_patience: Duration::from_mins(2),
            launcher: None,
        }
    }
}

impl WorkerConfig {
    pub(super) fn slots_of(&self, kind: &Kind) -> usize {
        match self.slots_by_kind.get(kind.name) {
            Some(slots) => *slots,
            None if self.other_kinds => kind.limits.slots.unwrap_or(self.slots),
            None => 0,
        }
    }
}
