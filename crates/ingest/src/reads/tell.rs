//! From what was gathered into the tenants' logs.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_ledger::{Appended, Draft};
use futures::{StreamExt as _, stream};
use tokio::time::{self, MissedTickBehavior};

use super::{Reads, told::Told};
use crate::{Ingest, IngestError, outbox};

/// So often: what a crash takes with it.
const PAUSE: Duration = Duration::from_secs(1);
/// Tenants whose logs are written to at once.
const TENANTS_AT_ONCE: usize = 16;
/// Entries of one append.
const APPEND_MAX: usize = 256;

const UNTOLD: &str = "custody_reads_untold";

/// Writes what was gathered: each second, and all of it at the end. One a process.
#[derive(Debug)]
pub struct Teller {
    reads: Reads,
    ingest: Ingest,
    authority: SystemAuthority,
    /// What a log did not take yet, under the ids that it may know by now.
    unsent: BTreeMap<TenantId, Vec<Told>>,
    failing: bool,
}

impl Teller {
    pub fn new(reads: Reads, ingest: Ingest, authority: SystemAuthority) -> Self {
        Self { reads, ingest, authority, unsent: BTreeMap::new(), failing: false }
    }

    /// Until it is dropped, which loses nothing: [`Self::finish`] tells what is left.
    pub async fn run(&mut self) {
        let mut ticks = time::interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tell(Some(Instant::now())).await;
        }
    }

    /// All there is, once nobody reads any more.
    pub async fn finish(mut self) {
        self.tell(None).await;
        // What waited for a log that takes entries by now.
        self.tell(None).await;
        let lost: u64 = self.unsent.values().flatten().map(|told| told.tally.amount.times).sum();
        if lost > 0 {
            tracing::error!(read.count = lost, "reads could not be told in the log before the end");
        }
    }

    /// A log that did not take what it was given first gets nothing more before it has.
    async fn tell(&mut self, now: Option<Instant>) {
        let waiting: HashSet<_> = self.unsent.keys().copied().collect();
        let taken = self.reads.lock().take(now, |tenant| waiting.contains(&tenant));
        for told in taken {
            self.unsent.entry(told.tenant).or_default().push(told);
        }
        let tenants: Vec<_> = self.unsent.iter().map(|(tenant, told)| (*tenant, told.clone())).collect();
        let this = &*self;
        let results: Vec<_> = stream::iter(tenants)
            .map(async |(tenant, told)| (tenant, this.tell_tenant(tenant, &told).await))
            .buffer_unordered(TENANTS_AT_ONCE)
            .collect()
            .await;
        let mut trouble = None;
        for (tenant, result) in results {
            match result {
                Ok(()) => {
                    self.unsent.remove(&tenant);
                }
                Err(error) => {
                    trouble.get_or_insert(error);
                }
            }
        }
        if let Some(error) = &trouble
            && !self.failing
        {
            tracing::warn!(%error, "reads wait to be told in the log");
        }
        self.failing = trouble.is_some();
        let untold: usize = self.unsent.values().map(Vec::len).sum();
        metrics::gauge!(UNTOLD).set(f64::from(u32::try_from(untold).unwrap_or(u32::MAX)));
    }

    async fn tell_tenant(&self, tenant: TenantId, told: &[Told]) -> Result<(), IngestError> {
        let scope = self.authority.scope(tenant, "reads");
        for some in told.chunks(APPEND_MAX) {
            let mut drafts = Vec::with_capacity(some.len());
            for one in some {
                drafts.extend(self.draft(&scope, one).await?);
            }
            if drafts.is_empty() {
                continue;
            }
            for appended in self.ingest.ledger.append(&scope, drafts).await? {
                match appended {
                    Appended::Accepted(_) => metrics::counter!("custody_reads_told_total").increment(1),
                    Appended::Duplicate(_) => {}
                    Appended::Conflict(_) => {
                        tracing::error!(tenant.id = %tenant, "another entry has the id of a read");
                    }
                }
            }
        }
        Ok(())
    }

    /// None of what can be no entry, which is a defect of ours: it is counted among the others.
    async fn draft(&self, scope: &Scope, told: &Told) -> Result<Option<Draft>, IngestError> {
        match outbox::draft(&self.ingest, scope, &told.row).await? {
            Ok(draft) => Ok(Some(draft)),
            Err(why) => {
                tracing::error!(tenant.id = %scope.tenant(), reason = %why.reason, "a read cannot become an entry");
                self.reads.lock().add_to_others(scope.tenant(), told.tally);
                Ok(None)
            }
        }
    }
}
