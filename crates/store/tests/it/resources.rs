//! Resources by what they are called, and since when something of them fails.

use chrono::{DateTime, Duration, Utc};
use custody_auth::Scope;
use custody_domain::{Evidence, FindingSeverity, FindingStatus, ScanId};
use custody_store::{
    PageRequest, Store,
    findings::{self, Failing, Form, NewBase, NewFinding, NewResource, ScanRef},
    resources,
};
use uuid::Uuid;

use crate::fixture::Fixture;

fn at(hour: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + Duration::hours(hour.into())
}

fn finding(uid: &str, name: &str, status: FindingStatus, hour: u32) -> NewFinding {
    NewFinding {
        base: NewBase {
            form: Form::Ocsf,
            provider: "aws".to_owned(),
            check_id: "check".to_owned(),
            service: "x".to_owned(),
            title: "Title".to_owned(),
            version: "1".to_owned(),
        },
        resource: NewResource { uid: uid.to_owned(), name: name.to_owned(), kind: String::new() },
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        uid: format!("check-{uid}"),
        status,
        severity: FindingSeverity::High,
        evidence: Evidence::Complete,
        seen_at: at(hour),
        text: format!(r#"{{"hour":{hour}}}"#),
    }
}

async fn insert(store: &Store, scope: &Scope, batch: &[NewFinding]) {
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let scan = ScanRef { id: ScanId(Uuid::now_v7()), previous: None };
    findings::insert(&mut tx, &scan, batch, Utc::now() + Duration::days(3_650)).await.unwrap();
    tx.commit().await.unwrap();
}

/// The uids of what is called so.
async fn called(store: &Store, scope: &Scope, texts: &[&str], tails: &[&str], most: u32) -> Vec<String> {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let found = resources::called(&mut tx, &own(texts), &own(tails), most).await.unwrap();
    let mut uids: Vec<_> = found.into_iter().map(|resource| resource.uid).collect();
    uids.sort();
    uids
}

#[tokio::test]
async fn a_resource_is_found_by_uid_by_name_and_by_the_last_part_of_its_uid() {
    let fixture = Fixture::new().await;
    let (mine, theirs) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let group = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1";
    let logs = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/f:*";
    let all = [(group, "default"), ("arn:aws:s3:::sg-1", "sg-1"), (logs, "lambda"), (":*/", "odd")];
    let batch: Vec<_> = all.iter().map(|(uid, name)| finding(uid, name, FindingStatus::Fail, 0)).collect();
    insert(&fixture.store, &mine, &batch).await;
    insert(&fixture.store, &theirs, &batch[..1]).await;
    let ask = async |texts: &[&str], tails: &[&str]| called(&fixture.store, &mine, texts, tails, 10).await;
    assert_eq!(ask(&[group], &[]).await, [group]);
    assert_eq!(ask(&["default"], &[]).await, [group]);
    assert_eq!(ask(&["sg-1"], &["sg-1"]).await, [group, "arn:aws:s3:::sg-1"]);
    // The bucket's name is its uid's last part, which is then not kept twice.
    assert_eq!(ask(&["x/sg-1"], &["sg-1"]).await, [group, "arn:aws:s3:::sg-1"]);
    assert_eq!(ask(&[], &["f"]).await, [logs]);
    let both = [group, "arn:aws:s3:::sg-1"];
    assert_eq!(ask(&[group, "default"], &["sg-1"]).await, both, "once, by whatever it is found");
    assert_eq!(ask(&["nothing", ""], &["", "*"]).await, Vec::<String>::new());
    assert_eq!(called(&fixture.store, &mine, &[group, logs], &[], 1).await.len(), 1);
}

#[tokio::test]
async fn it_fails_since_the_first_failure_that_no_other_verdict_comes_after() {
    use FindingStatus::{Fail, Manual, Pass};
    let fixture = Fixture::new().await;
    for (n, (history, since, passed)) in [
        (vec![Fail], Some(0), None),
        (vec![Pass, Fail, Fail], Some(1), Some(0)),
        (vec![Fail, Pass, Fail, Pass, Pass, Fail, Fail], Some(5), Some(4)),
        (vec![Pass, Fail, Manual, Fail], Some(3), Some(0)),
        (vec![Fail, Pass], None, None),
        (vec![Manual], None, None),
    ]
    .into_iter()
    .enumerate()
    {
        let scope = fixture.tenant(&format!("t{n}")).await;
        // As they came, not as they were seen: a file of an old run may be brought late.
        for (hour, status) in history.iter().enumerate().rev() {
            let hour = u32::try_from(hour).unwrap();
            insert(&fixture.store, &scope, &[finding("arn:aws:s3:::a", "a", *status, hour)]).await;
        }
        let mut tx = fixture.store.tenant_tx(&scope).await.unwrap();
        let resources = resources::called(&mut tx, &["a".to_owned()], &[], 1).await.unwrap();
        let of = async |tx: &mut _, history| {
            let page = PageRequest::first();
            findings::of_resources(tx, &[resources[0].id], history, page).await.unwrap().items
        };
        let current = of(&mut tx, false).await;
        assert_eq!((current.len(), of(&mut tx, true).await.len()), (1, history.len()));
        let failing = findings::failing(&mut tx, &current[0]).await.unwrap();
        let expected = since.map(|hour| Failing { since: at(hour), passed_at: passed.map(at) });
        assert_eq!(failing, expected, "{history:?}");
    }
}
