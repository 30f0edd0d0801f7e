//! Each tenant's mask policy, compiled and kept for a moment.

use std::{sync::Arc, time::Duration};

use custody_auth::Scope;
use custody_domain::TenantId;
use custody_store::{Store, StoreError, mask_policies};
use moka::future::Cache;

use crate::mask::{MaskPolicy, Masker, PolicyFault};

/// How long a changed policy may still not act; the same time as for credentials.
const KEPT_FOR: Duration = Duration::from_secs(5);
const TENANTS_MAX: u64 = 10_000;

#[derive(Clone, Debug)]
pub(crate) struct Policies {
    store: Store,
    compiled: Cache<TenantId, Arc<Masker>>,
}

impl Policies {
    pub(crate) fn new(store: Store) -> Self {
        let compiled = Cache::builder().max_capacity(TENANTS_MAX).time_to_live(KEPT_FOR).build();
        Self { store, compiled }
    }

    /// The tenant's masker. A stored policy that cannot be understood is an error, not the default:
    /// an event that is refused can be sent again, a value that went into the log cannot be taken out.
    pub(crate) async fn masker(&self, scope: &Scope) -> Result<Arc<Masker>, StoreError> {
        if let Some(masker) = self.compiled.get(&scope.tenant()).await {
            return Ok(masker);
        }
        let masker = match mask_policies::get(&self.store, scope).await? {
            None => Masker::default(),
            Some(stored) => {
                let policy: MaskPolicy = serde_json::from_value(stored.policy).map_err(|e| unusable(&e))?;
                Masker::new(&policy).map_err(|faults| unusable(&listed(&faults)))?
            }
        };
        let masker = Arc::new(masker);
        self.compiled.insert(scope.tenant(), Arc::clone(&masker)).await;
        Ok(masker)
    }

    /// Makes a policy that was just set act at once on this server.
    pub(crate) async fn forget(&self, tenant: TenantId) {
        self.compiled.invalidate(&tenant).await;
    }
}

fn listed(faults: &[PolicyFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn unusable(detail: &impl std::fmt::Display) -> StoreError {
    StoreError::unexpected(format!("the stored mask policy cannot be used: {detail}"))
}
