//! Findings counted by the compliance frameworks that name their checks.

use std::collections::BTreeMap;

use custody_store::findings::Count;

use super::Tally;
use crate::catalogue::Catalogue;

/// The findings of all checks of a framework, each once however many requirements they stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByFramework {
    pub provider: String,
    /// `cis_3.0_aws`
    pub id: String,
    pub framework: String,
    pub version: String,
    pub tally: Tally,
}

/// Of one provider, in the order of its catalogue; frameworks of which nothing was found are left out.
pub fn by_framework(provider: &str, catalogue: &Catalogue, counts: &[Count]) -> Vec<ByFramework> {
    let mut by_check: BTreeMap<usize, Tally> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.provider == provider) {
        if let Some(place) = catalogue.place(&count.check_id) {
            by_check.entry(place).or_default().add(count);
        }
    }
    let frameworks = catalogue.frameworks.iter().map(|framework| {
        let mut tally = Tally::default();
        for found in framework.at.iter().filter_map(|place| by_check.get(place)) {
            tally.merge(found);
        }
        ByFramework {
            provider: provider.to_owned(),
            id: framework.id.clone(),
            framework: framework.framework.clone(),
            version: framework.version.clone(),
            tally,
        }
    });
    frameworks.filter(|framework| framework.tally.findings > 0).collect()
}
