//! What a process that answers or works is made of.

use custody_ingest::{Ingest, QuarantineQuota, Reads};
use custody_ledger::Ledger;
use custody_objects::Objects;
use custody_queue::Kinds;
use custody_scans::Scans;

use crate::{config::Config, installation::Installation, search::Searches};

/// Opened, and not at work yet.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(super) ledger: Ledger,
    pub(super) ingest: Ingest,
    /// Where reads of entries are told.
    pub(super) reads: Reads,
    pub(super) objects: Objects,
    pub(super) searches: Searches,
    /// Takes orders for scans.
    pub(super) scans: Scans,
    /// Of the jobs that this program knows.
    pub(crate) kinds: Kinds,
}

impl Parts {
    pub(crate) fn open(config: &Config, installation: &Installation) -> anyhow::Result<Self> {
        let objects = config.open_objects()?;
        let ledger = installation.ledger();
        let searches = Searches::open(config, installation, &ledger)?;
        let (scan_services, scans) = crate::scans::open(installation, config);
        let scanning = (&scan_services, &scans);
        Ok(Self {
            ingest: ingest(config, installation, &ledger),
            reads: Reads::default(),
            kinds: super::jobs::kinds(installation, config, &ledger, &searches, &objects, scanning),
            scans,
            ledger,
            objects,
            searches,
        })
    }
}

fn ingest(config: &Config, installation: &Installation, ledger: &Ledger) -> Ingest {
    let quota =
        QuarantineQuota { items_max: config.quarantine_items_max, bytes_max: config.quarantine_bytes_max };
    Ingest::new(installation.store.clone(), ledger.clone(), installation.keys.clone(), quota)
}
