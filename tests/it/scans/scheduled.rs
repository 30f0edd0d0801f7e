//! Scans that the clock asks for.

use custody_testkit::eventually;
use serde_json::json;

use super::account::{Account, S3, completed, order, python, scanning};

#[tokio::test]
async fn a_schedule_asks_for_scans_of_a_connected_account_until_it_is_gone() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let tenant = scanning().await.tenant().await;
    let order = order(&account.url, &[S3[0]]);
    let connection = json!({
        "name": "ours", "provider": "aws", "credentials": order["credentials"], "settings": order["settings"],
    });
    let connection = tenant.admin.post("/api/v1/providers", &connection).await.expect(201);
    let each_second = json!({
        "cron": "* * * * * *",
        "scan": {"provider_id": connection["id"], "name": "each second", "scope": order["scope"]},
    });
    let set = tenant.admin.put("/api/v1/schedules/often", &each_second).await.expect(200);
    let shown = json!({
        "provider_id": connection["id"], "name": "each second", "scope": order["scope"], "parallelism": 1,
    });
    assert_eq!(set["scan"], shown);
    let listed = tenant.auditor.get("/api/v1/schedules").await.expect(200);
    assert_eq!(listed["items"][0]["scan"], shown, "{listed}");
    let scans = async || {
        let page = tenant.auditor.get("/api/v1/scans").await.expect(200);
        page["items"].as_array().unwrap().clone()
    };
    // While one of the same account and scope runs no other is asked for; then the next is.
    let first = eventually("a scan", async || scans().await.pop()).await;
    completed(&tenant.admin, first["id"].as_str().unwrap()).await;
    let two = eventually("another, after it", async || Some(scans().await).filter(|scans| scans.len() >= 2));
    let two = two.await;
    tenant.admin.delete("/api/v1/schedules/often").await.expect(204);
    for scan in &two {
        let ended = completed(&tenant.admin, scan["id"].as_str().unwrap()).await;
        assert_eq!((&ended["name"], &ended["provider_id"]), (&json!("each second"), &connection["id"]));
        assert_eq!(ended["partial"], false, "{ended}");
    }
    assert_eq!(tenant.auditor.get("/api/v1/schedules").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_schedule_is_told_where_it_is() {
    if python().is_none() {
        return;
    }
    let tenant = scanning().await.tenant().await;
    let connection = json!({"name": "ours", "provider": "aws", "credentials": {"access_key_id": "AKIA"}});
    let connection = tenant.admin.post("/api/v1/providers", &connection).await.expect(201);
    let scan = json!({"provider_id": connection["id"]});
    for (body, pointer) in [
        (json!({"cron": "0 3 * * *", "time_zone": "Mars/Olympus", "scan": scan}), "/time_zone"),
        (json!({"cron": "0 3 * *", "scan": scan}), "/cron"),
        (json!({"cron": "0 3 * * *", "jitter_seconds": 86_401, "scan": scan}), "/jitter_seconds"),
        (
            json!({"cron": "0 3 * * *", "scan": {"provider_id": connection["id"], "parallelism": 17}}),
            "/scan/parallelism",
        ),
        (
            json!({"cron": "0 3 * * *", "scan": {"provider_id": connection["id"], "scope": {"services": ["s4"]}}}),
            "/scan/scope/services/0",
        ),
        (json!({"cron": "0 3 * * *", "scan": "s3"}), "/scan"),
    ] {
        let problem = tenant.admin.put("/api/v1/schedules/wrong", &body).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        // The names of our types are nothing to others.
        assert!(!problem.to_string().contains("struct "), "{problem}");
    }
}
