//! `search.reconcile`: holds the search index against the ledger, hour by hour. A difference is told and
//! never repaired: nobody knows what else is wrong with an index that has lost something.

mod last;

use custody_auth::SystemAuthority;
use custody_ledger::Ledger;
use custody_queue::{Done, Job, JobError, OpContext};
use custody_search::{
    SearchError,
    opensearch::{Difference, OpenSearch},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(crate) use self::last::last;

/// Differences that the result names.
const NAMED_MAX: usize = 100;
/// How a job begins to say that it failed because there were any.
const DIFFERS: &str = "the search index differs from the ledger";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reconcile {
    /// Hours that are looked at, the present one included; none: all that there ever were.
    pub(super) hours: Option<u32>,
}

#[derive(Clone)]
pub(super) struct Services {
    pub(super) ledger: Ledger,
    pub(super) index: OpenSearch,
    pub(super) authority: SystemAuthority,
}

impl Job for Reconcile {
    const KIND: &'static str = "search.reconcile";
    type Services = Services;

    async fn run(&self, context: &OpContext<Services>) -> Result<Done, JobError> {
        let Services { ledger, index, authority } = context.services();
        let from = self.hours.map(|hours| chrono::Utc::now().timestamp() / 3_600 + 1 - i64::from(hours));
        let sizes = ledger.sizes().await.map_err(JobError::defect)?;
        let (mut named, mut hours, mut tenants, mut behind) = (Vec::new(), 0_u64, 0_u64, 0_u64);
        for (tenant, _) in sizes.into_iter().filter(|(_, size)| *size > 0) {
            context.check()?;
            let found = match index.reconcile(&authority.scope(tenant, Self::KIND), from).await {
                Ok(found) => found,
                // Too far behind to be looked at: its lag tells that.
                Err(SearchError::Indexing { .. }) => {
                    behind += 1;
                    continue;
                }
                Err(SearchError::Away | SearchError::OpenSearch(_)) => {
                    return Err(JobError::again("the search node did not answer"));
                }
                Err(error) => return Err(JobError::defect(error)),
            };
            tenants += 1;
            hours += found.len() as u64;
            for Difference { hour, ledger, index } in found {
                tracing::error!(
                    tenant.id = %tenant, hour = hour * 3_600, ledger, index,
                    "the search index holds another number of entries than the ledger"
                );
                if named.len() < NAMED_MAX {
                    named.push(
                        json!({"tenant_id": tenant, "hour": hour * 3_600, "ledger": ledger, "index": index}),
                    );
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("custody_search_differing_hours").set(hours as f64);
        let found = if hours > 0 { "differs" } else { "agrees" };
        metrics::counter!("custody_search_reconciliations_total", "found" => found).increment(1);
        if hours > 0 {
            let first = named.first().map(ToString::to_string).unwrap_or_default();
            return Err(JobError::fatal(format!(
                "{DIFFERS} in {hours} hours of tenants' logs, the first {first}; \
                 `custody rebuild search` makes it anew"
            )));
        }
        Done::with(&json!({"tenants": tenants, "behind": behind, "differences": named}))
    }
}
