//! Shorter times than any installation has, so that a test need not wait for them.

use std::{collections::BTreeMap, time::Duration};

use custody_queue::{
    WorkerConfig,
    sqs::{RelayConfig, SqsConfig},
};

const NAMES: [&str; 7] = ["lease", "unknown", "unconfirmed", "unseen", "visibility", "wait", "attempt"];

/// `CUSTODY_FAULT_TIMES=lease=1500,unknown=2000`: names of [`NAMES`], each with milliseconds. What is not
/// named is as it always is.
pub(crate) struct Times(BTreeMap<&'static str, Duration>);

impl Times {
    pub(crate) fn from_environment() -> Self {
        let text = std::env::var("CUSTODY_FAULT_TIMES").unwrap_or_default();
        Self(text.split(',').filter(|word| !word.is_empty()).map(read).collect())
    }

    pub(crate) fn of_worker(&self, mut worker: WorkerConfig) -> WorkerConfig {
        self.set("lease", &mut worker.lease_ttl);
        self.set("unknown", &mut worker.unknown_patience);
        worker
    }

    pub(crate) fn of_relay(&self, mut relay: RelayConfig) -> RelayConfig {
        self.set("unconfirmed", &mut relay.unconfirmed);
        self.set("unseen", &mut relay.unseen);
        relay
    }

    pub(crate) fn of_queue(&self, mut queue: SqsConfig) -> SqsConfig {
        self.set("visibility", &mut queue.visibility);
        self.set("wait", &mut queue.wait);
        self.set("attempt", &mut queue.attempt);
        queue
    }

    fn set(&self, name: &str, time: &mut Duration) {
        if let Some(short) = self.0.get(name) {
            *time = *short;
        }
    }
}

#[expect(clippy::panic, reason = "a test that names no time would wait for it")]
fn read(word: &str) -> (&'static str, Duration) {
    let time = word.split_once('=').and_then(|(name, ms)| {
        let name = NAMES.into_iter().find(|known| *known == name)?;
        Some((name, Duration::from_millis(ms.parse().ok()?)))
    });
    time.unwrap_or_else(|| panic!("CUSTODY_FAULT_TIMES: {word:?} is none of {NAMES:?} with milliseconds"))
}
