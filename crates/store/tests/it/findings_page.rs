//! Findings in pages: what is looked at, in which order, and that the columns leave nothing away.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use custody_auth::Scope;
use custody_domain::{
    Evidence, FindingId, FindingSeverity, FindingStatus, ScanId,
    finding::{
        Finding as Asked, FoundOn, Texts,
        query::{Narrow, arbitrary, parse},
    },
};
use custody_store::{
    Store,
    findings::{self, Finding, Form, NewBase, NewFinding, NewResource, ScanRef, Stretch},
};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use uuid::Uuid;

use crate::fixture::Fixture;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// Of the words that the queries of property tests use.
fn finding(n: usize) -> NewFinding {
    let of = |texts: &[&str]| texts[n % texts.len()].to_owned();
    NewFinding {
        base: NewBase {
            form: Form::Ocsf,
            provider: of(&["aws", "s3", "iam"]),
            check_id: of(&["s3_bucket_public_access", "iam", "s3", "logs", "a*b"]),
            service: of(&["s3", "iam"]),
            title: "Public access, for anybody".to_owned(),
            version: "5.46.0".to_owned(),
        },
        resource: NewResource {
            uid: of(&["arn:aws:s3:::logs", "logs", "s3"]),
            name: of(&["logs", "s3"]),
            kind: of(&["s3", "iam", "a*b", "logs"]),
        },
        account: of(&["111122223333", "s3"]),
        region: of(&["eu-west-1", "iam", "s3"]),
        uid: format!("uid-{n}"),
        status: FindingStatus::ALL[n % 3],
        severity: FindingSeverity::ALL[(n * 7) % 5],
        evidence: Evidence::ALL[n % 2],
        seen_at: now() - Duration::seconds(60),
        text: format!(r#"{{"n":{n}}}"#),
    }
}

async fn filled(fixture: &Fixture, scope: &Scope) -> Vec<Finding> {
    let mut tx = fixture.store.tenant_tx(scope).await.unwrap();
    let first = ScanRef { id: ScanId(Uuid::now_v7()), previous: None };
    let second = ScanRef { id: ScanId(Uuid::now_v7()), previous: Some(first.id) };
    let all: Vec<NewFinding> = (0..60).map(finding).collect();
    findings::insert(&mut tx, &first, &all, now()).await.unwrap();
    let again: Vec<NewFinding> = all[..40]
        .iter()
        .cloned()
        .map(|finding| NewFinding { seen_at: now(), status: FindingStatus::Fail, ..finding })
        .collect();
    findings::insert(&mut tx, &second, &again, now()).await.unwrap();
    tx.commit().await.unwrap();
    walk(&fixture.store, scope, &Narrow::default(), true, 1_000).await
}

/// All that is found, stretch by stretch.
async fn walk(store: &Store, scope: &Scope, narrow: &Narrow, newest_first: bool, rows: u32) -> Vec<Finding> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let mut tx = store.tenant_tx(scope).await.unwrap();
        let stretch = Stretch { narrow, newest_first, after, rows, bodies: true, now: now() };
        let looked = findings::look(&mut tx, &stretch).await.unwrap();
        tx.commit().await.unwrap();
        assert!(looked.rows <= rows);
        all.extend(looked.findings);
        after = looked.last;
        if after.is_none() {
            return all;
        }
    }
}

fn asked(finding: &Finding) -> Asked<'_> {
    Asked {
        id: finding.id,
        scan: finding.scan_id,
        uid: finding.uid.as_str().into(),
        provider: finding.provider.as_str().into(),
        check: finding.check_id.as_str().into(),
        service: finding.service.as_str().into(),
        region: finding.region.as_str().into(),
        account: finding.account.as_str().into(),
        resource: FoundOn {
            uid: finding.resource.uid.as_str().into(),
            name: finding.resource.name.as_str().into(),
            kind: finding.resource.kind.as_str().into(),
        },
        title: finding.title.as_str().into(),
        status: finding.status,
        severity: finding.severity,
        evidence: finding.evidence,
        delta: finding.delta,
        triage: finding.triage,
        owner: "".into(),
        note: "".into(),
        muted: finding.muted_until.is_some_and(|until| until > now()),
        current: finding.current,
        first_seen: finding.first_seen_at,
        last_seen: finding.last_seen_at,
        texts: Texts::default(),
    }
}

fn ids<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<FindingId> {
    findings.into_iter().map(|finding| finding.id).collect()
}

#[tokio::test]
async fn a_stretch_of_any_query_holds_what_its_columns_admit_in_order() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("acme").await;
    let all = filled(&fixture, &scope).await;
    assert_eq!(all.len(), 100);
    assert!(all.is_sorted_by(|one, next| one.id > next.id));
    let mut runner = TestRunner::deterministic();
    let (queries, mut found) = (arbitrary::query(), 0);
    let narrows = (0..300).map(|_| Narrow::of(&queries.new_tree(&mut runner).unwrap().current()));
    // Of a scan, and of a resource: those have an index of their own.
    let named = [format!("scan:{} severity>=low", all[50].scan_id), "resource:logs -status:PASS".to_owned()];
    let named = named.map(|query| Narrow::of(&parse(&query).unwrap()));
    let severe = Narrow { severity: Some(BTreeSet::new()), ..Narrow::default() };
    for narrow in narrows.chain(named).chain([severe]) {
        let admitted = ids(all.iter().filter(|finding| narrow.admits(&asked(finding))));
        found += admitted.len();
        assert_eq!(ids(&walk(&fixture.store, &scope, &narrow, true, 7).await), admitted, "{narrow:?}");
        let mut backwards = ids(&walk(&fixture.store, &scope, &narrow, false, 1_000).await);
        backwards.reverse();
        assert_eq!(backwards, admitted, "{narrow:?}");
    }
    assert!(found > 1_000, "{found}");
}

#[tokio::test]
async fn one_tenants_findings_are_not_the_others() {
    let fixture = Fixture::new().await;
    let (mine, other) = (fixture.tenant("acme").await, fixture.tenant("other").await);
    filled(&fixture, &mine).await;
    assert_eq!(walk(&fixture.store, &other, &Narrow::default(), true, 10).await, []);
}
