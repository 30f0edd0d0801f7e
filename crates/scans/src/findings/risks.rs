//! What is worst: checks by how grave they are and how much fails them.

use std::collections::BTreeMap;

use custody_auth::Scope as Who;
use custody_domain::{FindingSeverity, ScanId};
use custody_store::{
    findings::{self, Count, Risk},
    scans,
};

use super::{ByFramework, by_framework};
use crate::{Scans, ScansError, checks::Checks};

/// A check that fails, and how much that weighs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedRisk {
    pub risk: Risk,
    /// [`weight`] × resources.
    pub score: u64,
    /// What it means that it fails, and what to do about it; empty where nobody has said it of the check.
    pub means: String,
    pub remediation: String,
}

/// A step in severity weighs as much as four resources of the step below.
fn weight(severity: FindingSeverity) -> u64 {
    match severity {
        FindingSeverity::Informational => 1,
        FindingSeverity::Low => 4,
        FindingSeverity::Medium => 16,
        FindingSeverity::High => 64,
        FindingSeverity::Critical => 256,
    }
}

impl Scans {
    /// The worst of what a scan found, or of what no later scan has looked at again.
    pub async fn risks(
        &self,
        who: &Who,
        scan: Option<ScanId>,
        limit: usize,
    ) -> Result<Vec<RankedRisk>, ScansError> {
        let mut tx = self.store.tenant_tx(who).await?;
        if let Some(scan) = scan {
            scans::get(&mut tx, scan).await?;
        }
        let risks = findings::risks(&mut tx, scan).await?;
        tx.commit().await?;
        let ranked = ranked(risks, limit);
        let mut checks = BTreeMap::new();
        for RankedRisk { risk, .. } in &ranked {
            if !checks.contains_key(&risk.provider) {
                checks.insert(risk.provider.clone(), self.checks_if_any(who, &risk.provider).await?);
            }
        }
        let explained = ranked.into_iter().map(|ranked| {
            let checks = checks.get(&ranked.risk.provider).and_then(Option::as_ref);
            match checks.and_then(|checks| checks.get(&ranked.risk.check_id)) {
                Some(known) => RankedRisk {
                    means: known.check.risk.clone(),
                    remediation: known.check.remediation.text.clone(),
                    ..ranked
                },
                None => ranked,
            }
        });
        Ok(explained.collect())
    }

    /// Counts by framework, of every provider whose checks are known; those with most failures first.
    pub async fn failing_frameworks(
        &self,
        who: &Who,
        counts: &[Count],
    ) -> Result<Vec<ByFramework>, ScansError> {
        let mut providers: Vec<_> = counts.iter().map(|count| count.provider.as_str()).collect();
        providers.sort_unstable();
        providers.dedup();
        let mut all = Vec::new();
        for provider in providers {
            match self.catalogue(who, provider).await {
                Ok(catalogue) => all.extend(by_framework(provider, &catalogue, counts)),
                // Findings may be of what no engine looks at.
                Err(ScansError::NotSetUp | ScansError::Invalid(_)) => {}
                Err(error) => return Err(error),
            }
        }
        all.sort_by_key(|framework| std::cmp::Reverse(framework.tally.severities.values().sum::<u64>()));
        Ok(all)
    }

    async fn checks_if_any(&self, who: &Who, provider: &str) -> Result<Option<Checks>, ScansError> {
        match self.checks(who, provider).await {
            Err(ScansError::NotSetUp | ScansError::Invalid(_)) => Ok(None),
            checks => checks.map(Some),
        }
    }
}

/// The heaviest first.
fn ranked(risks: Vec<Risk>, limit: usize) -> Vec<RankedRisk> {
    let weighed = |risk: Risk| RankedRisk {
        score: weight(risk.severity).saturating_mul(risk.resources),
        risk,
        means: String::new(),
        remediation: String::new(),
    };
    let mut ranked: Vec<_> = risks.into_iter().map(weighed).collect();
    let key =
        |one: &RankedRisk| (std::cmp::Reverse((one.score, one.risk.severity)), one.risk.check_id.clone());
    ranked.sort_by_cached_key(key);
    ranked.truncate(limit);
    ranked
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn few_grave_failures_come_before_many_slight_ones_until_they_are_too_many() {
        let risk = |check: &str, severity, resources| Risk {
            provider: "aws".to_owned(),
            check_id: check.to_owned(),
            service: "s3".to_owned(),
            title: String::new(),
            severity,
            findings: resources,
            resources,
            accounts: 1,
            first_seen_at: DateTime::UNIX_EPOCH,
        };
        let risks = vec![
            risk("many_low", FindingSeverity::Low, 63),
            risk("one_critical", FindingSeverity::Critical, 1),
            risk("too_many_medium", FindingSeverity::Medium, 17),
            risk("four_high", FindingSeverity::High, 4),
            risk("nothing_much", FindingSeverity::Informational, 5),
        ];
        let ranked = ranked(risks, 4);
        let order: Vec<_> = ranked.iter().map(|one| (one.risk.check_id.as_str(), one.score)).collect();
        assert_eq!(
            order,
            [("too_many_medium", 272), ("one_critical", 256), ("four_high", 256), ("many_low", 252)]
        );
    }
}
