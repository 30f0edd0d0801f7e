//! Asking for scans.

use std::{collections::BTreeMap, sync::Arc};

use custody_auth::Scope as Who;
use custody_domain::{ProviderId, ScanId, ScanStatus};
use custody_keys::Keys;
use custody_store::{
    Store, StoreError,
    findings::half_of_hash,
    jobs::{EnqueueError, IfTaken},
    providers::{self, Connection},
    scans::{self, NewScan, Scan, Source},
    tenant_checks,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    Network, Progress, ScansError, Wish,
    catalogue::{Catalogue, Planned},
    connections::{self, Owner},
    engine::Engine,
    given::Given,
    job,
};

/// What the operator allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub network: Network,
    /// Profiles of the server's own AWS configuration that tenants may name.
    pub profiles: Vec<String>,
    /// Whether accounts are emulated for them.
    pub demo: bool,
}

/// Takes orders. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scans {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) policy: Policy,
    engine: Engine,
}

/// What is to be scanned.
struct Target {
    provider: String,
    /// Of the scan alone.
    given: Given,
    connection: Option<Connection>,
}

/// What somebody asks for.
#[derive(Debug, Default)]
pub struct Request {
    pub name: Option<String>,
    /// A JSON object of texts.
    pub tags: Option<String>,
    /// Where no account that is connected is named.
    pub provider: Option<String>,
    pub connection: Option<ProviderId>,
    pub credentials: Option<Map<String, Value>>,
    pub settings: Option<Map<String, Value>>,
    pub wish: Wish,
    pub parallelism: u16,
    /// Where one of the same account and scope has not ended: waits for it, or is refused.
    pub waits: bool,
}

impl Scans {
    pub fn new(store: Store, keys: Keys, policy: Policy, engine: Engine) -> Self {
        Self { store, keys, policy, engine }
    }

    /// Which checks it would run.
    pub async fn plan(&self, who: &Who, request: &Request) -> Result<Vec<Planned>, ScansError> {
        let target = self.target(who, request).await?;
        self.planned(who, &target.provider, &request.wish).await
    }

    async fn planned(&self, who: &Who, provider: &str, wish: &Wish) -> Result<Vec<Planned>, ScansError> {
        let catalogue = self.catalogue(who, provider).await?;
        let mut tx = self.store.tenant_tx(who).await?;
        let own = tenant_checks::of_provider(&mut tx, provider).await?;
        tx.commit().await?;
        let planned = wish.select(&catalogue, &own).map_err(ScansError::Invalid)?;
        if planned.is_empty() {
            return Err(ScansError::invalid("/scope", "no check is within it"));
        }
        Ok(planned)
    }

    /// Asks for it: its row and its job are there together, or neither is.
    pub async fn create(&self, who: &Who, request: Request) -> Result<Scan, ScansError> {
        let Target { provider, given, connection } = self.target(who, &request).await?;
        self.planned(who, &provider, &request.wish).await?;
        if provider == "aws" && connection.is_none() && !request.wish.demo && !signs_in(&given) {
            let detail = "give access_key_id and secret_access_key, or a profile that the operator allows";
            return Err(ScansError::invalid("/credentials", detail));
        }
        let id = scans::new_id();
        let scope = serde_json::to_value(&request.wish)?;
        let target = target_key(&provider, request.connection, &given, &scope);
        let sealed = if connection.is_some() { None } else { self.seal_given(who, id, &given).await? };
        let mut tx = self.store.tenant_tx(who).await?;
        let if_taken = if request.waits { IfTaken::Wait } else { IfTaken::Refuse };
        let asked = job::ask(&mut tx, who, &provider, id, target.simple().to_string(), if_taken).await;
        let job_id = match asked {
            Ok(job) => job.id(),
            Err(EnqueueError::Taken { by }) => {
                let running = scans::of_job(&mut tx, by).await?;
                return Err(running.map_or(StoreError::NotFound.into(), ScansError::Running));
            }
            Err(error) => return Err(error.into()),
        };
        let new = NewScan {
            id,
            name: request.name.unwrap_or_else(|| called(&provider, &request.wish)),
            tags: request.tags.unwrap_or_else(|| "{}".to_owned()),
            source: Source::Engine,
            account: connection.and_then(|connection| connection.account),
            provider,
            provider_id: request.connection,
            scope,
            // Until the account is known.
            scope_key: target,
            parallelism: request.parallelism.max(1),
            credentials: sealed,
            job_id: Some(job_id),
            status: ScanStatus::Pending,
            progress: Progress::default().to_json(),
            engine: None,
            previous_id: None,
        };
        scans::create(&mut tx, who, &new).await?;
        let scan = scans::get(&mut tx, id).await?;
        tx.commit().await?;
        Ok(scan)
    }

    async fn target(&self, who: &Who, request: &Request) -> Result<Target, ScansError> {
        let said = request.credentials.is_some() || request.settings.is_some();
        if let Some(id) = request.connection {
            if said || request.provider.is_some() || request.wish.demo {
                let detail = "the connected account has its own provider, credentials and settings";
                return Err(ScansError::invalid("/provider_id", detail));
            }
            let mut tx = self.store.tenant_tx(who).await?;
            let connection = match providers::get(&mut tx, id).await {
                Err(StoreError::NotFound) => {
                    return Err(ScansError::invalid("/provider_id", "there is no such connected account"));
                }
                found => found?,
            };
            tx.commit().await?;
            let provider = connection.provider.clone();
            return Ok(Target { provider, given: Given::default(), connection: Some(connection) });
        }
        if request.wish.demo && !self.policy.demo {
            return Err(ScansError::invalid("/demo", "this server emulates no account: CUSTODY_SCAN_DEMO"));
        }
        let provider = match (&request.provider, request.wish.demo) {
            (Some(provider), true) if provider != "aws" => {
                return Err(ScansError::invalid("/demo", "only an account of aws is emulated"));
            }
            (_, true) if said => {
                return Err(ScansError::invalid("/demo", "the emulated account has credentials of its own"));
            }
            (provider, true) => provider.as_deref().unwrap_or("aws"),
            (Some(provider), false) => provider,
            (None, false) => return Err(ScansError::invalid("/provider", "give this, or `provider_id`")),
        };
        connections::known(provider)?;
        let given = self.read(provider, request.credentials.clone(), request.settings.clone())?;
        Ok(Target { provider: provider.to_owned(), given, connection: None })
    }

    async fn seal_given(&self, who: &Who, id: ScanId, given: &Given) -> Result<Option<Vec<u8>>, ScansError> {
        let both = BTreeMap::from([
            ("credentials".to_owned(), json!(given.credentials)),
            ("settings".to_owned(), json!(given.settings)),
        ]);
        connections::seal(&self.keys, who, Owner::Scan(id), &both).await
    }

    /// What can be checked of a provider: of the engine that was last seen at any worker.
    pub async fn catalogue(&self, who: &Who, provider: &str) -> Result<Arc<Catalogue>, ScansError> {
        connections::known(provider)?;
        self.engine.newest_catalogue(who, provider).await
    }
}

/// Whether there is anything to sign in with.
fn signs_in(given: &Given) -> bool {
    let has = |name| given.credentials.contains_key(name);
    (has("access_key_id") && has("secret_access_key")) || given.setting("profile").is_some()
}

/// Where it is called nothing else.
fn called(provider: &str, wish: &Wish) -> String {
    if wish.demo { format!("{provider}, emulated") } else { provider.to_owned() }
}

/// By which it is known that a scan of the same is under way before the account is known.
fn target_key(provider: &str, connection: Option<ProviderId>, given: &Given, scope: &Value) -> Uuid {
    let of = match connection {
        Some(id) => id.to_string(),
        // Of its credentials what names them, and is no secret.
        None => json!([given.credentials.get("access_key_id"), given.settings]).to_string(),
    };
    half_of_hash(&[provider.as_bytes(), of.as_bytes(), scope.to_string().as_bytes()])
}

/// Of an account: scans with the same are compared with each other. `scope` is a [`Wish`] as JSON.
pub(crate) fn scope_key(provider: &str, account: &str, scope: &str) -> Uuid {
    half_of_hash(&[provider.as_bytes(), account.as_bytes(), scope.as_bytes()])
}
