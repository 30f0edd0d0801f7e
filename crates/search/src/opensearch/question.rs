//! Questions about one log.
//!
//! The index is shared by tenants. A [`Question`] can be made in one way alone, which puts the log's own
//! filter into it and sends it to the one shard where that log lies; the client's search takes nothing
//! else.

use std::time::Duration;

use custody_domain::{TenantId, query::terms::Plan};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    OpenSearchError,
    client::{Body, Client},
    document::{self, field},
    dsl,
    layout::Layout,
};

/// What of a tenant's log can be found.
#[derive(Clone, Debug)]
pub(super) struct Covered {
    pub(super) tenant: TenantId,
    pub(super) epoch: u32,
    /// Entries below it are looked for, and no others.
    pub(super) position: u64,
}

#[derive(Debug)]
pub(super) struct Question {
    path: String,
    body: Value,
}

/// Bounds beside the plan's own: they only narrow down where is looked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Millis {
    pub(super) from: Option<u64>,
    pub(super) to: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    #[serde(default)]
    pub(super) hits: Hits,
    #[serde(default)]
    pub(super) aggregations: Value,
}

#[derive(Debug, Deserialize)]
struct Shards {
    failed: u64,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Hits {
    pub(super) total: Option<Total>,
    #[serde(default)]
    pub(super) hits: Vec<Hit>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Total {
    pub(super) value: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    #[serde(default)]
    pub(super) sort: Vec<i64>,
}

/// The log took longer to look through than it may.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooLong;

impl Question {
    /// `more` is what is wanted of what is found: size, order, counts.
    pub(super) fn new(
        layout: &Layout,
        covered: &Covered,
        (plan, millis): (&Plan, Millis),
        more: Value,
        time_max: Duration,
    ) -> Self {
        let Covered { tenant, epoch, position } = covered;
        let mut filters = vec![
            dsl::exactly(field::LOG, &document::log(*tenant, *epoch)),
            json!({"range": {field::SEQ: {"lt": position}}}),
        ];
        if millis.from.is_some() || millis.to.is_some() {
            filters.push(json!({"range": {field::MILLIS: {"gte": millis.from, "lte": millis.to}}}));
        }
        if *plan != Plan::All {
            filters.push(dsl::query(plan));
        }
        let mut body = json!({
            "query": {"bool": {"filter": filters}},
            "timeout": format!("{}ms", time_max.as_millis()),
            "_source": false,
            "stored_fields": "_none_",
            "track_scores": false,
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let alias = layout.alias_of(*tenant);
        let path = format!(
            "/{alias}/_search?routing={tenant}&allow_partial_search_results=false&request_cache=false\
             &filter_path=timed_out,_shards.failed,hits.total,hits.hits.sort,aggregations"
        );
        Self { path, body }
    }

    /// As it is sent.
    pub(super) fn into_parts(self) -> (String, Vec<u8>) {
        (self.path, self.body.to_string().into_bytes())
    }
}

impl Client {
    /// Asks a question. Everything that was looked at was looked at to its end, or it is an error.
    pub(super) async fn search(
        &self,
        question: &Question,
        patience: Duration,
    ) -> Result<Result<Answer, TooLong>, OpenSearchError> {
        let asked = self.ask(Method::POST, &question.path, Body::json(&question.body), patience).await;
        let answer: Answer = match asked {
            // Too many clauses, states, buckets: what it will not do at once.
            Err(OpenSearchError::Refused { status: 400, reason }) => {
                tracing::debug!(reason, "OpenSearch refused a question");
                return Ok(Err(TooLong));
            }
            Err(OpenSearchError::TookTooLong) => return Ok(Err(TooLong)),
            other => other?,
        };
        if answer.shards.failed > 0 {
            return Err(OpenSearchError::Away("a shard of it failed".to_owned()));
        }
        Ok(if answer.timed_out { Err(TooLong) } else { Ok(answer) })
    }
}
