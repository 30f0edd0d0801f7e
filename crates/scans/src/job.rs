//! `scan.*`: the jobs that run scans. One kind a provider, so that each has limits of its own.

mod crew;
mod prepare;
mod recorder;
mod run;
mod scheduled;

use std::time::Duration;

use custody_auth::Scope;
use custody_domain::ScanId;
use custody_keys::Keys;
use custody_queue::{Backoff, Done, Job, JobError, Kinds, Limits, OpContext, Options, enqueue};
use custody_store::{
    TenantTx,
    jobs::{EnqueueError, Enqueued, IfTaken},
};
use serde::{Deserialize, Serialize};

use crate::{Engine, Policy, Scans};

pub use scheduled::ScheduledScan;

/// What a scan is run with.
#[derive(Clone, Debug)]
pub struct ScanServices {
    pub keys: Keys,
    pub engine: Engine,
    pub policy: Policy,
}

/// A scan of a large account takes hours. Each attempt goes on where the one before it was.
const LIMITS: Limits = Limits {
    run_time_max: Duration::from_hours(12),
    attempts_max: 50,
    backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_mins(1) },
    // No tenant takes all of a worker.
    tenant_max: Some(3),
    slots: Some(4),
    wait_max: Duration::from_hours(1),
    ..Limits::DEFAULT
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $kind:literal of $providers:pat => ;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Serialize, Deserialize)]
            struct $name {
                scan: ScanId,
            }

            impl Job for $name {
                const KIND: &'static str = $kind;
                const LIMITS: Limits = LIMITS;
                type Services = ScanServices;

                async fn run(&self, context: &OpContext<ScanServices>) -> Result<Done, JobError> {
                    run::run(context, self.scan).await
                }
            }
        )*

        /// Adds all of them.
        pub fn add_to(kinds: Kinds, services: &ScanServices, orders: Scans) -> Kinds {
            kinds$(.with::<$name>(services.clone()))*.with::<ScheduledScan>(orders)
        }

        /// Asks for the run of a scan, in the transaction that writes it. Of one `key` one is unfinished at
        /// a time.
        pub(crate) async fn ask(
            tx: &mut TenantTx,
            who: &Scope,
            provider: &str,
            scan: ScanId,
            key: String,
            if_taken: IfTaken,
        ) -> Result<Enqueued, EnqueueError> {
            let options = Options { unique: Some((key, if_taken)), ..Options::default() };
            match provider {
                $($providers => enqueue(tx, who, &$name { scan }, options).await,)*
            }
        }
    };
}

kinds! {
    OfAws = "scan.aws" of "aws" =>;
    OfAzure = "scan.azure" of "azure" =>;
    OfGcp = "scan.gcp" of "gcp" =>;
    OfKubernetes = "scan.kubernetes" of "kubernetes" =>;
    /// All others.
    OfOther = "scan.other" of _ =>;
}
