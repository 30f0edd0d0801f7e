//! How much one question may cost.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Steps between two looks at the clock.
const LOOK: u64 = 4_096;

/// The question takes longer than one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the question takes longer than one may")]
pub(in super::super) struct Exhausted;

/// What is left. A step is about a term, or eight documents.
#[derive(Debug)]
pub(in super::super) struct Work {
    until: Instant,
    unseen: Cell<u64>,
}

impl Work {
    pub(in super::super) fn within(time: Duration) -> Self {
        Self { until: Instant::now() + time, unseen: Cell::new(0) }
    }

    pub(in super::super) fn take(&self, steps: u64) -> Result<(), Exhausted> {
        let unseen = self.unseen.get() + steps;
        if unseen < LOOK {
            self.unseen.set(unseen);
            return Ok(());
        }
        self.unseen.set(0);
        self.look()
    }

    pub(in super::super) fn look(&self) -> Result<(), Exhausted> {
        if Instant::now() < self.until { Ok(()) } else { Err(Exhausted) }
    }
}
