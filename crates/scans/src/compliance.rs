//! How far requirements of frameworks are met, by what checks have found.
//!
//! Nothing that was not looked at looks clean: a requirement none of whose checks has found anything is
//! `not_checked`, and one that passes though something that stands for it was not looked at, or not wholly,
//! is not `complete`, and counts as no pass in the score.

mod fold;
mod standing;

use std::collections::BTreeMap;

use custody_auth::Scope as Who;
use custody_domain::ScanId;
use custody_store::{findings, scans, scans::Scan};

pub use fold::{Counts, Met, Requirement, Verdict};
pub use standing::{Standing, Tally};

use crate::{Scans, ScansError, catalogue::Framework, checks::Checks};

/// What is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComplianceAsked {
    /// Where it is not given, that of the scan.
    pub provider: Option<String>,
    pub account: Option<String>,
    /// What it found; without it, what no later scan has looked at again.
    pub scan: Option<ScanId>,
}

/// What the checks of a provider have found, over the frameworks that name them.
#[derive(Debug)]
pub struct Compliance {
    pub checks: Checks,
    /// By place in the catalogue.
    of_engine: Vec<Standing>,
    /// The tenant's own, by id.
    of_own: BTreeMap<String, Standing>,
    /// Own checks by framework and requirement.
    standing_for: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Scans {
    pub async fn compliance(&self, who: &Who, asked: &ComplianceAsked) -> Result<Compliance, ScansError> {
        let mut tx = self.store.tenant_tx(who).await?;
        let scan: Option<Scan> = match asked.scan {
            Some(id) => Some(scans::get(&mut tx, id).await?),
            None => None,
        };
        tx.commit().await?;
        let provider = match (&asked.provider, &scan) {
            (Some(provider), Some(scan)) if *provider != scan.provider => {
                return Err(ScansError::invalid("/provider", format!("the scan is of {}", scan.provider)));
            }
            (Some(provider), _) => provider.clone(),
            (None, Some(scan)) => scan.provider.clone(),
            (None, None) => "aws".to_owned(),
        };
        let checks = self.checks(who, &provider).await?;
        let account = asked.account.as_deref();
        let mut tx = self.store.tenant_tx(who).await?;
        let verdicts = findings::verdicts(&mut tx, asked.scan).await?;
        let looked_at = scans::checks::looked_at(&mut tx, asked.scan, &provider, account).await?;
        tx.commit().await?;
        let mut compliance = Compliance::over(checks);
        for verdicts in &verdicts {
            if verdicts.provider == provider && account.is_none_or(|account| account == verdicts.account) {
                compliance.standing_mut(&verdicts.check_id, |standing| standing.add(verdicts));
            }
        }
        for looked_at in &looked_at {
            compliance.standing_mut(&looked_at.check_id, |standing| standing.ran(looked_at));
        }
        Ok(compliance)
    }
}

impl Compliance {
    /// Nothing was looked at so far.
    fn over(checks: Checks) -> Self {
        let mut standing_for: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for own in checks.own() {
            for (framework, ids) in &own.compliance {
                for id in ids {
                    let of = standing_for.entry(framework.clone()).or_default().entry(id.clone());
                    of.or_default().push(own.check.id.clone());
                }
            }
        }
        Self {
            of_engine: vec![Standing::default(); checks.catalogue().checks.len()],
            of_own: checks.own().map(|own| (own.check.id.clone(), Standing::default())).collect(),
            standing_for,
            checks,
        }
    }

    /// Of what is no check any more nothing is kept.
    fn standing_mut(&mut self, check: &str, tell: impl FnOnce(&mut Standing)) {
        if let Some(standing) = self.of_own.get_mut(check) {
            tell(standing);
        } else if let Some(place) = self.checks.catalogue().place(check) {
            tell(&mut self.of_engine[place]);
        }
    }

    /// What a check has come to; none where there is no such check.
    pub fn standing(&self, check: &str) -> Option<&Standing> {
        let engines = || self.of_engine.get(self.checks.catalogue().place(check)?);
        self.of_own.get(check).or_else(engines)
    }

    /// Each framework, and how many of its requirements are met.
    pub fn overview(&self) -> Vec<(&Framework, Counts)> {
        let frameworks = self.checks.catalogue().frameworks.iter();
        frameworks.map(|framework| (framework, self.counts(framework))).collect()
    }

    pub fn counts(&self, framework: &Framework) -> Counts {
        Counts::of(self.requirements(framework).map(|one| one.met))
    }

    /// The requirements of a framework, and whether each is met.
    pub fn requirements<'c>(&'c self, framework: &'c Framework) -> impl Iterator<Item = Requirement<'c>> {
        let own = self.standing_for.get(&framework.id);
        framework.requirements.iter().map(move |requirement| {
            let own = own.and_then(|own| own.get(&requirement.id)).map_or(&[][..], Vec::as_slice);
            let standings = requirement
                .at
                .iter()
                .filter_map(|place| self.of_engine.get(*place))
                .chain(own.iter().filter_map(|id| self.of_own.get(id)));
            Requirement { requirement, own, met: Met::of(standings) }
        })
    }
}

#[cfg(test)]
mod tests;
