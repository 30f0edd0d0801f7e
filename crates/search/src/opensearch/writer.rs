//! Writes the index: the follower's hand.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use custody_domain::TenantId;
use custody_ledger::StoredEntry;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    OpenSearch, OpenSearchError,
    bulk::Batch,
    client::Body,
    document::{self, WriteError, field},
    layout::{self, Layout},
};

/// Bytes of one bulk.
const BULK_BYTES_MAX: usize = 8 << 20;
const REFRESH_MAX: Duration = Duration::from_mins(1);
const DELETE_MAX: Duration = Duration::from_mins(5);

/// Writes entries into one generation of the index.
#[derive(Debug)]
pub struct Writer {
    index: OpenSearch,
    layout: Arc<Layout>,
    batch: Batch,
    /// Written to since the last refresh.
    touched: BTreeSet<String>,
    refused: Vec<Refused>,
}

/// An entry that will not become a document, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub tenant: TenantId,
    pub seq: u64,
    pub reason: String,
}

impl OpenSearch {
    /// Of the generation; begun, where it is not there, and what is of others removed.
    pub async fn writer(&self, generation: u32) -> Result<Writer, OpenSearchError> {
        let layout = self.inner().layout(generation).await?;
        let (batch, touched, refused) = (Batch::default(), BTreeSet::new(), Vec::new());
        Ok(Writer { index: self.clone(), layout, batch, touched, refused })
    }

    /// Removes the indices of other generations; where none is given, all.
    pub async fn remove_but(&self, generation: Option<u32>) -> Result<(), OpenSearchError> {
        layout::remove(&self.inner().client, &self.inner().config, generation).await
    }
}

impl Writer {
    /// Takes entries of a log's epoch, and writes what has come together once it is enough for a bulk.
    pub async fn push(&mut self, epoch: u32, entries: &[StoredEntry]) -> Result<(), OpenSearchError> {
        for entry in entries {
            match self.batch.push(&self.layout, epoch, entry) {
                Ok(()) => {}
                Err(WriteError::Entry(error)) => return Err(error.into()),
                Err(WriteError::Json(error)) => return Err(error.into()),
            }
            if self.batch.bytes() >= BULK_BYTES_MAX {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), OpenSearchError> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        self.touched.extend(batch.indices().map(str::to_owned));
        let refused = batch.send(&self.index.inner().client, &self.layout).await?;
        self.refused.extend(refused);
        Ok(())
    }

    /// Makes all that was pushed durable and to be found. Answers what was refused for good.
    pub async fn publish(&mut self) -> Result<Vec<Refused>, OpenSearchError> {
        self.flush().await?;
        self.refresh().await?;
        Ok(std::mem::take(&mut self.refused))
    }

    async fn refresh(&mut self) -> Result<(), OpenSearchError> {
        let touched: Vec<_> = std::mem::take(&mut self.touched).into_iter().collect();
        // A tenant with indices of its own has one a week: no line of a request becomes too long.
        for some in touched.chunks(32) {
            let path = format!("/{}/_refresh?filter_path=_shards.failed", some.join(","));
            let answer: Value =
                self.index.inner().client.ask(Method::POST, &path, Body::None, REFRESH_MAX).await?;
            if answer["_shards"]["failed"].as_u64() != Some(0) {
                return Err(OpenSearchError::Away("a shard was not refreshed".to_owned()));
            }
        }
        Ok(())
    }

    /// Removes what was indexed of a tenant's earlier epochs.
    pub async fn forget_before(&self, tenant: TenantId, epoch: u32) -> Result<(), OpenSearchError> {
        let own = format!("{tenant}/");
        let body = json!({"query": {"bool": {
            "filter": [{"prefix": {field::LOG: {"value": own}}}],
            "must_not": [super::dsl::exactly(field::LOG, &document::log(tenant, epoch))],
        }}});
        let alias = self.layout.alias_of(tenant);
        let path = format!("/{alias}/_delete_by_query?routing={tenant}&conflicts=proceed&refresh=true");
        let client = &self.index.inner().client;
        match client.ask::<Value>(Method::POST, &path, Body::json(&body), DELETE_MAX).await {
            Ok(_) | Err(OpenSearchError::Gone) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
