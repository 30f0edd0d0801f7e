//! A scan is cancelled, whatever it is at.

use std::time::{Duration, Instant};

use custody_testkit::{Fault, HttpFaults, eventually};
use serde_json::{Value, json};

use super::{
    account::{
        Account, S3, SQS, ask, checks, ended, findings, order, processes, python, scan, server, until,
    },
    walk::is_of_queues,
};
use crate::support::{Server, Tenant};

/// A second is what is promised, where nothing else keeps the machine busy. The wires here never answer, and nobody
/// gives up waiting for them sooner than this: who does not listen meanwhile is found out.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Asks for it, and looks until its processes are gone and the scan says so.
async fn cancel(server: &Server, tenant: &Tenant, id: &str) -> Value {
    let path = format!("/api/v1/scans/{id}/cancel");
    let asked = Instant::now();
    tenant.admin.post(&path, &json!({})).await.expect(200);
    eventually("its processes are gone", async || processes(server).is_empty().then_some(())).await;
    let took = asked.elapsed();
    eprintln!("cancelled, and its processes gone, within {took:?}");
    assert!(took < GONE_WITHIN, "{took:?}");
    let scan = ended(&tenant.admin, id).await;
    assert_eq!(scan["status"], "cancelled", "{scan}");
    assert_eq!((&scan["partial"], &scan["failure"]), (&json!(true), &Value::Null), "{scan}");
    // Twice is no error.
    tenant.admin.post(&path, &json!({})).await.expect(200);
    let left = checks(&tenant.admin, id).await;
    assert!(
        left.iter().all(|check| check["status"] != "pending" && check["status"] != "in_progress"),
        "{left:?}"
    );
    eventually("its home is gone", async || {
        let homes = std::fs::read_dir(server.data().join("scans"));
        homes.map_or(true, |mut homes| homes.next().is_none()).then_some(())
    })
    .await;
    scan
}

#[tokio::test]
async fn before_a_worker_has_it() {
    if python().is_none() {
        return;
    }
    // No worker takes scans.
    let server = server(&[("CUSTODY_JOB_KINDS", "probe")]).await;
    let tenant = server.tenant().await;
    let id = ask(&tenant.admin, &order("http://127.0.0.1:1", &[S3[0]])).await;
    let scan = cancel(&server, &tenant, &id).await;
    assert_eq!(scan["started_at"], Value::Null);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn while_it_waits_for_another() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let server = server(&[]).await;
    let tenant = server.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    wire.set_where(Fault::Never, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let mut asked = order(wire.url(), &[S3[0], S3[1], SQS]);
    let first = ask(&tenant.admin, &asked).await;
    until(&tenant.admin, &first, "it runs", |scan| scan["progress"]["checks_done"] == 2).await;
    asked["if_running"] = json!("wait");
    let second = ask(&tenant.admin, &asked).await;
    tenant.admin.post(&format!("/api/v1/scans/{second}/cancel"), &json!({})).await.expect(200);
    assert_eq!(ended(&tenant.admin, &second).await["status"], "cancelled");
    assert_eq!(scan(&tenant.admin, &first).await["status"], "in_progress", "the other one goes on");

    // And that, while it checks: what it found is kept.
    let kept = findings(&tenant.admin, &first).await.len();
    assert!(kept > 0);
    let over = cancel(&server, &tenant, &first).await;
    assert_eq!(findings(&tenant.admin, &first).await.len(), kept);
    let progress = &over["progress"];
    let counted = progress["passed"].as_u64().unwrap() + progress["failed"].as_u64().unwrap();
    assert_eq!((counted, &progress["checks_done"]), (kept as u64, &json!(2)), "{over}");
    let checks = checks(&tenant.admin, &first).await;
    let cancelled: Vec<_> = checks.iter().filter(|check| check["status"] == "cancelled").collect();
    assert_eq!((checks.len(), cancelled.len()), (3, 1), "{checks:?}");
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn while_it_starts() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let server = server(&[]).await;
    let tenant = server.tenant().await;
    // The catalogue of checks is read once, by a process of its own.
    let dry = json!({"demo": true, "dry_run": true, "scope": {"checks": [S3[0]]}});
    tenant.admin.post("/api/v1/scans", &dry).await.expect(200);
    let there = || async {
        eventually("a process", async || (!processes(&server).is_empty()).then_some(())).await;
    };
    // The account is emulated, which takes four seconds: who did not listen meanwhile would need them each time.
    let mut quickest = GONE_WITHIN;
    for _ in 0..3 {
        let id = ask(&tenant.admin, &json!({"demo": true, "scope": {"checks": [S3[0]]}})).await;
        there().await;
        let asked = Instant::now();
        cancel(&server, &tenant, &id).await;
        quickest = quickest.min(asked.elapsed());
    }
    assert!(quickest < Duration::from_secs(3), "{quickest:?}");
    // The engine is loaded.
    let id = ask(&tenant.admin, &order(&account.url, &[S3[0]])).await;
    there().await;
    cancel(&server, &tenant, &id).await;
    // It signs in.
    let wire = HttpFaults::start(&account.url).await;
    wire.set(Fault::Never, usize::MAX);
    let id = ask(&tenant.admin, &order(wire.url(), &[S3[0]])).await;
    eventually("it signs in", async || (wire.count() > 0).then_some(())).await;
    cancel(&server, &tenant, &id).await;
    // Nothing of that stands in the way of the next.
    let id = ask(&tenant.admin, &order(&account.url, &[S3[0]])).await;
    super::account::completed(&tenant.admin, &id).await;
    assert!(server.stop().await.success());
}

/// At whatever moment the first findings are seen.
#[tokio::test]
async fn while_findings_come() {
    let Some(python) = python() else { return };
    let account = Account::start(&python).await;
    for n in 0..60 {
        account.bucket(&format!("many-{n:03}")).await;
    }
    let server = server(&[]).await;
    let tenant = server.tenant().await;
    let mut asked = order(&account.url, &[]);
    asked["scope"] = json!({"regions": ["us-east-1"], "services": ["s3"]});
    let id = ask(&tenant.admin, &asked).await;
    let found = |scan: &Value| {
        scan["progress"]["failed"].as_u64() > Some(0) || scan["progress"]["passed"].as_u64() > Some(0)
    };
    until(&tenant.admin, &id, "findings", found).await;
    let over = cancel(&server, &tenant, &id).await;
    let progress = &over["progress"];
    let counted: u64 =
        ["passed", "failed", "manual"].iter().map(|name| progress[name].as_u64().unwrap()).sum();
    let mut kept = 0;
    let mut cursor = String::new();
    loop {
        let page =
            tenant.admin.get(&format!("/api/v1/findings?scan_id={id}&limit=1000{cursor}")).await.expect(200);
        kept += page["items"].as_array().unwrap().len() as u64;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(counted, kept, "{over}");
    assert!(kept > 0);
    assert!(server.stop().await.success());
}
