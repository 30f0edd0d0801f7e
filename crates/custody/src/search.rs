//! The executor of searches that is configured, and what goes on beside it.

use std::sync::Arc;

use anyhow::Context as _;
use custody_ledger::{Ledger, follow::Follower};
use custody_search::{
    CursorKey, LinearLimits, Search,
    opensearch::{OpenSearch, OpenSearchConfig, OpenSearchFollower},
    tantivy::{IndexLimits, Tantivy},
};

use crate::{
    config::{Config, Engine},
    installation::Installation,
};

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Searches {
    /// An index in a folder of its own, which each process keeps for itself.
    Tantivy(Tantivy),
    /// One for the whole installation.
    OpenSearch(OpenSearch),
}

impl Searches {
    /// Asks nothing of anybody yet.
    pub(crate) fn open(
        config: &Config,
        installation: &Installation,
        ledger: &Ledger,
    ) -> anyhow::Result<Self> {
        let cursors = CursorKey::new(installation.store.cursor_secret());
        let reading = LinearLimits { scan_max: config.search_rows_max, ..LinearLimits::default() };
        Ok(match &config.search {
            Engine::Tantivy => {
                let limits = IndexLimits { read_max: config.search_rows_max, ..IndexLimits::default() };
                let folder = config.data_dir.join("search");
                let authority = installation.authority.clone();
                Self::Tantivy(Tantivy::new(folder, ledger.clone(), authority, cursors, (limits, reading)))
            }
            Engine::OpenSearch(endpoint) => {
                let prefix = format!("custody-{}", installation.store.installation().id().simple());
                let layout = OpenSearchConfig {
                    own: config.search_own_indices.0.clone(),
                    shards: config.search_shards.get(),
                    read_max: config.search_rows_max,
                    ..OpenSearchConfig::new(endpoint.clone(), prefix)
                };
                let index = OpenSearch::new(layout, ledger, cursors, reading);
                Self::OpenSearch(index.context("the setting search (--search, CUSTODY_SEARCH)")?)
            }
        })
    }

    pub(crate) fn port(&self) -> Arc<dyn Search> {
        match self {
            Self::Tantivy(index) => Arc::new(index.clone()),
            Self::OpenSearch(index) => Arc::new(index.clone()),
        }
    }

    pub(crate) fn opensearch(&self) -> Option<&OpenSearch> {
        match self {
            Self::Tantivy(_) => None,
            Self::OpenSearch(index) => Some(index),
        }
    }

    /// What an installation runs once, for the index that it has once.
    pub(crate) fn follower(&self, installation: &Installation, ledger: &Ledger) -> Option<Arc<dyn Follower>> {
        let index = self.opensearch()?.clone();
        Some(Arc::new(OpenSearchFollower::new(index, ledger.clone(), installation.authority.clone())))
    }

    /// What each process that answers does for itself, for ever.
    pub(crate) async fn follow(self, ledger: Ledger) {
        match self {
            Self::Tantivy(index) => index.follow(ledger).await,
            Self::OpenSearch(_) => std::future::pending().await,
        }
    }

    /// Before the process ends.
    pub(crate) async fn close(&self) {
        if let Self::Tantivy(index) = self {
            index.commit_all().await;
        }
    }
}
