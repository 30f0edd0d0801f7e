//! What a report tells of single findings: read page by page, and no more kept than is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use custody_domain::{Evidence, FindingSeverity, FindingStatus, ScanId, TriageState, finding::query::Narrow};
use custody_store::{
    StoreError, TenantTx, bases,
    findings::{self, Finding, Said, Stretch},
};
use uuid::Uuid;

use super::model::{Listed, Muted, Resource, Triaged};
use crate::findings::{Details, details};

/// Of one check so many are named, …
const OF_CHECK_MAX: usize = 20;
/// … and so many of all.
const RESOURCES_MAX: usize = 2_000;
/// Of muted ones, and of triaged ones.
const LIST_MAX: usize = 200;
/// Failures that are looked at; how many there are is known by counting.
pub(super) const ROWS_MAX: u32 = 200_000;
const STRETCH: u32 = 1_024;

/// What was met on the way.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Of grave checks, by check.
    pub(super) resources: BTreeMap<String, Vec<Resource>>,
    /// What the first failure of each grave check says of it.
    pub(super) texts: BTreeMap<String, Details>,
    pub(super) muted: Listed<Muted>,
    pub(super) triage: Listed<Triaged>,
    /// There were more failures than are looked at.
    pub(super) stopped: bool,
    named: usize,
}

/// Goes through a scan's failures in the order in which they came.
pub(super) async fn walk(
    tx: &mut TenantTx,
    scan: ScanId,
    grave: &BTreeSet<&str>,
    now: DateTime<Utc>,
) -> Result<Met, StoreError> {
    let narrow = Narrow {
        scan: Some(BTreeSet::from([scan.0])),
        status: Some(BTreeSet::from([FindingStatus::Fail])),
        ..Narrow::default()
    };
    let mut met = Met::default();
    let (mut after, mut seen) = (None, 0_u32);
    loop {
        let stretch =
            Stretch { narrow: &narrow, newest_first: false, after, rows: STRETCH, bodies: true, now };
        let looked = findings::look(tx, &stretch).await?;
        let keys: Vec<Uuid> = looked.findings.iter().map(|finding| finding.key).collect();
        let said = findings::said(tx, &keys).await?;
        let told: Vec<(Finding, Said)> = looked
            .findings
            .into_iter()
            .map(|finding| {
                let of_it = said.get(&finding.key).cloned().unwrap_or_default();
                (finding, of_it)
            })
            .collect();
        met.take(tx, told, grave, now).await?;
        seen = seen.saturating_add(looked.rows);
        match looked.last {
            Some(last) if seen < ROWS_MAX => after = Some(last),
            last => {
                met.stopped = last.is_some();
                return Ok(met);
            }
        }
    }
}

impl Met {
    async fn take(
        &mut self,
        tx: &mut TenantTx,
        told: Vec<(Finding, Said)>,
        grave: &BTreeSet<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut named = Vec::new();
        let mut of_check: HashMap<String, usize> = HashMap::new();
        for (finding, said) in told {
            let muted = finding.muted_until.is_some_and(|until| until > now);
            if muted {
                self.muted.add(LIST_MAX, || Muted::of(&finding, &said));
            }
            if said.owner.is_some() || said.note.is_some() || finding.triage != TriageState::Open {
                self.triage.add(LIST_MAX, || Triaged::of(&finding, &said));
            }
            let check = finding.check_id.as_str();
            let room = self.named + named.len() < RESOURCES_MAX
                && self.resources.get(check).map_or(0, Vec::len) + of_check.get(check).copied().unwrap_or(0)
                    < OF_CHECK_MAX;
            let first = !self.texts.contains_key(check) && !of_check.contains_key(check);
            if !muted && grave.contains(check) && (room || first) {
                *of_check.entry(check.to_owned()).or_default() += 1;
                named.push((finding, said, room));
            }
        }
        self.name(tx, named).await
    }

    /// Reads the texts of those that are named, and of no others.
    async fn name(&mut self, tx: &mut TenantTx, named: Vec<(Finding, Said, bool)>) -> Result<(), StoreError> {
        let mut ids: Vec<Uuid> = named.iter().map(|(finding, ..)| finding.base_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let bases = bases::read(tx, &ids).await?;
        for (finding, said, room) in named {
            // A text that cannot be read says nothing; that the check fails is told all the same.
            let text = bases
                .get(&finding.base_id)
                .and_then(|base| Some(details(base.form, &base.dictionary.unpack(&finding.body).ok()?)));
            let details = text.unwrap_or_default();
            if room {
                self.named += 1;
                let of_check = self.resources.entry(finding.check_id.clone()).or_default();
                of_check.push(Resource::of(&finding, said, &details));
            }
            self.texts.entry(finding.check_id).or_insert(details);
        }
        Ok(())
    }
}

impl Resource {
    fn of(finding: &Finding, said: Said, details: &Details) -> Self {
        Self {
            uid: finding.resource.uid.clone(),
            name: finding.resource.name.clone(),
            kind: finding.resource.kind.clone(),
            region: finding.region.clone(),
            detail: details.status_detail.clone(),
            delta: finding.delta.as_str(),
            triage: finding.triage.as_str(),
            owner: said.owner,
            incomplete: finding.evidence == Evidence::Incomplete,
        }
    }
}

impl Muted {
    fn of(finding: &Finding, said: &Said) -> Self {
        Self {
            check: finding.check_id.clone(),
            severity: finding.severity,
            resource: called(finding),
            region: finding.region.clone(),
            reason: said.mute.as_ref().map(|mute| mute.reason.clone()),
            until: said.mute.as_ref().and_then(|mute| mute.until),
            by: said.updated.as_ref().map(|(_, by)| by.clone()),
        }
    }
}

impl Triaged {
    fn of(finding: &Finding, said: &Said) -> Self {
        Self {
            check: finding.check_id.clone(),
            severity: finding.severity,
            resource: called(finding),
            region: finding.region.clone(),
            state: finding.triage.as_str(),
            owner: said.owner.clone(),
            note: said.note.clone(),
        }
    }
}

fn called(finding: &Finding) -> String {
    let resource = &finding.resource;
    if resource.uid.is_empty() { resource.name.clone() } else { resource.uid.clone() }
}

/// Whether a check is told in full.
pub(super) fn is_grave(severity: FindingSeverity) -> bool {
    severity >= FindingSeverity::High
}
