//! The jobs of the installation itself, and when they are due. Here, because what they look at is known
//! nowhere else together. And where those of other crates are given what they need.

mod anchor;
mod health;
mod partitions;
pub(crate) mod reconcile;
mod sweep;

use custody_export::{ExportLogs, ExportServices, Exports};
use custody_ledger::Ledger;
use custody_objects::Objects;
use custody_queue::{Job as _, Kinds, schedules::declared};
use custody_store::schedules::{Asks, Declared};

use crate::{
    config::{Config, Engine},
    installation::Installation,
    search::Searches,
};

/// Of each tenant's hour, so that not all write to the object store at once.
const ANCHOR_JITTER_SECONDS: u32 = 600;
/// What is looked at each hour; all is, once a day.
const RECONCILED_HOURS: u32 = 26;

/// Adds these kinds, with what their handlers need. After all others: `health` and `sweep` know them.
pub(crate) fn add_to(
    kinds: Kinds,
    installation: &Installation,
    config: &Config,
    ledger: &Ledger,
    searches: &Searches,
    objects: &Objects,
) -> Kinds {
    let store = &installation.store;
    let exports = Exports::new(ledger.clone());
    let kinds = kinds.with::<ExportLogs>(ExportServices { exports, objects: objects.clone() });
    // These leave what they make elsewhere.
    let own = [
        partitions::Partitions::KIND,
        sweep::Sweep::KIND,
        anchor::Anchor::KIND,
        reconcile::Reconcile::KIND,
        health::Health::KIND,
    ];
    let sweep = sweep::Services {
        store: store.clone(),
        objects: objects.clone(),
        authority: installation.authority.clone(),
        leave_no_files: [kinds.leaving_no_files(), own.to_vec()].concat(),
    };
    let kinds = kinds
        .with::<partitions::Partitions>(store.clone())
        .with::<sweep::Sweep>(sweep)
        .with::<anchor::Anchor>(anchor::Services {
            ledger: ledger.clone(),
            objects: objects.clone(),
            lock_days: config.anchor_lock_days,
        });
    let kinds = match searches.opensearch() {
        None => kinds,
        Some(index) => kinds.with::<reconcile::Reconcile>(reconcile::Services {
            ledger: ledger.clone(),
            index: index.clone(),
            authority: installation.authority.clone(),
        }),
    };
    let services = health::Services {
        index: searches.opensearch().cloned(),
        store: store.clone(),
        objects: objects.clone(),
        data_dir: config.data_dir.clone(),
        kinds: kinds.clone(),
    };
    kinds.with::<health::Health>(services)
}

/// When they are due.
pub(crate) fn schedules(search: &Engine) -> anyhow::Result<Vec<Declared>> {
    let anchor = declared("anchor", "0 * * * *", &anchor::Anchor {})?;
    let asks = Asks { each_tenant: true, jitter_seconds: ANCHOR_JITTER_SECONDS, ..anchor.asks };
    let mut schedules = vec![
        declared("partitions", "*/10 * * * *", &partitions::Partitions {})?,
        declared("sweep", "7 * * * *", &sweep::Sweep {})?,
        declared("health", "*/5 * * * *", &health::Health {})?,
        Declared { asks, ..anchor },
    ];
    if matches!(search, Engine::OpenSearch(_)) {
        let of = |hours| reconcile::Reconcile { hours };
        schedules.push(declared("search.reconcile", "23 * * * *", &of(Some(RECONCILED_HOURS)))?);
        schedules.push(declared("search.reconcile.all", "43 2 * * *", &of(None))?);
    }
    Ok(schedules)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use custody_queue::schedules::Times;

    #[test]
    fn all_schedules_are_due_within_the_hour() {
        let now = chrono::Utc::now();
        for own in super::schedules(&super::Engine::Tantivy).unwrap() {
            let next = Times::of(&own.timing).unwrap().after(now).unwrap();
            assert!(next - now <= chrono::TimeDelta::hours(1), "{}", own.name);
        }
    }
}
