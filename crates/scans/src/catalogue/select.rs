//! Which checks are within a scope.

use std::collections::{BTreeMap, BTreeSet};

use custody_domain::FindingSeverity;
use custody_store::{scans::checks::PlannedCheck, tenant_checks::TenantCheck};

use super::{Catalogue, Scope};
use crate::{given::FieldFault, nearest::nearest};

/// Checks that read through a trail's events of the last day and take their time: as with Prowler's own
/// command line, they are run by who asks for them.
const ASKED_FOR_ALONE: &str = "threat-detection";

/// So many names are offered for one that is not known.
const NEAREST_MAX: usize = 3;
/// So many names that are not known are told: each costs a comparison with every name there is.
const UNKNOWN_MAX: usize = 20;

impl Catalogue {
    /// Those that every kind of the scope takes and the tenant has not switched off, by service and name;
    /// or each name that is not known, with the nearest ones.
    pub fn select(&self, scope: &Scope, own: &[TenantCheck]) -> Result<Vec<PlannedCheck>, Vec<FieldFault>> {
        self.know(scope)?;
        let said: BTreeMap<&str, &TenantCheck> =
            own.iter().map(|check| (check.check_id.as_str(), check)).collect();
        let required: BTreeSet<&str> = self
            .frameworks
            .iter()
            .filter(|framework| scope.frameworks.contains(&framework.id))
            .flat_map(|framework| &framework.requirements)
            .flat_map(|requirement| requirement.checks.iter().map(String::as_str))
            .collect();
        let takes = |list: &[String], name: &str| list.is_empty() || list.iter().any(|one| one == name);
        let mut planned = Vec::new();
        for check in &self.checks {
            let word = said.get(check.id.as_str());
            let severity = word.and_then(|word| word.severity).unwrap_or(check.severity.0);
            let within = takes(&scope.services, &check.service)
                && takes(&scope.checks, &check.id)
                && takes(&scope.severities, severity.as_str())
                && (scope.frameworks.is_empty() || required.contains(check.id.as_str()))
                && (scope.categories.is_empty()
                    || check.categories.iter().any(|category| scope.categories.contains(category)))
                && !scope.excluded_services.contains(&check.service)
                && !scope.excluded_checks.contains(&check.id)
                && !word.is_some_and(|word| word.disabled)
                && (!check.categories.iter().any(|category| category == ASKED_FOR_ALONE)
                    || scope.checks.contains(&check.id)
                    || scope.categories.iter().any(|category| category == ASKED_FOR_ALONE));
            if within {
                planned.push(PlannedCheck {
                    check_id: check.id.clone(),
                    service: check.service.clone(),
                    severity,
                });
            }
        }
        Ok(planned)
    }

    /// Each name that is not known, with the nearest ones that are.
    fn know(&self, scope: &Scope) -> Result<(), Vec<FieldFault>> {
        let checks: BTreeSet<&str> = self.checks.iter().map(|check| check.id.as_str()).collect();
        let services: BTreeSet<&str> = self.checks.iter().map(|check| check.service.as_str()).collect();
        let categories: BTreeSet<&str> =
            self.checks.iter().flat_map(|check| check.categories.iter().map(String::as_str)).collect();
        let frameworks: BTreeSet<&str> = self.frameworks.iter().map(|one| one.id.as_str()).collect();
        let severities: BTreeSet<&str> = FindingSeverity::ALL.iter().map(|one| one.as_str()).collect();
        let regions: BTreeSet<&str> = self.regions.iter().map(String::as_str).collect();
        let kinds = [
            ("checks", &scope.checks, &checks),
            ("excluded_checks", &scope.excluded_checks, &checks),
            ("services", &scope.services, &services),
            ("excluded_services", &scope.excluded_services, &services),
            ("categories", &scope.categories, &categories),
            ("frameworks", &scope.frameworks, &frameworks),
            ("severities", &scope.severities, &severities),
            ("regions", &scope.regions, &regions),
        ];
        let mut faults = Vec::new();
        for (kind, asked, known) in kinds {
            // Without a list anything may be a region.
            if kind == "regions" && known.is_empty() {
                continue;
            }
            let unknown = asked.iter().enumerate().filter(|(_, name)| !known.contains(name.as_str()));
            for (n, name) in unknown.take(UNKNOWN_MAX - faults.len()) {
                let mut near = nearest(name, known.iter().copied());
                near.truncate(NEAREST_MAX);
                let detail = format!("{name:?} is not known; the nearest are {}", near.join(", "));
                faults.push(FieldFault { pointer: format!("/scope/{kind}/{n}"), detail });
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests;
