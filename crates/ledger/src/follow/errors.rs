//! Why a follower did not come on.

use custody_domain::TenantId;
use custody_store::{StoreError, leases::FenceError};

use crate::LedgerError;

/// Nothing of the transaction that was open is kept; what was committed before it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The database or the key service did not answer: nobody's fault, and nobody is the worse for
    /// it. Tried again soon, with all.
    #[error("not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A lease has passed to another process, which goes on from where the last commit was.
    #[error("a lease has passed to another process")]
    LeaseLost,
    /// The log of this one tenant cannot be followed. It is left out for a while, and the others go
    /// on. `reason` is shown to the tenant: it names nothing outside its log.
    #[error("the log of tenant {tenant}: {reason}: {source}")]
    Tenant { tenant: TenantId, reason: String, source: Box<dyn std::error::Error + Send + Sync> },
    /// Something else, of whoever it may be: the followed logs are tried one by one.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl FollowError {
    /// An error of this tenant's log alone.
    pub fn of_tenant(
        tenant: TenantId,
        reason: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Tenant { tenant, reason: reason.into(), source: source.into() }
    }
}

impl From<FenceError> for FollowError {
    fn from(error: FenceError) -> Self {
        match error {
            FenceError::Lost { .. } => Self::LeaseLost,
            FenceError::Store(error) => error.into(),
            other => Self::Other(Box::new(other)),
        }
    }
}

impl From<StoreError> for FollowError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(Box::new(error)),
            other => Self::Other(Box::new(other)),
        }
    }
}

impl From<LedgerError> for FollowError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Unavailable(_) => Self::Unavailable(Box::new(error)),
            LedgerError::Missing { tenant, seq } => {
                Self::of_tenant(tenant, format!("entry {seq} is missing"), error)
            }
            LedgerError::Unreadable { tenant, seq, .. } => {
                Self::of_tenant(tenant, format!("entry {seq} cannot be read"), error)
            }
            other => Self::Other(Box::new(other)),
        }
    }
}
