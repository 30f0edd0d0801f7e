//! Files of findings that are broken, and imports that are stopped.

use bytes::Bytes;
use custody_testkit::eventually;
use futures::channel::mpsc;
use reqwest::{Body, Method};
use serde_json::{Value, json};

use super::{
    account::{findings, scan},
    ocsf,
};
use crate::support::{Answer, shared};

const PATH: &str = "/api/v1/scans/import";

#[tokio::test]
async fn what_is_no_finding_is_told_by_its_place_and_costs_no_other() {
    let tenant = shared().await.tenant().await;
    let mut nameless = ocsf("acme-1");
    nameless["finding_info"].as_object_mut().unwrap().remove("uid");
    nameless["metadata"].as_object_mut().unwrap().remove("event_code");
    let mut odd = ocsf("acme-2");
    odd["status_code"] = json!("PERHAPS");
    let file = json!([ocsf("acme-0"), nameless, odd, 7, ocsf("acme-4")]).to_string();
    let imported = tenant.admin.post_bytes(PATH, "application/json", file).await.expect(201);
    let report = &imported["report"];
    assert_eq!((&report["kept"], &report["refused"]), (&json!(2), &json!(3)), "{report}");
    let places: Vec<_> =
        report["refusals"].as_array().unwrap().iter().map(|one| one["index"].clone()).collect();
    assert_eq!(places, [json!(1), json!(2), json!(3)], "{report}");
    let id = imported["scan"]["id"].as_str().unwrap();
    assert_eq!(imported["scan"]["status"], "completed");
    assert_eq!(imported["scan"]["partial"], true, "three of five are not there: {imported}");
    assert_eq!(findings(&tenant.admin, id).await.len(), 2);
}

#[tokio::test]
async fn what_came_before_a_file_breaks_off_is_kept() {
    let tenant = shared().await.tenant().await;
    let whole = json!([ocsf("acme-0"), ocsf("acme-1"), ocsf("acme-2")]).to_string();
    let cut = whole[..whole.len() - 300].to_owned();
    let imported = tenant.admin.post_bytes(PATH, "application/json", cut).await.expect(201);
    assert_eq!(imported["report"]["kept"], 2, "{imported}");
    assert_eq!(imported["report"]["broken"]["index"], 2, "{imported}");
    let scan = &imported["scan"];
    assert_eq!((&scan["status"], &scan["partial"]), (&json!("failed"), &json!(true)), "{scan}");
    assert!(scan["failure"].as_str().unwrap().contains("finding 2"), "{scan}");
    assert_eq!(findings(&tenant.admin, scan["id"].as_str().unwrap()).await.len(), 2);
    for nothing in ["", "[]", "no findings at all", "{\"a\":1}", "\u{0}\u{1}\u{2}"] {
        let answer = tenant.admin.post_bytes(PATH, "application/octet-stream", nothing).await;
        answer.problem(422);
    }
    let list = tenant.admin.get("/api/v1/scans").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "what holds nothing becomes no scan");
}

#[tokio::test]
async fn an_import_is_cancelled_in_the_middle() {
    let tenant = shared().await.tenant().await;
    let (more, pieces) = mpsc::unbounded::<Result<Bytes, std::io::Error>>();
    let say = |range: std::ops::Range<u32>| {
        for n in range {
            let line = format!("{}\n", ocsf(&format!("acme-{n}")));
            more.unbounded_send(Ok(Bytes::from(line))).unwrap();
        }
    };
    let request = tenant.admin.request(Method::POST, &format!("{PATH}?name=half"));
    let request = request.header("content-type", "application/x-ndjson").body(Body::wrap_stream(pieces));
    let import = tokio::spawn(Answer::of(request));
    say(0..2000);
    let (id, kept) = eventually("some are kept", async || {
        let list = tenant.admin.get("/api/v1/scans?status=in_progress").await.expect(200);
        let scan = list["items"].get(0)?.clone();
        let kept = scan["progress"]["failed"].as_u64()?;
        (kept > 0).then(|| (scan["id"].as_str().unwrap().to_owned(), kept))
    })
    .await;
    tenant.admin.delete(&format!("/api/v1/scans/{id}")).await.problem(409);
    let cancelled = tenant.admin.post(&format!("/api/v1/scans/{id}/cancel"), &json!({})).await.expect(200);
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
    say(2000..4000);
    drop(more);
    let answer = import.await.unwrap().problem(409);
    assert_eq!(answer["scan_id"], json!(id), "{answer}");
    let scan = scan(&tenant.admin, &id).await;
    assert_eq!((&scan["status"], &scan["partial"]), (&json!("cancelled"), &json!(true)), "{scan}");
    let overview: Vec<Value> = {
        let page = tenant.admin.get(&format!("/api/v1/findings?scan_id={id}&limit=1000")).await.expect(200);
        page["items"].as_array().unwrap().clone()
    };
    assert!(overview.len() as u64 >= kept.min(1000));
    tenant.admin.delete(&format!("/api/v1/scans/{id}")).await.expect(204);
}
