//! An entry as it is read: its place in the log, and its content.

use chrono::{DateTime, Utc};

use crate::{EntryId, TenantId, json::Value, query::Instant};

/// One entry of a tenant's log. `content` is what is committed (docs/proofs.md); the rest is where it
/// stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    pub tenant_id: TenantId,
    pub id: EntryId,
    /// The leaf's index in the tenant's tree, from 0 without gaps.
    pub seq: u64,
    pub leaf_hash: [u8; 32],
    /// An object.
    pub content: Value<'a>,
}

impl Entry<'_> {
    /// When it was received: the id's millisecond and nothing else.
    pub fn received_at(&self) -> DateTime<Utc> {
        self.id.received_at()
    }

    pub fn action(&self) -> Option<&str> {
        self.content.as_object()?.get("action")?.as_str()
    }

    /// When it happened, where it says so.
    pub fn occurred_at(&self) -> Option<Instant> {
        Instant::parse(self.content.as_object()?.get("occurred_at")?.as_str()?)
    }

    /// When it happened, or was received where it does not say: a query's `time`, and what entries are
    /// sorted by.
    pub fn time(&self) -> Instant {
        self.occurred_at().unwrap_or_else(|| self.received_at().into())
    }
}
