//! A process of an installation: it follows, and answers.

use std::{sync::Arc, time::Duration};

use custody_auth::{Scope, SystemAuthority};
use custody_ledger::{
    Ledger,
    follow::{FollowConfig, Singletons},
};
use custody_search::{
    CursorKey, LinearLimits,
    opensearch::{NAME, OpenSearch, OpenSearchConfig, OpenSearchFollower},
};
use custody_store::Store;
use custody_testkit::eventually;

pub(crate) struct Server {
    pub(crate) ledger: Ledger,
    pub(crate) index: OpenSearch,
    following: Singletons,
}

impl Server {
    pub(crate) fn start(store: &Store, ledger: &Ledger, config: OpenSearchConfig) -> Self {
        let index =
            OpenSearch::new(config, ledger, CursorKey::new([7; 32]), LinearLimits::default()).unwrap();
        let follower = OpenSearchFollower::new(index.clone(), ledger.clone(), SystemAuthority::assume());
        let times = FollowConfig {
            lease_ttl: Duration::from_millis(900),
            poll: Duration::from_millis(50),
            pass: Duration::from_millis(10),
            sick_min: Duration::from_millis(100),
            sick_max: Duration::from_millis(200),
        };
        let following = Singletons::start(store, ledger.moved(), vec![Arc::new(follower)], times);
        Self { ledger: ledger.clone(), index, following }
    }

    /// Waits until all that is in the log can be found in the index.
    pub(crate) async fn has_followed(&self, scope: &Scope) {
        eventually("the index to be where the log is", || async {
            let projected = self.ledger.projected(scope, NAME).await.unwrap();
            (projected.position == projected.head.size).then_some(())
        })
        .await;
    }

    pub(crate) async fn stop(self) {
        self.following.stop(Duration::from_secs(5)).await;
    }
}
