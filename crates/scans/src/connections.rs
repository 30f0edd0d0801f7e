//! Accounts that a tenant has connected: their credentials are sealed before they are kept, and nobody
//! reads them again but the scan that needs them.

use std::collections::BTreeMap;

use custody_auth::Scope;
use custody_domain::ProviderId;
use custody_keys::{Keys, Zeroizing};
use custody_store::{
    StoreError,
    providers::{self, Changes, Connection, NewConnection},
};
use serde_json::{Map, Value};

use crate::{
    Network, ScansError,
    given::{FieldFault, Given},
    providers::{self as table, Unfit},
    scans::Scans,
};

/// What somebody says of an account.
#[derive(Debug, Default)]
pub struct Said {
    pub name: Option<String>,
    pub credentials: Option<Map<String, Value>>,
    pub settings: Option<Map<String, Value>>,
}

impl Scans {
    /// Connects an account.
    pub async fn connect(&self, scope: &Scope, provider: &str, said: Said) -> Result<Connection, ScansError> {
        known(provider)?;
        let name = said.name.ok_or_else(|| ScansError::invalid("/name", "is missing"))?;
        let given = self.read(provider, said.credentials, said.settings)?;
        let id = providers::new_id();
        let credentials = seal(&self.keys, scope, Owner::Connection(id), &given.credentials).await?;
        let new = NewConnection {
            id,
            name,
            provider: provider.to_owned(),
            settings: Value::Object(given.settings.into_iter().collect()),
            credentials,
        };
        let mut tx = self.store.tenant_tx(scope).await?;
        let made = match providers::create(&mut tx, scope, &new).await {
            Err(StoreError::Conflict { .. }) => {
                return Err(ScansError::Conflict("another connected account has this name".to_owned()));
            }
            made => made?,
        };
        tx.commit().await?;
        Ok(made)
    }

    /// Changes what is said of it; what is not said stays.
    pub async fn reconnect(
        &self,
        scope: &Scope,
        id: ProviderId,
        said: Said,
    ) -> Result<Connection, ScansError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let before = providers::get(&mut tx, id).await?;
        let provider = &before.provider;
        let replaced = said.credentials.is_some();
        let settings = said.settings.clone();
        let given = self.read(provider, said.credentials, said.settings)?;
        if replaced && given.credentials.is_empty() {
            return Err(ScansError::invalid("/credentials", "is empty; delete the account to forget them"));
        }
        if let (Some(_), false, true) = (&settings, replaced, before.has_credentials)
            && let Some(name) = moved(&before.settings, &given)
        {
            // Who changes where they are sent would be told what nobody reads again.
            let detail = format!("must be given again, as /settings/{name} says where they are sent");
            return Err(ScansError::invalid("/credentials", detail));
        }
        let credentials = if replaced {
            seal(&self.keys, scope, Owner::Connection(id), &given.credentials).await?
        } else {
            None
        };
        let changes = Changes {
            name: said.name,
            settings: settings.map(|_| Value::Object(given.settings.into_iter().collect())),
            credentials,
        };
        let made = match providers::update(&mut tx, scope, id, &changes).await {
            Err(StoreError::Conflict { .. }) => {
                return Err(ScansError::Conflict("another connected account has this name".to_owned()));
            }
            made => made?,
        };
        tx.commit().await?;
        Ok(made)
    }

    /// Held against the provider's fields, and against what the operator allows.
    pub(crate) fn read(
        &self,
        provider: &str,
        credentials: Option<Map<String, Value>>,
        settings: Option<Map<String, Value>>,
    ) -> Result<Given, ScansError> {
        let given = Given::read(provider, credentials.unwrap_or_default(), settings.unwrap_or_default())
            .map_err(ScansError::Invalid)?;
        let faults: Vec<_> = [refused_endpoint(&self.policy.network, &given), self.refused_profile(&given)]
            .into_iter()
            .flatten()
            .collect();
        if faults.is_empty() { Ok(given) } else { Err(ScansError::Invalid(faults)) }
    }

    /// A profile is the server's own credentials.
    fn refused_profile(&self, given: &Given) -> Option<FieldFault> {
        let profile = given.setting("profile")?;
        let allowed = self.policy.profiles.iter().any(|allowed| allowed == profile);
        (!allowed).then(|| FieldFault {
            pointer: "/settings/profile".to_owned(),
            detail: "is none that the operator allows (CUSTODY_SCAN_PROFILES)".to_owned(),
        })
    }
}

/// Settings that say where a provider is asked, and with that where credentials are sent.
const PLACES: [&str; 6] =
    ["endpoint_url", "auth_url", "registry", "scan_repository_url", "okta_org_domain", "cloud"];

/// The first of them that becomes another.
fn moved(before: &Value, now: &Given) -> Option<&'static str> {
    PLACES.into_iter().find(|name| before.get(name) != now.settings.get(*name))
}

/// Every setting that names an address.
fn refused_endpoint(network: &Network, given: &Given) -> Option<FieldFault> {
    ["endpoint_url", "auth_url", "registry", "scan_repository_url"].into_iter().find_map(|name| {
        let detail = network.refuses(given.setting(name)?)?;
        // A registry is named without a scheme.
        if name == "registry" && !detail.contains("operator") {
            return None;
        }
        Some(FieldFault { pointer: format!("/settings/{name}"), detail })
    })
}

/// Whether there is such a provider.
pub(crate) fn known(name: &str) -> Result<(), ScansError> {
    match table::get(name) {
        Ok(_) => Ok(()),
        Err(unfit @ Unfit::Provider { .. }) => {
            let names: Vec<_> = table::all().keys().map(String::as_str).collect();
            Err(ScansError::invalid("/provider", format!("{unfit}; there are {}", names.join(", "))))
        }
        Err(unfit) => Err(ScansError::invalid("/provider", unfit.to_string())),
    }
}

/// Whose credentials are sealed: they open for nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    Connection(ProviderId),
    Scan(custody_domain::ScanId),
}

impl Owner {
    fn purpose(self, scope: &Scope) -> String {
        match self {
            Self::Connection(id) => format!("provider_credentials/{}/{id}", scope.tenant()),
            Self::Scan(id) => format!("scan_credentials/{}/{id}", scope.tenant()),
        }
    }
}

/// None where there are none.
pub(crate) async fn seal(
    keys: &Keys,
    scope: &Scope,
    owner: Owner,
    credentials: &BTreeMap<String, Value>,
) -> Result<Option<Vec<u8>>, ScansError> {
    if credentials.is_empty() {
        return Ok(None);
    }
    let text = Zeroizing::new(serde_json::to_vec(credentials)?);
    Ok(Some(keys.seal(&owner.purpose(scope), &text).await?))
}

pub(crate) async fn open(
    keys: &Keys,
    scope: &Scope,
    owner: Owner,
    sealed: Option<&[u8]>,
) -> Result<BTreeMap<String, Value>, ScansError> {
    let Some(sealed) = sealed else { return Ok(BTreeMap::new()) };
    let text = keys.open(&owner.purpose(scope), sealed).await?;
    Ok(serde_json::from_slice(&text)?)
}
