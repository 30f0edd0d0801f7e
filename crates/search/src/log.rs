//! What executors need of a tenant's log.

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::EntryId;
use custody_ledger::{Head, Ledger, LedgerError, Order, Range, StoredEntry};

/// A tenant's log, read in order. The ledger is one; tests have one in memory.
#[async_trait]
pub trait Log: Send + Sync + std::fmt::Debug {
    async fn head(&self, scope: &Scope) -> Result<Head, LedgerError>;

    /// At most `limit` entries of the range; fewer only where it holds no more.
    async fn page(
        &self,
        scope: &Scope,
        range: Range,
        order: Order,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError>;

    /// Those of these that there are, in no order.
    async fn entries(&self, scope: &Scope, ids: &[EntryId]) -> Result<Vec<StoredEntry>, LedgerError>;
}

#[async_trait]
impl Log for Ledger {
    async fn head(&self, scope: &Scope) -> Result<Head, LedgerError> {
        Self::head(self, scope).await
    }

    async fn page(
        &self,
        scope: &Scope,
        range: Range,
        order: Order,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        Self::page(self, scope, range, order, limit).await
    }
    async fn entries(&self, scope: &Scope, ids: &[EntryId]) -> Result<Vec<StoredEntry>, LedgerError> {
        Self::entries(self, scope, ids).await
    }
}
