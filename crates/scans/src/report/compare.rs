//! What differs between two scans.

use std::collections::BTreeMap;

use custody_domain::{FindingId, ScanId};
use custody_store::{
    StoreError, TenantTx,
    findings::{self, Compared, Difference, Differing},
    scans::{self, Scan},
};

use crate::Wish;

/// Why two cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error("name a scan: none of the same account and scope came before this one")]
    NoneBefore,
    #[error("must be another scan")]
    Itself,
    #[error("there is no such scan")]
    NoSuchScan,
    #[error("must be of the same provider and account")]
    OtherAccount,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// From `older` to `newer`.
#[derive(Debug)]
pub struct Comparison {
    pub newer: Scan,
    pub older: Scan,
    pub counts: BTreeMap<Difference, u64>,
    /// Of each kind the first ones, by their ids: one more than was asked for where there are more.
    pub findings: Vec<Differing>,
}

/// Compares a scan with another of the same account; by itself with the one that its findings were compared
/// with when they came. Whichever is given first, the later one is the newer.
pub async fn compare(
    tx: &mut TenantTx,
    id: ScanId,
    with: Option<ScanId>,
    kinds: &[Difference],
    after: Option<FindingId>,
    limit: u32,
) -> Result<Comparison, CompareError> {
    let one = scans::get(tx, id).await?;
    let with = with.or(one.previous_id).ok_or(CompareError::NoneBefore)?;
    if with == id {
        return Err(CompareError::Itself);
    }
    let other = match scans::get(tx, with).await {
        Err(StoreError::NotFound) => return Err(CompareError::NoSuchScan),
        found => found?,
    };
    if one.provider != other.provider || one.account != other.account {
        return Err(CompareError::OtherAccount);
    }
    // Ids are by age.
    let (newer, older) = if one.id > other.id { (one, other) } else { (other, one) };
    let compared = compared(&newer, &older);
    let counts = findings::differences(tx, &compared).await?;
    let findings = findings::differing(tx, &compared, kinds, after, limit.saturating_add(1)).await?;
    Ok(Comparison { newer, older, counts, findings })
}

/// Of the same scope both looked in the same regions.
pub(super) fn compared(newer: &Scan, older: &Scan) -> Compared {
    let wish: Wish = serde_json::from_str(&newer.scope).unwrap_or_default();
    let regions =
        Some(wish.scope.regions).filter(|regions| newer.scope_key != older.scope_key && !regions.is_empty());
    Compared { newer: newer.id, older: older.id, regions }
}
