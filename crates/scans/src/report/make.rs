//! Making a report of what is kept.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use custody_auth::Scope as Who;
use custody_domain::ScanId;
use custody_store::{
    StoreError, TenantTx,
    findings::{self, Difference},
    scans::{
        self, Scan,
        checks::{CheckFilter, ScanCheck},
    },
};
use serde_json::Value;

use super::{
    compare::compared,
    looked_at::looked_at,
    model::{About, Changes, Code, Failing, FailingCheck, Listed, Narrowed, Point, Remedy, Report, Trend},
    notes::{many, notes},
    summary::counted,
    walk::{Met, is_grave, walk},
};
use crate::{
    Progress, Scans, ScansError,
    checks::Checks,
    findings::{Details, Remediation},
};

/// Scans of the trend.
const TREND_MAX: u32 = 10;

const CHECKS_PAGE: u32 = 1_000;

impl Scans {
    /// Of a scan as it is now. [`StoreError::NotFound`] where it is none of the tenant's.
    pub async fn report(&self, who: &Who, id: ScanId, now: DateTime<Utc>) -> Result<Report, ScansError> {
        let mut tx = self.store.tenant_tx(who).await?;
        let scan = scans::get(&mut tx, id).await?;
        let counted = counted(&findings::counts(&mut tx, Some(id)).await?);
        let checks = all_checks(&mut tx, id).await?;
        let trend = trend(&mut tx, &scan).await?;
        let grave = counted.failing.iter().filter(|check| is_grave(check.severity));
        let met = walk(&mut tx, id, &grave.map(|check| check.check.as_str()).collect(), now).await?;
        tx.commit().await?;

        let looked_at = looked_at(&checks, counted.regions);
        let mut notes = notes(&scan, &looked_at, &counted.summary);
        if met.stopped {
            notes.push(format!(
                "Numbers are of all findings; resources, muted and triaged ones are of the first {}.",
                many(u64::from(super::walk::ROWS_MAX), "finding")
            ));
        }
        let (grave, others) = counted.failing.into_iter().partition(|check| is_grave(check.severity));
        let known = self.known(who, &scan.provider).await;
        Ok(Report {
            title: format!("Security scan of {}", scan.account.as_deref().unwrap_or(&scan.provider)),
            made_at: now,
            notes,
            summary: counted.summary,
            looked_at,
            others,
            trend,
            scan: about(scan),
            grave: told(grave, &met, known.as_ref()),
            muted: met.muted,
            triage: met.triage,
        })
    }

    /// What the tenant and the engine at hand say of checks; a report can do without.
    async fn known(&self, who: &Who, provider: &str) -> Option<Checks> {
        let log = |error: &ScansError| {
            let error: &dyn std::error::Error = error;
            tracing::warn!(error, provider, "a report is made without the catalogue");
        };
        self.checks(who, provider).await.inspect_err(log).ok()
    }
}

async fn all_checks(tx: &mut TenantTx, scan: ScanId) -> Result<Vec<ScanCheck>, StoreError> {
    let mut checks: Vec<ScanCheck> = Vec::new();
    loop {
        let after = checks.last().map(|check| check.check_id.clone()).unwrap_or_default();
        let page = scans::checks::page(tx, scan, &CheckFilter::default(), &after, CHECKS_PAGE).await?;
        let ended = page.len() < CHECKS_PAGE as usize;
        checks.extend(page);
        if ended {
            return Ok(checks);
        }
    }
}

fn about(scan: Scan) -> About {
    let scope: BTreeMap<String, Value> = serde_json::from_str(&scan.scope).unwrap_or_default();
    let narrowed = scope.into_iter().filter_map(|(kind, to)| {
        let to = to.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Some(Narrowed { kind, to })
    });
    About {
        id: scan.id,
        name: scan.name,
        source: scan.source.as_str(),
        provider: scan.provider,
        account: scan.account,
        engine: scan.engine,
        status: scan.status.as_str(),
        partial: scan.partial,
        failure: scan.failure,
        created_by: scan.created_by,
        created_at: scan.created_at,
        started_at: scan.started_at,
        ended_at: scan.ended_at,
        scope: narrowed.collect(),
    }
}

async fn trend(tx: &mut TenantTx, scan: &Scan) -> Result<Trend, StoreError> {
    let of_scope = scans::of_scope(tx, scan.scope_key, scan.id, TREND_MAX).await?;
    let points = of_scope.iter().map(|scan| Point {
        id: scan.id,
        at: scan.ended_at.unwrap_or(scan.created_at),
        status: scan.status.as_str(),
        partial: scan.partial,
        failures: Progress::read(&scan.progress).findings,
    });
    let mut trend = Trend { scans: points.collect(), changes: None };
    let Some(previous) = scan.previous_id else { return Ok(trend) };
    // It may have been deleted since.
    let previous = match scans::get(tx, previous).await {
        Err(StoreError::NotFound) => return Ok(trend),
        found => found?,
    };
    let counts = findings::differences(tx, &compared(scan, &previous)).await?;
    let of = |difference| counts.get(&difference).copied().unwrap_or(0);
    trend.changes = Some(Changes {
        against: previous.id,
        against_at: previous.ended_at.unwrap_or(previous.created_at),
        new: of(Difference::New),
        still_failing: of(Difference::StillFailing),
        resolved: of(Difference::Resolved),
        regressed: of(Difference::Regressed),
        gone: of(Difference::Gone),
        not_looked_at: of(Difference::NotLookedAt),
    });
    Ok(trend)
}

fn told(grave: Vec<FailingCheck>, met: &Met, known: Option<&Checks>) -> Vec<Failing> {
    let told = grave.into_iter().map(|check| {
        let own = met.texts.get(&check.check).cloned().unwrap_or_default();
        let found = known.and_then(|known| Some((known, known.get(&check.check)?)));
        let engine = found
            .filter(|(_, check)| check.own.is_none() && own.remediation.has_no_code())
            .map(|(known, _)| known.catalogue().engine.as_str());
        let Details { description, risk, remediation, .. } = match found {
            Some((_, check)) => own.or_of(check.check),
            None => own,
        };
        let items = met.resources.get(&check.check).cloned().unwrap_or_default();
        let more = check.failed.saturating_sub(items.len() as u64);
        Failing {
            description,
            risk,
            remediation: remedy(remediation, engine),
            resources: Listed { items, more },
            check,
        }
    });
    told.collect()
}

/// `engine`: of which the code is, where it is not the finding's.
fn remedy(told: Remediation, engine: Option<&str>) -> Remedy {
    let codes = codes([&told.cli, &told.native_iac, &told.terraform, &told.other]);
    Remedy {
        from: engine.filter(|_| !codes.is_empty()).map(str::to_owned),
        text: told.text,
        url: Some(told.url).filter(|url| !url.is_empty()),
        codes,
    }
}

fn codes(texts: [&String; 4]) -> Vec<Code> {
    let means = ["Command line", "Native infrastructure as code", "Terraform", "Other"];
    let given = means.into_iter().zip(texts).filter(|(_, text)| !text.trim().is_empty());
    given
        .map(|(means, text)| Code {
            means,
            // A command is written bare; the others are Markdown.
            text: if means == "Command line" && !text.contains("```") {
                format!("```sh\n{}\n```", text.trim())
            } else {
                text.clone()
            },
        })
        .collect()
}
