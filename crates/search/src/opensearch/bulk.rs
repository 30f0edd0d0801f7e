//! Documents on their way to the node.

use std::{collections::BTreeSet, ops::Range, time::Duration};

use custody_domain::{EntryId, TenantId, query::terms::Kept};
use custody_ledger::StoredEntry;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    OpenSearchError,
    client::{Body, Client, reason},
    document::{self, WriteError},
    layout::Layout,
    writer::Refused,
};

/// For one bulk to be written and made durable.
const BULK_MAX: Duration = Duration::from_mins(1);
/// How often what the node had no room for is sent again before the follower is told, …
const ROUNDS_MAX: u32 = 6;
/// … and the first pause; each next is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
pub(super) struct Batch {
    lines: Vec<u8>,
    items: Vec<Item>,
    /// With the tenant for whom it is made where it is not there.
    indices: BTreeSet<(String, TenantId)>,
    kept: Kept,
}

#[derive(Debug)]
struct Item {
    bytes: Range<usize>,
    tenant: TenantId,
    id: EntryId,
    seq: u64,
}

#[derive(Deserialize)]
struct Answer {
    errors: bool,
    #[serde(default)]
    items: Vec<Answered>,
}

/// By the one key there is: the action.
#[derive(Deserialize)]
struct Answered {
    index: One,
}

#[derive(Deserialize)]
struct One {
    status: u16,
    #[serde(default)]
    error: Option<Value>,
}

impl Batch {
    pub(super) fn push(
        &mut self,
        layout: &Layout,
        epoch: u32,
        entry: &StoredEntry,
    ) -> Result<(), WriteError> {
        let (tenant, id, start) = (entry.tenant_id, entry.id, self.lines.len());
        let index = layout.index_of(tenant, id);
        let action = json!({"index": {"_index": index, "_id": document::id(tenant, id), "routing": tenant}});
        let written =
            serde_json::to_writer(&mut self.lines, &action).map_err(WriteError::from).and_then(|()| {
                self.lines.push(b'\n');
                document::write(&mut self.lines, &document::log(tenant, epoch), entry, &mut self.kept)
            });
        if let Err(error) = written {
            self.lines.truncate(start);
            return Err(error);
        }
        self.lines.push(b'\n');
        self.items.push(Item { bytes: start..self.lines.len(), tenant, id, seq: entry.seq });
        self.indices.insert((index, tenant));
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn indices(&self) -> impl Iterator<Item = &str> {
        self.indices.iter().map(|(index, _)| index.as_str())
    }

    /// Writes all, each over itself where it was written before. Answers those that are refused for good;
    /// everything else is durable then.
    pub(super) async fn send(
        mut self,
        client: &Client,
        layout: &Layout,
    ) -> Result<Vec<Refused>, OpenSearchError> {
        for (index, tenant) in &self.indices {
            layout.make(client, *tenant, index).await?;
        }
        let mut refused = Vec::new();
        for round in 0..ROUNDS_MAX {
            if self.items.is_empty() {
                return Ok(refused);
            }
            if round > 0 {
                tokio::time::sleep(PAUSE * 2_u32.pow(round - 1)).await;
            }
            // Not to be sent again where all goes well, but its bytes are needed until that is known.
            let answer: Answer = client
                .ask(
                    Method::POST,
                    "/_bulk?filter_path=errors,items.*.status,items.*.error",
                    Body::Lines(self.lines.clone()),
                    BULK_MAX,
                )
                .await?;
            if !answer.errors {
                metrics::counter!("custody_opensearch_documents_total").increment(self.items.len() as u64);
                return Ok(refused);
            }
            self.keep_unwritten(&answer, &mut refused)?;
        }
        Err(OpenSearchError::Away(format!("it has no room for {} documents", self.items.len())))
    }

    /// Leaves what has to be sent again.
    fn keep_unwritten(&mut self, answer: &Answer, refused: &mut Vec<Refused>) -> Result<(), OpenSearchError> {
        if answer.items.len() != self.items.len() {
            return Err(OpenSearchError::Away("it did not say what became of each document".to_owned()));
        }
        let (mut lines, mut items, mut written) = (Vec::new(), Vec::new(), 0);
        for (item, Answered { index: one }) in self.items.drain(..).zip(&answer.items) {
            match one.status {
                200..=299 => written += 1,
                408 | 429 | 500..=599 => {
                    let start = lines.len();
                    lines.extend_from_slice(self.lines.get(item.bytes.clone()).unwrap_or_default());
                    items.push(Item { bytes: start..lines.len(), ..item });
                }
                status => {
                    metrics::counter!("custody_opensearch_documents_refused_total").increment(1);
                    let reason = one.error.as_ref().and_then(reason).unwrap_or_else(|| status.to_string());
                    tracing::error!(
                        tenant.id = %item.tenant, entry.id = %item.id, entry.seq = item.seq, reason,
                        "OpenSearch refuses an entry; the index does not go on beyond it"
                    );
                    refused.push(Refused { tenant: item.tenant, seq: item.seq, reason });
                }
            }
        }
        metrics::counter!("custody_opensearch_documents_total").increment(written);
        (self.lines, self.items) = (lines, items);
        Ok(())
    }
}
