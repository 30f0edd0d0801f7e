//! What `/readyz` asks.

mod queue;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Utc;
use custody_api::Check;
use custody_queue::Kinds;
use custody_store::{Store, audit_outbox, partitions};
use serde_json::{Value, json};

use crate::installation::Installation;

/// Changes of our own that wait longer than this to be entries mean that nobody writes them.
const OUTBOX_AGE_MAX_SECONDS: i64 = 60;

pub(super) fn all(installation: &Installation, kinds: &Kinds) -> Vec<Arc<dyn Check>> {
    let store = &installation.store;
    vec![
        Arc::new(Database(store.clone())),
        Arc::new(Partitions(store.clone())),
        Arc::new(Followers(store.clone())),
        Arc::new(queue::Queue::new(store.clone(), kinds)),
    ]
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
