//! Findings of a real run, asked for: every page together holds what the query means, and a request that
//! would be too much work ends with a way on.

use std::time::Duration;

use chrono::Utc;
use custody_auth::Scope;
use custody_domain::{
    FindingId,
    finding::{
        Finding as Subject, FoundOn, Texts,
        query::{Query, arbitrary, parse},
    },
};
use custody_scans::findings::{FindingsAsked, FindingsLimits, FindingsPage, details, page};
use custody_store::{
    PageRequest, bases,
    findings::{self, Finding},
};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use crate::findings_fixture::{Fixture, new_scan, prowler};

/// Of what real findings say.
const QUERIES: &[&str] = &[
    "*",
    "severity>=high status:FAIL",
    "-status:PASS -severity:critical",
    "service:s3 OR service:iam",
    "check:*public*",
    "resource.type:AwsLambda*",
    "secrets",
    "\"environment variables\"",
    "risk:confidentiality",
    "remediation:\"least privilege\" severity:critical",
    "category:secrets",
    "framework:NIST* region:us-east-1",
    "status_detail:lambda exists:risk",
    "resource:fn-000",
    "account:123456789012 delta:new",
    "current:false",
    "-exists:owner",
];

struct Kept {
    finding: Finding,
    texts: Texts<'static>,
}

impl Kept {
    fn subject(&self) -> Subject<'_> {
        let Finding { resource, .. } = &self.finding;
        Subject {
            id: self.finding.id,
            scan: self.finding.scan_id,
            uid: self.finding.uid.as_str().into(),
            provider: self.finding.provider.as_str().into(),
            check: self.finding.check_id.as_str().into(),
            service: self.finding.service.as_str().into(),
            region: self.finding.region.as_str().into(),
            account: self.finding.account.as_str().into(),
            resource: FoundOn {
                uid: resource.uid.as_str().into(),
                name: resource.name.as_str().into(),
                kind: resource.kind.as_str().into(),
            },
            title: self.finding.title.as_str().into(),
            status: self.finding.status,
            severity: self.finding.severity,
            evidence: self.finding.evidence,
            delta: self.finding.delta,
            triage: self.finding.triage,
            owner: "".into(),
            note: "".into(),
            muted: self.finding.muted_until.is_some(),
            current: self.finding.current,
            first_seen: self.finding.first_seen_at,
            last_seen: self.finding.last_seen_at,
            texts: self.texts.clone(),
        }
    }
}

/// The run twice: once as it was written in each form.
async fn filled(fixture: &Fixture, scope: &Scope) -> Option<Vec<Kept>> {
    let (ocsf, csv) = (prowler("ocsf.json")?, prowler("findings.csv")?);
    let (first, mut second) = (new_scan(), new_scan());
    second.previous = Some(first.id);
    fixture.import(scope, first, csv).await;
    fixture.import(scope, second, ocsf).await;
    let mut all = Vec::new();
    for scan in [first.id, second.id] {
        let mut tx = fixture.store.tenant_tx(scope).await.unwrap();
        let found = findings::of_scan(&mut tx, scan, PageRequest::first()).await.unwrap();
        let texts = findings::texts(&mut tx, &found.items).await.unwrap();
        for (finding, text) in found.items.into_iter().zip(texts) {
            let form = bases::read(&mut tx, &[finding.base_id]).await.unwrap()[&finding.base_id].form;
            let said = details(form, &text);
            let texts = Texts {
                status_detail: said.status_detail.into(),
                description: said.description.into(),
                risk: said.risk.into(),
                remediation: said.remediation.text.into(),
                categories: said.categories.into_iter().map(Into::into).collect(),
                frameworks: said.compliance.into_keys().map(Into::into).collect(),
            };
            all.push(Kept { finding, texts });
        }
    }
    all.sort_by_key(|kept| std::cmp::Reverse(kept.finding.id.0));
    Some(all)
}

async fn ask(
    fixture: &Fixture,
    scope: &Scope,
    query: &Query,
    after: Option<FindingId>,
    limits: &FindingsLimits,
) -> FindingsPage {
    let mut tx = fixture.store.tenant_tx(scope).await.unwrap();
    let asked = FindingsAsked { query, newest_first: true, limit: 7, after };
    page(&mut tx, &asked, limits, Utc::now()).await.unwrap()
}

/// Everything, page by page, and how many of them ended early.
async fn walk(
    fixture: &Fixture,
    scope: &Scope,
    query: &Query,
    limits: &FindingsLimits,
) -> (Vec<FindingId>, usize) {
    let (mut all, mut early, mut after) = (Vec::new(), 0, None);
    loop {
        let page = ask(fixture, scope, query, after, limits).await;
        assert!(page.items.len() == 7 || page.next.is_none() || page.stopped.is_some(), "{}", query.render());
        early += usize::from(page.stopped.is_some());
        all.extend(page.items.iter().map(|(finding, _)| finding.id));
        after = page.next;
        if after.is_none() {
            return (all, early);
        }
    }
}

#[tokio::test]
async fn the_pages_of_a_query_hold_what_it_means() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant().await;
    let Some(all) = filled(&fixture, &scope).await else { return };
    let mut runner = TestRunner::deterministic();
    let any = arbitrary::query();
    let queries = QUERIES.iter().map(|text| parse(text).unwrap());
    let queries = queries.chain((0..100).map(|_| any.new_tree(&mut runner).unwrap().current()));
    for (n, query) in queries.enumerate() {
        let expected: Vec<_> =
            all.iter().filter(|kept| query.matches(&kept.subject())).map(|kept| kept.finding.id).collect();
        let (found, early) = walk(&fixture, &scope, &query, &FindingsLimits::default()).await;
        assert_eq!((found, early), (expected.clone(), 0), "{}", query.render());
        assert!(n >= QUERIES.len() || !expected.is_empty(), "{} finds nothing", query.render());
    }
}

#[tokio::test]
async fn a_request_that_is_much_work_ends_early_and_leads_on() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant().await;
    let Some(all) = filled(&fixture, &scope).await else { return };
    let query = parse("secrets severity:critical").unwrap();
    let expected: Vec<_> =
        all.iter().filter(|kept| query.matches(&kept.subject())).map(|kept| kept.finding.id).collect();
    for limits in [
        FindingsLimits { rows_max: 10, ..FindingsLimits::default() },
        FindingsLimits { time_max: Duration::ZERO, ..FindingsLimits::default() },
    ] {
        let (found, early) = walk(&fixture, &scope, &query, &limits).await;
        assert_eq!(found, expected);
        assert!(early > 0);
    }
    let none = ask(
        &fixture,
        &scope,
        &parse("nowhere").unwrap(),
        None,
        &FindingsLimits { rows_max: 10, ..FindingsLimits::default() },
    )
    .await;
    assert!(none.items.is_empty() && none.next.is_some());
    assert_eq!(none.stopped.unwrap().scanned, 10);
}
