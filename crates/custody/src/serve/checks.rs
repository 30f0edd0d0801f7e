//! What `/readyz` asks.

mod queue;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Utc;
use custody_api::Check;
use custody_auth::Scope;
use custody_domain::TenantId;
use custody_queue::Kinds;
use custody_store::{Store, audit_outbox, partitions};
use serde_json::{Value, json};

use crate::{installation::Installation, jobs::reconcile, search::Searches};

/// Changes of our own that wait longer than this to be entries mean that nobody writes them.
const OUTBOX_AGE_MAX_SECONDS: i64 = 60;

pub(super) fn all(installation: &Installation, kinds: &Kinds, searches: &Searches) -> Vec<Arc<dyn Check>> {
    let store = &installation.store;
    let mut all: Vec<Arc<dyn Check>> = vec![
        Arc::new(Database(store.clone())),
        Arc::new(Partitions(store.clone())),
        Arc::new(Followers(store.clone())),
        Arc::new(queue::Queue::new(store.clone(), kinds)),
    ];
    if searches.opensearch().is_some() {
        let scope = installation.authority.scope(TenantId::RESERVED, "readiness");
        all.push(Arc::new(Search { store: store.clone(), scope }));
    }
    all
}

struct Database(Store);

#[async_trait]
impl Check for Database {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn check(&self) -> Result<Value, String> {
        let answered = async { self.0.system_tx().await?.commit().await };
        answered.await.map(|()| json!({})).map_err(|error| {
            tracing::warn!(%error, "the database does not answer");
            "does not answer".to_owned()
        })
    }
}

struct Partitions(Store);

#[async_trait]
impl Check for Partitions {
    fn name(&self) -> &'static str {
        "partitions"
    }

    async fn check(&self) -> Result<Value, String> {
        let coverage = partitions::coverage(&self.0).await.map_err(|_| "could not be read".to_owned())?;
        if coverage.is_writable() {
            Ok(json!({"days_ahead": coverage.ahead}))
        } else {
            Err("there is none for today: nothing can be written".to_owned())
        }
    }
}

/// Whether the index agrees with the ledger. Searches go without it where they must, so nothing of it makes a
/// server unready.
struct Search {
    store: Store,
    scope: Scope,
}

#[async_trait]
impl Check for Search {
    fn name(&self) -> &'static str {
        "search"
    }

    async fn check(&self) -> Result<Value, String> {
        let last = reconcile::last(&self.store, &self.scope).await;
        Ok(json!({"reconciled": last.unwrap_or_default()}))
    }
}

/// The audit outbox is the one follower that there is yet.
struct Followers(Store);

#[async_trait]
impl Check for Followers {
    fn name(&self) -> &'static str {
        "followers"
    }

    async fn check(&self) -> Result<Value, String> {
        let waiting = audit_outbox::waiting(&self.0).await;
        let (count, oldest) = waiting.map_err(|_| "could not be read".to_owned())?;
        let age = oldest.map_or(0, |at| (Utc::now() - at).num_seconds().max(0));
        if age > OUTBOX_AGE_MAX_SECONDS {
            return Err(format!("the audit outbox waits since {age} s"));
        }
        Ok(json!({"audit_outbox": {"waiting": count, "oldest_seconds": age}}))
    }
}
