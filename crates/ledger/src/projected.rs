//! What followers keep outside of the database, beside the log that it is made of.

use custody_auth::Scope;
use custody_domain::EntryId;
use custody_store::projections;

pub use custody_store::projections::{Projected, Projection};

use crate::{Ledger, LedgerError};

impl Ledger {
    /// The scope's log, and how far the follower's projection goes in it, at one moment.
    pub async fn projected(&self, scope: &Scope, follower: &str) -> Result<Projected, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let projected = projections::standing(&mut tx, follower).await?;
        tx.commit().await?;
        Ok(projected)
    }

    /// The follower's projection that is in force; begun, where there is none, or an earlier version's.
    pub async fn projection(&self, follower: &str, version: u32) -> Result<Projection, LedgerError> {
        Ok(projections::ensure(&self.store, follower, version).await?)
    }

    /// Begins the follower's projection anew: its positions are those of empty logs from now on.
    pub async fn begin_projection_anew(
        &self,
        follower: &str,
        version: u32,
    ) -> Result<Projection, LedgerError> {
        Ok(projections::begin_anew(&self.store, follower, version).await?)
    }

    /// How many entries were received in each hour (since 1970), after one id and up to another.
    pub async fn hours(
        &self,
        scope: &Scope,
        after: Option<EntryId>,
        up_to: EntryId,
    ) -> Result<Vec<(i64, u64)>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let hours = projections::hours(&mut tx, after, up_to).await?;
        tx.commit().await?;
        Ok(hours)
    }
}
