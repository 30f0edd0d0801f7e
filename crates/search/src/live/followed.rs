//! What feeds and readers need of the logs.

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::TenantId;
use custody_ledger::{Head, Ledger, LedgerError, Start, Unopened};

/// The logs, read on from a place. The ledger is one; tests have one in memory.
#[async_trait]
pub trait Followed: Send + Sync + std::fmt::Debug {
    async fn head(&self, scope: &Scope) -> Result<Head, LedgerError>;

    /// Where these tenants' logs end.
    async fn heads(&self, tenants: &[TenantId]) -> Result<Vec<(TenantId, Head)>, LedgerError>;

    /// Where an entry is, by its `seq`.
    async fn start_at(&self, scope: &Scope, seq: u64) -> Result<Start, LedgerError>;

    /// At least one and at most `rows_max` entries from there on; none where there is none.
    async fn onward(&self, scope: &Scope, start: Start, rows_max: u32) -> Result<Vec<Unopened>, LedgerError>;
}

#[async_trait]
impl Followed for Ledger {
    async fn head(&self, scope: &Scope) -> Result<Head, LedgerError> {
        Self::head(self, scope).await
    }

    async fn heads(&self, tenants: &[TenantId]) -> Result<Vec<(TenantId, Head)>, LedgerError> {
        Self::heads(self, tenants).await
    }

    async fn start_at(&self, scope: &Scope, seq: u64) -> Result<Start, LedgerError> {
        Self::start_at(self, scope, seq).await
    }

    async fn onward(&self, scope: &Scope, start: Start, rows_max: u32) -> Result<Vec<Unopened>, LedgerError> {
        Self::onward(self, scope, start, rows_max).await
    }
}
