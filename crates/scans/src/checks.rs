//! Checks as a tenant knows them: the engine's, each with the tenant's own word on it, and the tenant's own.
//!
//! A tenant's own check is its texts alone: what findings that people write or bring refer to. No scan runs
//! it. What other tenants have is never seen here, nor offered as a name that is near.

mod change;
mod fault;
mod own;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use custody_auth::Scope as Who;
use custody_domain::FindingSeverity;
use custody_store::tenant_checks::{self, TenantCheck};

pub use change::{Change, Wanted};
pub use own::{OWN_MAX, OwnCheck, TextChange, is_id};

use crate::{
    Scans, ScansError,
    catalogue::{Catalogue, Check},
    nearest::nearest,
};

/// Of what no engine looks at: as findings that are written without a provider have it.
pub const MANUAL: &str = "manual";

/// All of one provider.
#[derive(Clone, Debug)]
pub struct Checks {
    provider: String,
    catalogue: Arc<Catalogue>,
    /// By id.
    words: BTreeMap<String, Word>,
}

/// What the tenant said of one.
#[derive(Clone, Debug)]
struct Word {
    said: TenantCheck,
    own: Option<OwnCheck>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Known<'c> {
    /// As the engine has it, or as the tenant wrote it.
    pub check: &'c Check,
    /// It is the tenant's: the requirements that it stands for.
    pub own: Option<&'c OwnCheck>,
    /// What the tenant said of it.
    pub said: Option<&'c TenantCheck>,
}

/// Which are wanted: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckFilter {
    pub service: Option<String>,
    pub severity: Option<FindingSeverity>,
    pub category: Option<String>,
    pub framework: Option<String>,
    pub disabled: Option<bool>,
    pub own: Option<bool>,
    /// Words; each must be in one of the texts, in any case of letters.
    pub words: Option<String>,
}

/// A name that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    pub kind: &'static str,
    /// The nearest that there are; may be empty.
    pub nearest: Vec<String>,
}

impl Scans {
    /// What a tenant knows of a provider's checks.
    pub async fn checks(&self, who: &Who, provider: &str) -> Result<Checks, ScansError> {
        let catalogue = self.catalogue_of(who, provider).await?;
        let mut tx = self.store.tenant_tx(who).await?;
        let said = tenant_checks::of_provider(&mut tx, provider).await?;
        tx.commit().await?;
        Checks::of(provider, catalogue, said)
    }
}

impl Checks {
    pub(crate) fn of(
        provider: &str,
        catalogue: Arc<Catalogue>,
        said: Vec<TenantCheck>,
    ) -> Result<Self, ScansError> {
        let mut words = BTreeMap::new();
        for said in said {
            let own = said.own.clone().map(serde_json::from_value).transpose()?;
            words.insert(said.check_id.clone(), Word { said, own });
        }
        Ok(Self { provider: provider.to_owned(), catalogue, words })
    }

    pub fn provider(&self) -> &str {
        &self.provider
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The tenant's own comes before the engine's of the same name: it was there first.
    pub fn get(&self, id: &str) -> Option<Known<'_>> {
        let word = self.words.get(id);
        let said = word.map(|word| &word.said);
        if let Some(own) = word.and_then(|word| word.own.as_ref()) {
            return Some(Known { check: &own.check, own: Some(own), said });
        }
        self.catalogue.check(id).map(|check| Known { check, own: None, said })
    }

    /// By id.
    pub fn all(&self) -> Vec<Known<'_>> {
        let ids = self.catalogue.checks.iter().map(|check| check.id.as_str());
        let ids: BTreeSet<&str> = ids.chain(self.words.keys().map(String::as_str)).collect();
        ids.into_iter().filter_map(|id| self.get(id)).collect()
    }

    /// The tenant's own.
    pub(crate) fn own(&self) -> impl Iterator<Item = &OwnCheck> {
        self.words.values().filter_map(|word| word.own.as_ref())
    }

    /// Those that are wanted, by id, or the name that nothing has.
    pub fn matching(&self, filter: &CheckFilter) -> Result<Vec<Known<'_>>, Unknown> {
        let all = self.all();
        know("service", filter.service.as_deref(), all.iter().map(|known| known.check.service.as_str()))?;
        let categories = all.iter().flat_map(|known| known.check.categories.iter().map(String::as_str));
        know("category", filter.category.as_deref(), categories)?;
        let frameworks = self.catalogue.frameworks.iter().map(|framework| framework.id.as_str());
        know("framework", filter.framework.as_deref(), frameworks)?;
        let required = filter.framework.as_deref().map(|framework| self.required_by(framework));
        let words: Vec<String> =
            filter.words.iter().flat_map(|words| words.split_whitespace()).map(str::to_lowercase).collect();
        let wanted = |known: &Known<'_>| {
            let check = known.check;
            filter.service.as_ref().is_none_or(|service| *service == check.service)
                && filter.severity.is_none_or(|severity| severity == known.severity())
                && filter.category.as_ref().is_none_or(|category| check.categories.contains(category))
                && required.as_ref().is_none_or(|required| required.contains(check.id.as_str()))
                && filter.disabled.is_none_or(|disabled| disabled == known.disabled())
                && filter.own.is_none_or(|own| own == known.own.is_some())
                && says(check, &words)
        };
        Ok(all.into_iter().filter(wanted).collect())
    }

    /// The checks that stand for a requirement of the framework.
    fn required_by(&self, framework: &str) -> BTreeSet<&str> {
        let requirements = self.catalogue.framework(framework).into_iter().flat_map(|one| &one.requirements);
        let engines = requirements.flat_map(|requirement| requirement.checks.iter().map(String::as_str));
        let own = self.own().filter(|own| own.compliance.contains_key(framework));
        engines.chain(own.map(|own| own.check.id.as_str())).collect()
    }

    /// Requirements by framework that a check stands for.
    pub fn requirements_of<'c>(&'c self, known: &Known<'c>) -> BTreeMap<&'c str, Vec<&'c str>> {
        match known.own {
            None => self.catalogue.requirements_of(&known.check.id),
            Some(own) => own
                .compliance
                .iter()
                .map(|(framework, ids)| (framework.as_str(), ids.iter().map(String::as_str).collect()))
                .collect(),
        }
    }
}

impl Known<'_> {
    /// The tenant's word, or else the check's own.
    pub fn severity(&self) -> FindingSeverity {
        self.said.and_then(|said| said.severity).unwrap_or(self.check.severity.0)
    }

    /// No scan runs it.
    pub fn disabled(&self) -> bool {
        self.said.is_some_and(|said| said.disabled)
    }

    /// 0 where the tenant has said nothing of it.
    pub fn version(&self) -> u64 {
        self.said.map_or(0, |said| said.version)
    }
}

fn know<'k>(
    kind: &'static str,
    asked: Option<&str>,
    known: impl Iterator<Item = &'k str>,
) -> Result<(), Unknown> {
    let Some(asked) = asked else { return Ok(()) };
    let known: BTreeSet<&str> = known.collect();
    if known.contains(asked) {
        return Ok(());
    }
    Err(Unknown { kind, nearest: nearest(asked, known).into_iter().map(str::to_owned).collect() })
}

/// Whether each of the words, in small letters, is in one of its texts.
fn says(check: &Check, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let remediation = &check.remediation;
    let texts = [&check.id, &check.title, &check.description, &check.risk, &remediation.text];
    let texts = texts.map(|text| text.to_lowercase());
    words.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.nearest.as_slice() {
            [] => write!(f, "no such {}", self.kind),
            nearest => write!(f, "no such {}; the nearest are {}", self.kind, nearest.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests;
