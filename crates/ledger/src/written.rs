//! How much this process wrote, for what follows the log in the same process.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
};

use custody_domain::TenantId;

/// Entries by tenant, counted until somebody takes the counts: as many numbers as tenants that write.
#[derive(Debug, Default)]
pub struct Written(Mutex<HashMap<TenantId, u64>>);

impl Written {
    pub(crate) fn add(&self, tenant: TenantId, count: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant).or_default() += count;
    }

    /// What was written since the last time.
    pub fn take(&self) -> HashMap<TenantId, u64> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
