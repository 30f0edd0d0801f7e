//! Findings of several scans: what is kept, what is the same, what is the latest.

use chrono::{DateTime, Duration, Utc};
use custody_auth::Scope;
use custody_domain::{Delta, Evidence, FindingSeverity, FindingStatus, ScanId, TriageState};
use custody_store::{
    PageRequest, Store,
    findings::{
        self, Finding, Form, Inserted, NewBase, NewFinding, NewResource, ScanRef, delete_of_checks,
        delete_of_scan,
    },
};
use uuid::Uuid;

use crate::fixture::{Fixture, count, run};

fn at(hour: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + Duration::hours(hour.into())
}

/// Of a bucket, with a text that is the hour's.
fn finding(bucket: &str, status: FindingStatus, hour: u32) -> NewFinding {
    let check = "s3_bucket_public_access";
    let uid = format!("prowler-aws-{check}-123456789012-eu-west-1-{bucket}");
    let text = format!(r#"{{"bucket":"{bucket}","status":"{status}","hour":{hour},"n":1.50}}"#);
    NewFinding {
        base: NewBase {
            form: Form::Ocsf,
            provider: "aws".to_owned(),
            check_id: check.to_owned(),
            service: "s3".to_owned(),
            title: "No public bucket".to_owned(),
            version: "5.46.0".to_owned(),
        },
        resource: NewResource {
            uid: format!("arn:aws:s3:::{bucket}"),
            name: bucket.to_owned(),
            kind: "AwsS3Bucket".to_owned(),
        },
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        uid,
        status,
        severity: FindingSeverity::High,
        evidence: Evidence::Complete,
        seen_at: at(hour),
        text,
    }
}

fn scan(previous: Option<ScanRef>) -> ScanRef {
    ScanRef { id: ScanId(Uuid::now_v7()), previous: previous.map(|scan| scan.id) }
}

async fn insert(store: &Store, scope: &Scope, scan: ScanRef, batch: &[NewFinding]) -> Vec<Inserted> {
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let inserted = findings::insert(&mut tx, &scan, batch, Utc::now()).await.unwrap();
    tx.commit().await.unwrap();
    inserted
}

async fn kept(store: &Store, scope: &Scope, scan: ScanRef) -> Vec<(Finding, String)> {
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let mut kept = Vec::new();
    let mut after = None;
    loop {
        let page = findings::of_scan(&mut tx, scan.id, PageRequest::new(2, after)).await.unwrap();
        let texts = findings::texts(&mut tx, &page.items).await.unwrap();
        kept.extend(page.items.into_iter().zip(texts));
        after = page.next;
        if after.is_none() {
            return kept;
        }
    }
}

fn deltas(inserted: &[Inserted]) -> Vec<Option<Delta>> {
    let delta = |inserted: &Inserted| match inserted {
        Inserted::New { delta, .. } => Some(*delta),
        _ => None,
    };
    inserted.iter().map(delta).collect()
}

use FindingStatus::{Fail, Manual, Pass};

#[tokio::test]
async fn what_was_kept_is_read_as_it_came_and_again_is_not_twice() {
    let fixture = Fixture::new().await;
    let (tenant, scan) = (fixture.tenant("a").await, scan(None));
    let mut batch = vec![finding("a", Fail, 1), finding("b", Pass, 1), finding("c", Manual, 1)];
    batch[2].uid = "another tool's".to_owned();
    let first = insert(&fixture.store, &tenant, scan, &batch).await;
    let again = insert(&fixture.store, &tenant, scan, &batch).await;
    for (first, again) in first.iter().zip(&again) {
        assert!(
            matches!((first, again), (Inserted::New { id, .. }, Inserted::Known { id: same }) if id == same)
        );
    }
    let kept = kept(&fixture.store, &tenant, scan).await;
    assert_eq!(
        kept.iter().map(|(_, text)| text).collect::<Vec<_>>(),
        [&batch[0].text, &batch[1].text, &batch[2].text]
    );
    for ((finding, _), new) in kept.iter().zip(&batch) {
        assert_eq!((&finding.uid, finding.status, finding.key), (&new.uid, new.status, new.key()));
        assert_eq!((&finding.resource.uid, &finding.title), (&new.resource.uid, &new.base.title));
        assert_eq!((finding.first_seen_at, finding.current), (at(1), true));
    }
}

#[tokio::test]
async fn findings_of_one_uid_are_kept_apart() {
    let fixture = Fixture::new().await;
    let (tenant, scan) = (fixture.tenant("a").await, scan(None));
    let mut other = finding("a", Pass, 1);
    other.resource.uid = "arn:aws:s3:::a-elsewhere".to_owned();
    let mut third = other.clone();
    third.text = "{}".to_owned();
    let both = insert(&fixture.store, &tenant, scan, &[finding("a", Fail, 1), other.clone()]).await;
    let more = insert(&fixture.store, &tenant, scan, &[third, other, finding("a", Fail, 1)]).await;
    let ordinal = |inserted: &Inserted| match inserted {
        Inserted::New { ordinal, .. } => Some(*ordinal),
        _ => None,
    };
    assert_eq!(
        both.iter().chain(&more).map(ordinal).collect::<Vec<_>>(),
        [Some(0), Some(1), Some(2), None, None]
    );
    assert_eq!(kept(&fixture.store, &tenant, scan).await.len(), 3);
}

#[tokio::test]
async fn scans_are_compared_and_the_latest_look_is_current() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    let tenant = fixture.tenant("a").await;
    let first = scan(None);
    insert(store, &tenant, first, &[finding("a", Fail, 5), finding("b", Fail, 5), finding("c", Pass, 5)])
        .await;
    let second = scan(Some(first));
    let inserted = insert(
        store,
        &tenant,
        second,
        &[
            finding("a", Fail, 7),
            finding("b", Pass, 7),
            finding("c", Fail, 7),
            finding("d", Fail, 7),
            finding("e", Pass, 7),
        ],
    )
    .await;
    assert_eq!(
        deltas(&inserted),
        [
            Some(Delta::StillFailing),
            Some(Delta::Resolved),
            Some(Delta::Regressed),
            Some(Delta::New),
            Some(Delta::Unchanged)
        ]
    );
    // An old report that comes in late.
    let late = scan(None);
    insert(store, &tenant, late, &[finding("a", Pass, 2)]).await;
    let current = |kept: &[(Finding, String)]| kept.iter().map(|(f, _)| f.current).collect::<Vec<_>>();
    assert_eq!(current(&kept(store, &tenant, first).await), [false, false, false]);
    assert_eq!(current(&kept(store, &tenant, late).await), [false]);
    let of_second = kept(store, &tenant, second).await;
    assert_eq!(current(&of_second), [true; 5]);
    assert_eq!(
        of_second.iter().map(|(f, _)| f.first_seen_at).collect::<Vec<_>>(),
        [at(2), at(5), at(5), at(7), at(7)]
    );
    // A clock that runs years ahead does not keep later scans from being the latest.
    let ahead = scan(None);
    insert(store, &tenant, ahead, &[finding("a", Pass, 900_000)]).await;
    let mut now = finding("a", Fail, 0);
    now.seen_at = Utc::now();
    let today = scan(None);
    insert(store, &tenant, today, &[now]).await;
    assert_eq!(current(&kept(store, &tenant, ahead).await), [false]);
    assert_eq!(current(&kept(store, &tenant, today).await), [true]);
}

#[tokio::test]
async fn where_the_latest_goes_the_one_before_is_it_again() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    let tenant = fixture.tenant("a").await;
    let (first, second) = (scan(None), scan(None));
    insert(store, &tenant, first, &[finding("a", Fail, 1)]).await;
    insert(store, &tenant, second, &[finding("a", Pass, 2), finding("b", Pass, 2)]).await;
    let key = finding("a", Fail, 1).key();
    run(
        &mut fixture.owner().await,
        &format!(
            "ALTER TABLE finding_triage NO FORCE ROW LEVEL SECURITY;
             INSERT INTO finding_triage (tenant_id, key, state, muted_until, mute_reason, updated_by)
             VALUES ('{}', '{key}', 2, 'infinity', 'known', 'x')",
            tenant.tenant()
        ),
    )
    .await;
    let mut tx = store.tenant_tx(&tenant).await.unwrap();
    assert_eq!(delete_of_checks(&mut tx, second.id, &["s3_bucket_public_access"]).await.unwrap(), 2);
    tx.commit().await.unwrap();
    let kept_first = kept(store, &tenant, first).await;
    assert!(kept_first[0].0.current);
    assert_eq!(kept_first[0].0.triage, TriageState::Accepted);
    assert_eq!(kept_first[0].0.muted_until, Some(DateTime::<Utc>::MAX_UTC));
    // A finding that comes after what was said of it knows that too.
    insert(store, &tenant, second, &[finding("a", Pass, 2)]).await;
    assert_eq!(kept(store, &tenant, second).await[0].0.triage, TriageState::Accepted);
    let mut tx = store.tenant_tx(&tenant).await.unwrap();
    assert_eq!(delete_of_scan(&mut tx, second.id).await.unwrap(), 1);
    assert_eq!(delete_of_scan(&mut tx, first.id).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let mut owner = fixture.owner().await;
    run(&mut owner, "ALTER TABLE resources NO FORCE ROW LEVEL SECURITY").await;
    assert_eq!(count(&mut owner, "resources").await, 0, "no finding is of them any more");
}

/// Whatever the order in which two scans of the same come in, and however they mingle.
#[tokio::test]
async fn scans_that_come_in_at_once_leave_one_latest() {
    let fixture = Fixture::new().await;
    let tenant = fixture.tenant("a").await;
    let one = |hour: u32| {
        let (store, tenant) = (fixture.store.clone(), tenant.clone());
        tokio::spawn(async move {
            let scan = scan(None);
            for bucket in 0..10 {
                let batch: Vec<_> = (0..10).map(|n| finding(&format!("{bucket}-{n}"), Fail, hour)).collect();
                insert(&store, &tenant, scan, &batch).await;
            }
        })
    };
    for task in [one(1), one(3), one(2)] {
        task.await.unwrap();
    }
    let mut owner = fixture.owner().await;
    run(&mut owner, "ALTER TABLE findings NO FORCE ROW LEVEL SECURITY").await;
    assert_eq!(count(&mut owner, "findings").await, 300);
    assert_eq!(count(&mut owner, "findings WHERE current").await, 100);
    let latest = format!("findings WHERE current AND last_seen_at = '{}'", at(3).to_rfc3339());
    assert_eq!(count(&mut owner, &latest).await, 100);
}

#[tokio::test]
async fn another_tenants_findings_are_not_seen_and_not_touched() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let (of_a, of_b) = (scan(None), scan(None));
    insert(store, &a, of_a, &[finding("a", Fail, 1)]).await;
    let before = kept(store, &a, of_a).await;
    // The same uid, the same resource, later; the other's scan named as the one before.
    let after_a = ScanRef { id: of_b.id, previous: Some(of_a.id) };
    let inserted = insert(store, &b, after_a, &[finding("a", Fail, 2)]).await;
    assert_eq!(deltas(&inserted), [Some(Delta::New)]);
    assert_eq!(kept(store, &b, of_b).await[0].0.first_seen_at, at(2));
    assert_eq!(kept(store, &a, of_a).await, before);
    let id = before[0].0.id;
    let mut tx = store.tenant_tx(&b).await.unwrap();
    assert!(findings::get(&mut tx, id).await.is_err());
    assert!(!findings::delete(&mut tx, id).await.unwrap());
    assert_eq!(delete_of_scan(&mut tx, of_a.id).await.unwrap(), 0);
    assert_eq!(findings::of_scan(&mut tx, of_a.id, PageRequest::first()).await.unwrap().items, []);
    tx.commit().await.unwrap();
    assert_eq!(kept(store, &a, of_a).await, before);
}

/// Of a table that the planner knows nothing of: a batch looks up its own keys, and does not read for each
/// of them all that the scan has.
#[tokio::test]
async fn a_batch_costs_what_it_holds() {
    let fixture = Fixture::new().await;
    let (tenant, scan) = (fixture.tenant("a").await, scan(None));
    let mut owner = fixture.owner().await;
    run(&mut owner, "ALTER TABLE findings SET (autovacuum_enabled = off)").await;
    for batch in 0..20 {
        let batch: Vec<_> = (0..100).map(|n| finding(&format!("{batch}-{n}"), Fail, 1)).collect();
        insert(&fixture.store, &tenant, scan, &batch).await;
    }
    // What a connection has counted is there for all when it ends.
    fixture.store.close().await;
    let fixture = &fixture;
    let read = custody_testkit::eventually("the connections have told what they read", || async move {
        let (inserted, read): (i64, i64) = sqlx::query_as(
            "SELECT n_tup_ins,
                 (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes AS i WHERE i.relid = t.relid)
             FROM pg_stat_user_tables AS t WHERE relname = 'findings'",
        )
        .fetch_one(&mut fixture.owner().await)
        .await
        .unwrap();
        (inserted == 2_000).then_some(read)
    })
    .await;
    assert!(read < 20_000, "{read} rows were read of an index for 2,000 that were written");
}
