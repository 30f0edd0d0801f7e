//! The executor.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::EntryId;
use custody_ledger::{Ledger, LedgerError, Projected};

use super::{NAME, OpenSearchConfig, OpenSearchError, client::Client, layout::Layout, page, stats};
use crate::{
    CursorKey, Linear, LinearLimits, Log, Page, PageRequest, Search, SearchError, Stats, StatsRequest,
    linear::Turns,
};

/// How far the index goes in a log. The ledger knows; tests have one in memory.
#[async_trait]
pub trait Projections: Send + Sync + std::fmt::Debug {
    async fn projected(&self, scope: &Scope) -> Result<Projected, LedgerError>;

    /// Entries by the hour in which they were received (since 1970), after one id and up to another.
    async fn hours(
        &self,
        scope: &Scope,
        after: Option<EntryId>,
        up_to: EntryId,
    ) -> Result<Vec<(i64, u64)>, LedgerError>;
}

#[async_trait]
impl Projections for Ledger {
    async fn projected(&self, scope: &Scope) -> Result<Projected, LedgerError> {
        Self::projected(self, scope, NAME).await
    }

    async fn hours(
        &self,
        scope: &Scope,
        after: Option<EntryId>,
        up_to: EntryId,
    ) -> Result<Vec<(i64, u64)>, LedgerError> {
        Self::hours(self, scope, after, up_to).await
    }
}

/// The executor over OpenSearch. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OpenSearch(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) log: Arc<dyn Log>,
    pub(super) projections: Arc<dyn Projections>,
    pub(super) cursors: CursorKey,
    pub(super) config: OpenSearchConfig,
    pub(super) client: Client,
    pub(super) turns: Turns,
    pub(super) turn_limits: LinearLimits,
    pub(super) linear: Linear,
    layout: Mutex<Option<Arc<Layout>>>,
}

impl OpenSearch {
    /// Asks nothing of the node yet.
    pub fn new<L: Log + Projections + Clone + 'static>(
        config: OpenSearchConfig,
        log: &L,
        cursors: CursorKey,
        turn_limits: LinearLimits,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::new(config.endpoint.clone())?;
        let (log, projections): (Arc<dyn Log>, Arc<dyn Projections>) =
            (Arc::new(log.clone()), Arc::new(log.clone()));
        let linear = Linear::over(Arc::clone(&log), cursors.clone(), turn_limits);
        let (turns, layout) = (Turns::default(), Mutex::default());
        Ok(Self(Arc::new(Inner {
            log,
            projections,
            cursors,
            config,
            client,
            turns,
            turn_limits,
            linear,
            layout,
        })))
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Path and body of the request that a page or counts come down to.
    #[doc(hidden)]
    pub async fn question_for_measurement(
        &self,
        scope: &Scope,
        request: &Result<PageRequest, StatsRequest>,
    ) -> Result<(String, Vec<u8>), SearchError> {
        page::sent(self.inner(), scope, request).await
    }

    /// Whether the node answers, and what it is.
    pub async fn check(&self) -> Result<String, OpenSearchError> {
        let said: serde_json::Value = self
            .0
            .client
            .ask(
                reqwest::Method::GET,
                "/_cluster/health?filter_path=status,number_of_nodes",
                super::client::Body::None,
                self.0.config.answer_max,
            )
            .await?;
        let status = said["status"].as_str().unwrap_or("unknown");
        let text = format!("{status}, {} nodes", said["number_of_nodes"]);
        if status == "red" { Err(OpenSearchError::Away(text)) } else { Ok(text) }
    }
}

impl Inner {
    pub(super) async fn layout(&self, generation: u32) -> Result<Arc<Layout>, OpenSearchError> {
        let known = self.layout.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|layout| layout.generation == generation) {
            return Ok(known);
        }
        let layout = Arc::new(Layout::open(&self.client, &self.config, generation).await?);
        *self.layout.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&layout));
        Ok(layout)
    }

    /// Looks anew, what indices there are.
    pub(super) fn forget_layout(&self) {
        *self.layout.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[async_trait]
impl Search for OpenSearch {
    async fn page(&self, scope: &Scope, request: PageRequest) -> Result<Page, SearchError> {
        page::page(self.inner(), scope, request).await
    }

    async fn stats(&self, scope: &Scope, request: StatsRequest) -> Result<Stats, SearchError> {
        stats::stats(self.inner(), scope, request).await
    }
}
