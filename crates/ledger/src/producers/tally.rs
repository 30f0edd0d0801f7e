//! What the numbers of one pass change in what is known of their producers.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use custody_domain::{
    EntryId, TenantId,
    producer::{Bounds, Run},
};
use custody_store::{
    FencedTx, StoreError,
    followers::Position,
    producers::{self, Counts, Numbered, Tracked},
};

/// Producers of a tenant that are watched. Whoever gives every event a producer of its own has not
/// understood what it is for, and must not make a table as long as the log.
const PRODUCERS_MAX: u64 = 10_000;

pub(super) struct Tally<'a> {
    logs: &'a [Position],
    known: HashMap<(TenantId, String), Tracked>,
    counts: HashMap<TenantId, Counts>,
    /// Those whose counts have changed.
    counted: HashSet<TenantId>,
}

impl<'a> Tally<'a> {
    /// `logs`: the stretches' logs, and where they end.
    pub(super) fn new(logs: &'a [Position]) -> Self {
        Self { logs, known: HashMap::new(), counts: HashMap::new(), counted: HashSet::new() }
    }

    /// What is known so far of the producers that have numbered something.
    pub(super) async fn load(&mut self, tx: &mut FencedTx, numbered: &[Numbered]) -> Result<(), StoreError> {
        let asked: Vec<_> = numbered
            .iter()
            .filter_map(|n| Some((self.logs.get(n.stretch)?, n.producer.as_deref()?)))
            .map(|(log, id)| (log.tenant, log.epoch, id))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        for tracked in producers::load(tx, &asked).await? {
            self.known.insert((tracked.tenant, tracked.id.clone()), tracked);
        }
        let new: HashSet<_> = asked
            .iter()
            .filter(|(tenant, _, id)| !self.known.contains_key(&(*tenant, (*id).to_owned())))
            .map(|(tenant, epoch, _)| (*tenant, *epoch))
            .collect();
        if !new.is_empty() {
            self.counts = producers::counts(tx, &Vec::from_iter(new)).await?;
        }
        Ok(())
    }

    pub(super) fn count(&mut self, numbered: &[Numbered]) {
        for n in numbered {
            if let (Some(log), Some(id)) = (self.logs.get(n.stretch), &n.producer) {
                self.count_one(*log, id, n);
            }
        }
    }

    fn count_one(&mut self, log: Position, id: &str, numbered: &Numbered) {
        let mut entries = numbered.seqs.iter().zip(&numbered.ids);
        let key = (log.tenant, id.to_owned());
        if !self.known.contains_key(&key) {
            let counts = self.counts.entry(log.tenant).or_default();
            self.counted.insert(log.tenant);
            if counts.kept >= PRODUCERS_MAX {
                counts.unwatched += numbered.entries;
                return;
            }
            let Some((seq, entry)) = entries.next() else { return };
            counts.kept += 1;
            self.known.insert(key.clone(), begin(log, id, *seq, received(*entry)));
        }
        let Some(tracked) = self.known.get_mut(&key) else { return };
        for (seq, entry) in entries {
            let at = received(*entry);
            tracked.run.see(*seq, at.timestamp_millis(), Bounds::default());
            tracked.last_seen_at = at;
        }
    }

    pub(super) async fn save(self, tx: &mut FencedTx) -> Result<(), StoreError> {
        if !self.known.is_empty() {
            producers::save(tx, &self.known.into_values().collect::<Vec<_>>()).await?;
        }
        let counted: Vec<_> = self
            .logs
            .iter()
            .filter(|log| self.counted.contains(&log.tenant))
            .map(|log| (log.tenant, log.epoch, self.counts.get(&log.tenant).copied().unwrap_or_default()))
            .collect();
        if counted.is_empty() { Ok(()) } else { producers::save_counts(tx, &counted).await }
    }
}

fn begin(log: Position, id: &str, seq: u64, at: DateTime<Utc>) -> Tracked {
    Tracked {
        tenant: log.tenant,
        epoch: log.epoch,
        id: id.to_owned(),
        run: Run::new(seq),
        first_seen_at: at,
        last_seen_at: at,
    }
}

fn received(entry: EntryId) -> DateTime<Utc> {
    entry.received_at()
}
