//! What people said of a finding, in the scan that found it and in those after.

use chrono::{DateTime, Duration, Utc};
use custody_auth::Scope;
use custody_domain::{
    Evidence, FindingId, FindingSeverity, FindingStatus, ScanId, TriageState,
    finding::query::{Narrow, parse},
};
use custody_store::{
    Store,
    findings::{
        self, Form, Inserted, Mute, NewBase, NewFinding, NewResource, ScanRef, Stretch, Triage, Wish,
    },
};
use uuid::Uuid;

use crate::fixture::Fixture;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

async fn found(store: &Store, scope: &Scope, scan: ScanRef, at: DateTime<Utc>) -> FindingId {
    let finding = NewFinding {
        base: NewBase {
            form: Form::Ocsf,
            provider: "aws".to_owned(),
            check_id: "s3_bucket_public_access".to_owned(),
            service: "s3".to_owned(),
            title: "No public bucket".to_owned(),
            version: "5.46.0".to_owned(),
        },
        resource: NewResource {
            uid: "arn:aws:s3:::logs".to_owned(),
            name: "logs".to_owned(),
            kind: String::new(),
        },
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        uid: "uid".to_owned(),
        status: FindingStatus::Fail,
        severity: FindingSeverity::High,
        evidence: Evidence::Complete,
        seen_at: at,
        text: format!(r#"{{"at":"{at}"}}"#),
    };
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let inserted = findings::insert(&mut tx, &scan, &[finding], at).await.unwrap();
    tx.commit().await.unwrap();
    let Inserted::New { id, .. } = inserted[0] else { panic!("{inserted:?}") };
    id
}

async fn say(
    store: &Store,
    scope: &Scope,
    id: FindingId,
    triage: &Triage,
    version: Option<u64>,
) -> findings::Triaged {
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let triaged = findings::triage(&mut tx, scope, &[id], triage, version, now()).await.unwrap();
    tx.commit().await.unwrap();
    triaged
}

/// What a query's columns admit at a time.
async fn admitted(store: &Store, scope: &Scope, query: &str, at: DateTime<Utc>) -> Vec<FindingId> {
    let narrow = Narrow::of(&parse(query).unwrap());
    let stretch =
        Stretch { narrow: &narrow, newest_first: true, after: None, rows: 100, bodies: false, now: at };
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let looked = findings::look(&mut tx, &stretch).await.unwrap();
    looked.findings.into_iter().map(|finding| finding.id).collect()
}

#[tokio::test]
async fn what_is_said_holds_for_the_scans_to_come_and_a_mute_ends_by_itself() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("acme").await;
    let store = &fixture.store;
    let first = ScanRef { id: ScanId(Uuid::now_v7()), previous: None };
    let second = ScanRef { id: ScanId(Uuid::now_v7()), previous: Some(first.id) };
    let older = found(store, &scope, first, now() - Duration::hours(2)).await;
    let until = now() + Duration::hours(1);
    let said = Triage {
        state: Some(TriageState::Accepted),
        owner: Wish::Becomes(Some("alice".to_owned())),
        mute: Wish::Becomes(Some(Mute { until: Some(until), reason: "moving".to_owned() })),
        ..Triage::default()
    };
    assert_eq!(say(store, &scope, older, &said, Some(0)).await.changed, [older]);
    assert_eq!(say(store, &scope, older, &said, None).await.unchanged, [older]);
    let newer = found(store, &scope, second, now()).await;

    for query in ["current:true triage:accepted", "muted:true current:true", "current:true"] {
        assert_eq!(admitted(store, &scope, query, now()).await, [newer], "{query}");
    }
    assert_eq!(admitted(store, &scope, "muted:true", until + Duration::seconds(1)).await, []);
    assert_eq!(admitted(store, &scope, "muted:false", until + Duration::seconds(1)).await, [newer, older]);

    // Of the older one what was said then is kept; of the newer one what is said now.
    let open = Triage { state: Some(TriageState::Open), mute: Wish::Becomes(None), ..Triage::default() };
    assert_eq!(say(store, &scope, newer, &open, Some(1)).await.changed, [newer]);
    assert_eq!(admitted(store, &scope, "triage:open", now()).await, [newer]);
    assert_eq!(admitted(store, &scope, "triage:accepted", now()).await, [older]);
    let stale = say(store, &scope, newer, &said, Some(1)).await;
    assert_eq!((stale.stale, stale.changed), (Some(2), vec![]));

    // Said of the older one, it is said of the latest as well.
    let fixed = Triage { state: Some(TriageState::Fixed), ..Triage::default() };
    assert_eq!(say(store, &scope, older, &fixed, None).await.changed, [older]);
    assert_eq!(admitted(store, &scope, "triage:fixed", now()).await, [newer, older]);

    let mut tx = store.tenant_tx(&scope).await.unwrap();
    let key = findings::get(&mut tx, newer).await.unwrap().key;
    let kept = findings::said(&mut tx, &[key]).await.unwrap().remove(&key).unwrap();
    assert_eq!((kept.state, kept.owner.as_deref(), kept.mute), (TriageState::Fixed, Some("alice"), None));
}

#[tokio::test]
async fn nobody_says_anything_of_another_tenants_finding() {
    let fixture = Fixture::new().await;
    let (mine, other) = (fixture.tenant("acme").await, fixture.tenant("other").await);
    let scan = ScanRef { id: ScanId(Uuid::now_v7()), previous: None };
    let id = found(&fixture.store, &mine, scan, now()).await;
    let said = Triage { state: Some(TriageState::Fixed), ..Triage::default() };
    let triaged = say(&fixture.store, &other, id, &said, None).await;
    assert_eq!((triaged.missing, triaged.changed), (vec![id], vec![]));
    assert_eq!(admitted(&fixture.store, &mine, "triage:open", now()).await, [id]);
}
