//! Findings that people write: kept as OCSF, as an engine's are, in a scan that nobody ran.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use custody_auth::Scope;
use custody_domain::{Evidence, FindingId, FindingSeverity, FindingStatus, ScanId, ScanStatus};
use custody_store::{
    Store, StoreError, TenantTx,
    findings::{self, Form, NewBase, NewFinding, NewResource, ScanRef, by_hand, half_of_hash},
    scans::{self, Ending, NewScan, ScanFilter, Source},
};
use serde_json::{Value, json};

use crate::{FieldFault, Phase, Progress, ScansError};

/// What its texts say; see [`super::Details`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    pub status_detail: String,
    pub description: String,
    pub risk: String,
    pub remediation: String,
    pub remediation_url: String,
    pub categories: Vec<String>,
    pub compliance: BTreeMap<String, Vec<String>>,
}

/// A finding as somebody writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandWritten {
    /// One of findings by hand; where none is given, that of provider and account.
    pub scan: Option<ScanId>,
    pub provider: Option<String>,
    pub account: Option<String>,
    /// Made of the others where it is not given.
    pub uid: Option<String>,
    pub check_id: String,
    pub title: String,
    pub status: FindingStatus,
    pub severity: FindingSeverity,
    pub resource: NewResource,
    pub region: String,
    pub service: String,
    pub described: Described,
    pub seen_at: Option<DateTime<Utc>>,
}

/// Of what no engine scanned.
const PROVIDER: &str = "manual";
/// As `metadata.version` of OCSF says which one it is.
const OCSF: &str = "1.5.0";

/// Lengths, in characters. A uid of the longest others is no longer than a column takes, which is 8,192
/// bytes.
const WORD_MAX: usize = 200;
const TITLE_MAX: usize = 1_000;
const TEXT_MAX: usize = 20_000;
const LIST_MAX: usize = 100;

/// Of one provider, and by hand.
const SCANS_MAX: u32 = 1_000;
const RESOURCE_UID_MAX: usize = 1_000;
const UID_MAX: usize = 2_000;

/// Keeps it.
pub async fn create(
    store: &Store,
    scope: &Scope,
    written: &HandWritten,
    now: DateTime<Utc>,
) -> Result<FindingId, ScansError> {
    let faults = faults(written, now);
    if !faults.is_empty() {
        return Err(ScansError::Invalid(faults));
    }
    let mut tx = store.tenant_tx(scope).await?;
    let (scan, provider, account) = place(&mut tx, scope, written).await?;
    let finding = finding(written, &provider, &account, now);
    let created =
        by_hand::create(&mut tx, scope, &ScanRef { id: scan, previous: None }, finding, now).await?;
    let Some(id) = created else {
        tx.rollback().await?;
        return Err(ScansError::Conflict("the scan has a finding of this uid".to_owned()));
    };
    recount(&mut tx, scan).await?;
    tx.commit().await?;
    Ok(id)
}

/// Removes one, of whichever scan. What an engine's scan came to stays as it was told.
pub async fn remove(
    store: &Store,
    scope: &Scope,
    id: FindingId,
    now: DateTime<Utc>,
) -> Result<(), ScansError> {
    let mut tx = store.tenant_tx(scope).await?;
    let scan = findings::get(&mut tx, id).await?.scan_id;
    by_hand::remove(&mut tx, scope, id, now).await?;
    if scans::get(&mut tx, scan).await?.source == Source::Manual {
        recount(&mut tx, scan).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A scan that nobody runs has come to what is in it.
async fn recount(tx: &mut TenantTx, scan: ScanId) -> Result<(), ScansError> {
    let mut progress = Progress { phase: Phase::Done, ..Progress::default() };
    for (status, severity, evidence, n) in findings::tally(tx, scan).await? {
        progress.count(u32::try_from(n).unwrap_or(u32::MAX), status, severity, evidence);
    }
    scans::progress(tx, scan, &progress.to_json()).await?;
    Ok(())
}

/// The scan that it goes into, its provider and account.
async fn place(
    tx: &mut TenantTx,
    scope: &Scope,
    written: &HandWritten,
) -> Result<(ScanId, String, String), ScansError> {
    if let Some(id) = written.scan {
        let scan = match scans::lock(tx, id).await {
            Err(StoreError::NotFound) => {
                return Err(ScansError::invalid("/scan_id", "there is no such scan"));
            }
            scan => scan?,
        };
        if scan.source != Source::Manual {
            return Err(ScansError::invalid("/scan_id", "is no scan of findings by hand"));
        }
        let provider = written.provider.clone().unwrap_or(scan.provider);
        let account = written.account.clone().or(scan.account).unwrap_or_default();
        return Ok((id, provider, account));
    }
    let provider = written.provider.clone().unwrap_or_else(|| PROVIDER.to_owned());
    let account = written.account.clone().unwrap_or_default();
    let filter = ScanFilter {
        source: Some(Source::Manual),
        provider: Some(provider.clone()),
        account: written.account.clone(),
        ..ScanFilter::default()
    };
    let known = scans::page(tx, &filter, None, SCANS_MAX).await?;
    let known = known.into_iter().find(|scan| scan.account == written.account).map(|scan| scan.id);
    let id = match known {
        Some(id) => id,
        None => open(tx, scope, &provider, written.account.as_deref()).await?,
    };
    Ok((id, provider, account))
}

/// A scan that has ended before anything was found: nobody runs it.
async fn open(
    tx: &mut TenantTx,
    scope: &Scope,
    provider: &str,
    account: Option<&str>,
) -> Result<ScanId, ScansError> {
    let progress = serde_json::to_string(&Progress { phase: Phase::Done, ..Progress::default() })?;
    let scan = NewScan {
        id: scans::new_id(),
        name: "Findings by hand".to_owned(),
        tags: "{}".to_owned(),
        source: Source::Manual,
        provider: provider.to_owned(),
        provider_id: None,
        account: account.map(str::to_owned),
        scope: json!({}),
        scope_key: half_of_hash(&[b"manual", provider.as_bytes(), account.unwrap_or_default().as_bytes()]),
        parallelism: 1,
        credentials: None,
        job_id: None,
        status: ScanStatus::InProgress,
        progress: progress.clone(),
        engine: None,
        previous_id: None,
    };
    scans::create(tx, scope, &scan).await?;
    let ending = Ending { status: ScanStatus::Completed, partial: false, failure: None, progress };
    scans::end(tx, scan.id, &ending).await?;
    Ok(scan.id)
}

fn finding(written: &HandWritten, provider: &str, account: &str, now: DateTime<Utc>) -> NewFinding {
    let seen_at = written.seen_at.unwrap_or(now);
    let uid = written.uid.clone().unwrap_or_else(|| {
        let of = [provider, &written.check_id, account, &written.region, &written.resource.uid];
        format!("manual-{}", of.join("-"))
    });
    NewFinding {
        base: NewBase {
            form: Form::Ocsf,
            provider: provider.to_owned(),
            check_id: written.check_id.clone(),
            service: written.service.clone(),
            title: written.title.clone(),
            // The title is the base's: another one is another base.
            version: format!("custody/{}", written.title),
        },
        resource: written.resource.clone(),
        account: account.to_owned(),
        region: written.region.clone(),
        text: ocsf(written, provider, account, &uid, seen_at).to_string(),
        uid,
        status: written.status,
        severity: written.severity,
        evidence: Evidence::Complete,
        seen_at,
    }
}

/// A Detection Finding, with what has no place there where Prowler puts it.
fn ocsf(written: &HandWritten, provider: &str, account: &str, uid: &str, seen_at: DateTime<Utc>) -> Value {
    let Described { status_detail, description, risk, remediation, remediation_url, categories, compliance } =
        &written.described;
    let severity = written.severity.as_str();
    let references: Vec<&String> = Some(remediation_url).filter(|url| !url.is_empty()).into_iter().collect();
    json!({
        "message": status_detail,
        "metadata": {
            "event_code": written.check_id, "version": OCSF,
            "product": {"name": "Custody", "uid": "custody", "vendor_name": "Custody"},
        },
        "severity_id": written.severity.code(),
        "severity": format!("{}{}", severity[..1].to_ascii_uppercase(), &severity[1..]),
        "status": "New", "status_id": 1, "status_code": written.status, "status_detail": status_detail,
        "unmapped": {
            "categories": categories, "compliance": compliance, "provider": provider, "provider_uid": account,
        },
        "activity_id": 1, "activity_name": "Create", "category_uid": 2, "category_name": "Findings",
        "class_uid": 2004, "class_name": "Detection Finding", "type_uid": 200_401,
        "type_name": "Detection Finding: Create",
        "finding_info": {
            "uid": uid, "title": written.title, "desc": description, "created_time": seen_at.timestamp(),
            "created_time_dt": seen_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        },
        "resources": [{
            "uid": written.resource.uid, "name": written.resource.name, "type": written.resource.kind,
            "region": written.region, "group": {"name": written.service},
        }],
        "cloud": {"account": {"uid": account}, "provider": provider, "region": written.region},
        "remediation": {"desc": remediation, "references": references},
        "risk_details": risk,
        "time": seen_at.timestamp(), "time_dt": seen_at.to_rfc3339_opts(SecondsFormat::Micros, true),
    })
}

fn faults(written: &HandWritten, now: DateTime<Utc>) -> Vec<FieldFault> {
    let mut faults = Faults(Vec::new());
    let HandWritten { described, resource, .. } = written;
    faults.of("/title", &written.title, 1, TITLE_MAX);
    faults.of("/check_id", &written.check_id, 1, WORD_MAX);
    faults.of("/service", &written.service, 0, WORD_MAX);
    faults.of("/region", &written.region, 0, WORD_MAX);
    faults.of("/resource/uid", &resource.uid, 1, RESOURCE_UID_MAX);
    faults.of("/resource/name", &resource.name, 0, TITLE_MAX);
    faults.of("/resource/type", &resource.kind, 0, WORD_MAX);
    if let Some(uid) = &written.uid {
        faults.of("/uid", uid, 1, UID_MAX);
    }
    if let Some(account) = &written.account {
        faults.of("/account", account, 1, WORD_MAX);
    }
    if written.provider.as_deref().is_some_and(|provider| !is_provider(provider)) {
        faults.add("/provider", "must be small letters, digits and underscores, a letter first: at most 40");
    }
    faults.of("/status_detail", &described.status_detail, 0, TEXT_MAX);
    faults.of("/description", &described.description, 0, TEXT_MAX);
    faults.of("/risk", &described.risk, 0, TEXT_MAX);
    faults.of("/remediation/text", &described.remediation, 0, TEXT_MAX);
    faults.of("/remediation/url", &described.remediation_url, 0, TITLE_MAX);
    faults.list("/categories", &described.categories);
    if described.compliance.len() > LIST_MAX {
        faults.add("/compliance", format!("must be at most {LIST_MAX}"));
    }
    for (framework, requirements) in described.compliance.iter().take(LIST_MAX) {
        let pointer = format!("/compliance/{}", framework.replace('~', "~0").replace('/', "~1"));
        faults.of(&pointer, framework, 1, WORD_MAX);
        faults.list(&pointer, requirements);
    }
    if written.seen_at.is_some_and(|at| at > now || at.timestamp() < 0) {
        faults.add("/seen_at", "must be a time that has passed");
    }
    faults.0
}

struct Faults(Vec<FieldFault>);

impl Faults {
    fn add(&mut self, pointer: &str, detail: impl Into<String>) {
        self.0.push(FieldFault { pointer: pointer.to_owned(), detail: detail.into() });
    }

    fn of(&mut self, pointer: &str, text: &str, least: usize, most: usize) {
        if text.contains('\0') {
            self.add(pointer, "must not hold a NUL");
        } else if !(least..=most).contains(&text.chars().count()) {
            self.add(pointer, format!("must have {least} to {most} characters"));
        }
    }

    fn list(&mut self, pointer: &str, texts: &[String]) {
        if texts.len() > LIST_MAX {
            self.add(pointer, format!("must be at most {LIST_MAX}"));
        }
        for (at, text) in texts.iter().enumerate().take(LIST_MAX) {
            self.of(&format!("{pointer}/{at}"), text, 1, WORD_MAX);
        }
    }
}

fn is_provider(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
}
