//! Which indices there are, and what they are called.
//!
//! `PREFIX-gGENERATION-WEEK` holds the entries of a week by when they were received, of all tenants but
//! those with indices of their own: `PREFIX-gGENERATION-own-TENANT-WEEK`. The week is the entry's own, so
//! that one that is written twice is written over itself; an index that is full by its size could not
//! promise that. Searches go to an alias, which a generation's indices bear from their first moment, and
//! which is taken away before the first of them is removed.

use std::{collections::HashSet, sync::Mutex, time::Duration};

use custody_domain::{EntryId, TenantId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    OpenSearchConfig, OpenSearchError,
    client::{Body, Client},
    document,
};

const WEEK_MILLIS: u64 = 7 * 86_400_000;
/// To make or remove an index, which all nodes have to agree on.
const MANAGE_MAX: Duration = Duration::from_secs(30);

/// One generation's.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) generation: u32,
    prefix: String,
    own: HashSet<TenantId>,
    /// Known to be there.
    made: Mutex<HashSet<String>>,
}

/// What was settled when the generation was begun.
#[derive(Debug, Deserialize)]
struct Settled {
    #[serde(default)]
    own: Vec<TenantId>,
}

impl Layout {
    /// The generation's, as it was begun; begun here, where nobody has.
    pub(super) async fn open(
        client: &Client,
        config: &OpenSearchConfig,
        generation: u32,
    ) -> Result<Self, OpenSearchError> {
        let prefix = format!("{}-g{generation}", config.prefix);
        let path = format!("/_index_template/{prefix}");
        let found = client.ask::<Value>(Method::GET, &path, Body::None, MANAGE_MAX).await;
        let settled = match found {
            Err(OpenSearchError::Refused { status: 404, .. }) => {
                let template = template(config, &prefix);
                let made = format!("{path}?create=true");
                match client.ask::<Value>(Method::PUT, &made, Body::json(&template), MANAGE_MAX).await {
                    Ok(_) => Settled { own: config.own.clone() },
                    // Somebody else has, in this moment.
                    Err(OpenSearchError::Refused { status: 400, .. }) => {
                        settled(&client.ask(Method::GET, &path, Body::None, MANAGE_MAX).await?)?
                    }
                    Err(error) => return Err(error),
                }
            }
            found => settled(&found?)?,
        };
        let own: HashSet<_> = settled.own.into_iter().collect();
        if own != config.own.iter().copied().collect() {
            tracing::warn!("which tenants have indices of their own changes when the index is begun anew");
        }
        Ok(Self { generation, prefix, own, made: Mutex::default() })
    }

    /// Where a tenant's entries are looked for.
    pub(super) fn alias_of(&self, tenant: TenantId) -> String {
        if self.own.contains(&tenant) { format!("{}-own-{tenant}", self.prefix) } else { self.prefix.clone() }
    }

    /// Where an entry lies.
    pub(super) fn index_of(&self, tenant: TenantId, id: EntryId) -> String {
        format!("{}-{}", self.alias_of(tenant), id.parts().0 / WEEK_MILLIS)
    }

    /// Makes the tenant's index, unless it is there.
    pub(super) async fn make(
        &self,
        client: &Client,
        tenant: TenantId,
        index: &str,
    ) -> Result<(), OpenSearchError> {
        let is_made = |made: &Mutex<HashSet<String>>| {
            made.lock().unwrap_or_else(std::sync::PoisonError::into_inner).contains(index)
        };
        if is_made(&self.made) {
            return Ok(());
        }
        let body = json!({"aliases": {self.alias_of(tenant): {}}});
        let made =
            client.ask::<Value>(Method::PUT, &format!("/{index}"), Body::json(&body), MANAGE_MAX).await;
        match made {
            Err(OpenSearchError::Refused { status: 400, reason })
                if reason.contains("resource_already_exists_exception") => {}
            made => {
                made?;
            }
        }
        self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(index.to_owned());
        Ok(())
    }
}

fn settled(found: &Value) -> Result<Settled, OpenSearchError> {
    let template = &found["index_templates"][0]["index_template"];
    Ok(Settled::deserialize(&template["_meta"])?)
}

fn template(config: &OpenSearchConfig, prefix: &str) -> Value {
    json!({
        "index_patterns": [format!("{prefix}-*")],
        "priority": 500,
        "_meta": {"own": config.own, "version": document::VERSION},
        "template": {
            "settings": {"index": {
                "number_of_shards": config.shards,
                "auto_expand_replicas": "0-1",
                // Only the follower makes things visible, and then says so.
                "refresh_interval": "-1",
                "codec": "best_compression",
                // The newest first, which is asked most: a page of it ends as soon as it is full.
                "sort.field": [document::field::MILLIS, document::field::COUNTER],
                "sort.order": ["desc", "desc"],
                "mapping.total_fields.limit": 32,
            }},
            "mappings": document::mapping(),
        }
    })
}

/// Removes what earlier generations left, or all.
pub(super) async fn remove(
    client: &Client,
    config: &OpenSearchConfig,
    but: Option<u32>,
) -> Result<(), OpenSearchError> {
    let generations = format!("{}-g*", config.prefix);
    let path = format!("/{generations}/_alias?expand_wildcards=all&ignore_unavailable=true");
    let found: serde_json::Map<String, Value> =
        client.ask(Method::GET, &path, Body::None, MANAGE_MAX).await?;
    let is_kept = |name: &str| {
        let generation = name.strip_prefix(&config.prefix).and_then(|rest| rest.strip_prefix("-g"));
        let number = generation.and_then(|rest| rest.split('-').next()?.parse().ok());
        number.is_none() || (but.is_some() && number == but)
    };
    let old: Vec<_> = found.into_iter().filter(|(name, _)| !is_kept(name)).collect();
    // Whoever looks there now finds nothing, rather than a part.
    let actions: Vec<_> = old
        .iter()
        .flat_map(|(index, said)| {
            let aliases = said["aliases"].as_object().into_iter().flat_map(|aliases| aliases.keys());
            aliases.map(move |alias| json!({"remove": {"index": index, "alias": alias}}))
        })
        .collect();
    if !actions.is_empty() {
        let body = json!({"actions": actions});
        client.ask::<Value>(Method::POST, "/_aliases", Body::json(&body), MANAGE_MAX).await?;
    }
    for (index, _) in &old {
        match client.ask::<Value>(Method::DELETE, &format!("/{index}"), Body::None, MANAGE_MAX).await {
            Ok(_) | Err(OpenSearchError::Gone) => {}
            Err(error) => return Err(error),
        }
    }
    let path = format!("/_index_template/{generations}");
    let found: Value = match client.ask(Method::GET, &path, Body::None, MANAGE_MAX).await {
        Err(OpenSearchError::Refused { status: 404, .. }) => return Ok(()),
        found => found?,
    };
    let names = found["index_templates"].as_array().into_iter().flatten();
    for name in names.filter_map(|template| template["name"].as_str()).filter(|name| !is_kept(name)) {
        let path = format!("/_index_template/{name}");
        match client.ask::<Value>(Method::DELETE, &path, Body::None, MANAGE_MAX).await {
            Ok(_) | Err(OpenSearchError::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
