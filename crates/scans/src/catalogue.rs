//! What can be checked: the checks of an engine's version, and the frameworks whose requirements name them.
//!
//! Read from the engine's own files (`driver/catalogue.py`), kept in the database as it is, the same for all
//! tenants. What a scan runs is picked from it here: all kinds of scope that are given must hold.

mod read;
mod scope;
mod select;

use std::collections::{BTreeMap, BTreeSet};

use custody_domain::FindingSeverity;
use serde::{Deserialize, Deserializer, Serialize};

pub use custody_store::scans::checks::PlannedCheck as Planned;
pub use read::{CatalogueError, Read};
pub use scope::Scope;

/// What one version of an engine can check of one provider.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Catalogue {
    /// `prowler 5.46.0`
    #[serde(skip)]
    pub engine: String,
    /// By service and name.
    pub checks: Vec<Check>,
    pub frameworks: Vec<Framework>,
    /// Empty where the engine keeps no list.
    pub regions: Vec<String>,
    #[serde(skip)]
    pub(crate) by_id: BTreeMap<String, usize>,
}

/// One check, in the engine's words.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Check {
    pub id: String,
    pub title: String,
    pub service: String,
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    pub resource_type: String,
    pub categories: Vec<String>,
    pub types: Vec<String>,
    /// Markdown, as are risk and remediation.
    pub description: String,
    pub risk: String,
    pub urls: Vec<String>,
    pub notes: String,
    pub remediation: Remediation,
}

/// What to do about a failure; what there is not is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Remediation {
    pub text: String,
    pub url: String,
    pub cli: String,
    pub native_iac: String,
    pub terraform: String,
    pub other: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Framework {
    /// `cis_3.0_aws`
    pub id: String,
    /// `CIS`
    pub framework: String,
    pub name: String,
    pub version: String,
    pub description: String,
    pub requirements: Vec<Requirement>,
    /// Of all its requirements, each once: the checks' places in [`Catalogue::checks`].
    #[serde(skip)]
    pub(crate) at: Vec<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Requirement {
    pub id: String,
    pub name: String,
    pub description: String,
    pub section: String,
    /// Those that stand for it; none where only a person can tell.
    pub checks: Vec<String>,
    /// Their places in [`Catalogue::checks`].
    #[serde(skip)]
    pub(crate) at: Vec<usize>,
}

/// Of a check; one that is none counts as medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Severity(pub FindingSeverity);

impl Default for Severity {
    fn default() -> Self {
        Self(FindingSeverity::Medium)
    }
}

fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.parse().map(Severity).unwrap_or_default())
}

impl Framework {
    /// How many checks stand for its requirements.
    pub fn checks_count(&self) -> usize {
        self.at.len()
    }
}

impl Catalogue {
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.get(*self.by_id.get(id)?)
    }

    /// Its place in `checks`.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub fn framework(&self, id: &str) -> Option<&Framework> {
        self.frameworks.iter().find(|framework| framework.id == id)
    }

    /// For each framework that names the check, by id: its requirements that do.
    pub fn requirements_of(&self, check: &str) -> BTreeMap<&str, Vec<&str>> {
        let mut found = BTreeMap::new();
        for framework in &self.frameworks {
            let naming = framework.requirements.iter().filter(|r| r.checks.iter().any(|own| own == check));
            let ids: Vec<_> = naming.map(|requirement| requirement.id.as_str()).collect();
            if !ids.is_empty() {
                found.insert(framework.id.as_str(), ids);
            }
        }
        found
    }

    pub(crate) fn indexed(mut self, engine: String) -> Self {
        self.engine = engine;
        self.checks.sort_by(|a, b| (&a.service, &a.id).cmp(&(&b.service, &b.id)));
        self.by_id = self.checks.iter().enumerate().map(|(n, check)| (check.id.clone(), n)).collect();
        for framework in &mut self.frameworks {
            let mut all = BTreeSet::new();
            for requirement in &mut framework.requirements {
                requirement.at =
                    requirement.checks.iter().filter_map(|id| self.by_id.get(id).copied()).collect();
                all.extend(&requirement.at);
            }
            framework.at = all.into_iter().collect();
        }
        self
    }
}
