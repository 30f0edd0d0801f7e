//! What a scan looks at.

use serde::{Deserialize, Serialize};

/// Each kind that is given narrows; what is not given does not. Lists hold names of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// Of the tenant's own word on a check, where it has one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<String>,
    /// A check that stands for a requirement of any of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frameworks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_services: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_checks: Vec<String>,
}

impl Scope {
    /// Two that ask for the same are the same: in one order, each name once.
    #[must_use]
    pub fn normal(mut self) -> Self {
        for list in [
            &mut self.regions,
            &mut self.services,
            &mut self.checks,
            &mut self.severities,
            &mut self.frameworks,
            &mut self.categories,
            &mut self.excluded_services,
            &mut self.excluded_checks,
        ] {
            list.sort_unstable();
            list.dedup();
        }
        self
    }
}
