//! Of one account and scope one scan runs at a time.

use custody_testkit::{Fault, HttpFaults};
use serde_json::json;

use super::{
    account::{Account, S3, SQS, ask, completed, order, order_by, python, scan, scanning, until},
    walk::is_of_queues,
};

#[tokio::test]
async fn a_second_is_refused_or_waits_as_asked_and_others_run_beside_it() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let tenant = scanning().await.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    wire.set_where(Fault::Never, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let mut asked = order(wire.url(), &[S3[0], S3[1], SQS]);
    let first = ask(&tenant.admin, &asked).await;
    until(&tenant.admin, &first, "it runs", |scan| scan["progress"]["checks_done"] == 2).await;

    let refused = tenant.admin.post("/api/v1/scans", &asked).await.problem(409);
    assert_eq!(refused["scan_id"], json!(first), "{refused}");
    asked["if_running"] = json!("wait");
    let second = ask(&tenant.admin, &asked).await;
    // By another key it is the same account.
    let by_another = order_by(wire.url(), &[S3[0], S3[1], SQS], "AKIAI44QH8DHBEXAMPLE", "another-secret");
    let third = ask(&tenant.admin, &by_another).await;
    // Another scope runs beside it; and other tenants' are none of theirs.
    let beside = ask(&tenant.admin, &order(wire.url(), &[S3[2]])).await;
    completed(&tenant.admin, &beside).await;
    let other = scanning().await.tenant().await;
    let theirs = ask(&other.admin, &order(wire.url(), &[S3[0]])).await;
    completed(&other.admin, &theirs).await;
    for waits in [&second, &third] {
        assert_eq!(scan(&tenant.admin, waits).await["status"], "pending");
    }
    assert_eq!(scan(&tenant.admin, &first).await["status"], "in_progress");

    // The driver's own wait for the answer ends when the wire does.
    tenant.admin.post(&format!("/api/v1/scans/{first}/cancel"), &json!({})).await.expect(200);
    wire.set(Fault::None, 0);
    let (second, third) = tokio::join!(completed(&tenant.admin, &second), completed(&tenant.admin, &third));
    let first = super::account::ended(&tenant.admin, &first).await;
    let time = |scan: &serde_json::Value, name: &str| scan[name].as_str().unwrap().to_owned();
    let mut runs = [&first, &second, &third].map(|scan| (time(scan, "started_at"), time(scan, "ended_at")));
    runs.sort();
    for two in runs.windows(2) {
        assert!(two[0].1 <= two[1].0, "two ran at once: {runs:?}");
    }
}
