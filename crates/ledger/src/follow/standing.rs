//! How the followers stand in one tenant's log.

use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::Scope;
use custody_store::{
    TenantTx,
    followers::{self, Failure},
    heads::{self, Head},
};

use super::NAMES;
use crate::{Ledger, LedgerError};

/// How one follower stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub follower: String,
    /// Entries that it has followed, and that the log has.
    pub position: u64,
    pub head: u64,
    /// How long the first entry that it has not followed waits.
    pub waits: TimeDelta,
    /// When it moved on last; none where it never did.
    pub updated_at: Option<DateTime<Utc>>,
    pub failure: Option<Failure>,
}

impl Ledger {
    /// Every follower's standing in the scope's log, also of those that have never come by.
    pub async fn followers(&self, scope: &Scope) -> Result<Vec<Standing>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        // Before the head: a position can then not be beyond it.
        let kept = followers::standing(&mut tx).await?;
        let head = heads::read(&mut tx).await?;
        let mut standings = Vec::new();
        // Those that follow only where they are asked to have come by there.
        let others = kept.iter().map(|kept| kept.follower.as_str()).filter(|name| !NAMES.contains(name));
        for name in NAMES.into_iter().chain(others) {
            let kept = kept.iter().find(|kept| kept.follower == name);
            standings.push(standing(&mut tx, name, kept, head).await?);
        }
        tx.commit().await?;
        Ok(standings)
    }
}

async fn standing(
    tx: &mut TenantTx,
    name: &str,
    kept: Option<&followers::Standing>,
    head: Head,
) -> Result<Standing, LedgerError> {
    let current = kept.filter(|kept| kept.epoch == head.epoch);
    let position = current.map_or(0, |kept| kept.position);
    let waits = if position < head.size {
        followers::waiting(tx, current.and_then(|kept| kept.last_id)).await?
    } else {
        None
    };
    Ok(Standing {
        follower: name.to_owned(),
        position,
        head: head.size,
        waits: waits.unwrap_or_default(),
        updated_at: current.filter(|kept| kept.position > 0).map(|kept| kept.updated_at),
        failure: kept.and_then(|kept| kept.failure.clone()),
    })
}
