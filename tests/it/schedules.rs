//! The installation's schedules, and what the first jobs on them do.

mod swept;

use std::fs;

use custody_testkit::{TestDatabase, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Server, server::Options, shared};

async fn schedules(api: &Api) -> Vec<Value> {
    api.get("/api/v1/schedules").await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_installation_s_own_are_the_operators_to_see_and_no_tenant_s() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let operator = server.token(None, "operator").await;
    let all = eventually("the schedules' times", || async {
        let all = schedules(&operator).await;
        (all.len() == 4 && all.iter().all(|schedule| schedule["next_at"].is_string())).then_some(all)
    })
    .await;
    let named: Vec<_> = all.iter().map(|schedule| schedule["name"].as_str().unwrap()).collect();
    assert_eq!(named, ["anchor", "health", "partitions", "sweep"]);
    assert_eq!((&all[0]["each_tenant"], &all[0]["jitter_seconds"]), (&json!(true), &json!(600)));
    assert!(all.iter().all(|schedule| schedule["failure"].is_null() && schedule.get("payload").is_none()));
    assert_eq!(schedules(&tenant.admin).await, [] as [Value; 0]);
    let page = operator.get("/api/v1/schedules?limit=3").await.expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = operator.get(&format!("/api/v1/schedules?limit=3&cursor={next}")).await.expect(200);
    assert_eq!((&rest["items"][0]["name"], &rest["next_cursor"]), (&json!("sweep"), &Value::Null));
}

/// The newest entry of an action in the operators' log.
async fn entry(operator: &Api, query: &str) -> Value {
    eventually(query, || async {
        let request = operator.request(Method::GET, "/api/v1/logs").query(&[("q", query), ("limit", "1")]);
        Answer::of(request).await.expect(200)["items"].get(0).cloned()
    })
    .await
}

#[tokio::test]
async fn an_operator_switches_one_off_and_it_stays_so_and_runs_one_at_once() {
    let database = Some(TestDatabase::create().await.url().to_owned());
    let folder = crate::support::server::readable_temp_dir();
    let data = Some(folder.path().join("data"));
    let options = Options { database, data, ..Options::default() };
    let server = Server::start(options.clone()).await;
    let operator = server.token(None, "operator").await;
    eventually("the schedules", || async { (schedules(&operator).await.len() == 4).then_some(()) }).await;
    server.custody(&["schedule", "disable", "sweep"]).await;
    let off = server.custody_json(&["schedule", "list"]).await;
    assert_eq!((&off[3]["name"], &off[3]["enabled"]), (&json!("sweep"), &json!(false)));
    assert_eq!(entry(&operator, "action:custody.schedule.disabled").await["resource"]["id"], "sweep");
    server.stop().await;

    let server = Server::start(options).await;
    let operator = server.token(None, "operator").await;
    // By hand it runs all the same.
    assert_eq!(server.custody_json(&["schedule", "run", "sweep"]).await, json!({"jobs": 1, "unfinished": 0}));
    let swept = eventually("the sweep", || async {
        let jobs = operator.get("/api/v1/jobs?kind=sweep&status=completed").await.expect(200);
        jobs["items"].get(0).cloned()
    });
    let swept = swept.await;
    assert_eq!(
        (&swept["created_by"], &swept["unique_key"]),
        (&json!("system:schedule"), &json!("schedule:sweep"))
    );
    assert_eq!(swept["result"]["unfinished_objects"], 0, "{swept}");
    let table = server.custody(&["schedule", "list"]).await;
    assert!(table.lines().any(|line| line.starts_with("sweep") && line.ends_with("off")), "{table}");
    let unknown = server.command(&["schedule", "run", "none"]).output().await.unwrap();
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no schedule \"none\""));
    server.stop().await;
}

#[tokio::test]
async fn what_becomes_unwell_and_well_again_is_told_once() {
    let database = Some(TestDatabase::create().await.url().to_owned());
    let server = Server::start(Options { database, ..Options::default() }).await;
    let operator = server.token(None, "operator").await;
    // By hand alone; one that the clock asked for before may still run.
    server.without_schedules().await;
    let newest = async || {
        let jobs = operator.get("/api/v1/jobs?kind=health&limit=1").await.expect(200);
        jobs["items"].get(0).cloned().unwrap_or_default()
    };
    let looked = async || {
        let asked = eventually("a look is asked for", || async {
            let asked = server.custody_json(&["schedule", "run", "health"]).await;
            (asked["jobs"] == 1).then_some(())
        });
        asked.await;
        let ended = eventually("the look", || async {
            Some(newest().await).filter(|job| job["status"] == "completed")
        });
        ended.await["result"].clone()
    };
    let of = |result: &Value, check: &str| {
        result["checks"].as_array().unwrap().iter().find(|found| found["check"] == check).unwrap().clone()
    };
    let well = looked().await;
    for check in ["database", "partitions", "followers", "audit_outbox", "queue", "objects"] {
        assert_eq!(of(&well, check)["is_well"], true, "{well}");
    }
    // Where the check writes there is no folder any more.
    let folder = server.data().join("objects/health");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "no folder").unwrap();
    assert_eq!(of(&looked().await, "objects")["is_well"], false);
    assert_eq!(of(&looked().await, "objects")["is_well"], false);
    let failed = entry(&operator, "action:custody.health.failed resource.id:objects").await;
    assert_eq!((&failed["severity"], &failed["outcome"]), (&json!("ERROR"), &json!("failure")));
    let metrics = String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap();
    assert!(metrics.contains("custody_health{check=\"objects\"} 0"), "{metrics}");
    fs::remove_file(&folder).unwrap();
    assert_eq!(of(&looked().await, "objects")["is_well"], true);
    entry(&operator, "action:custody.health.recovered resource.id:objects").await;
    let all = operator
        .request(Method::GET, "/api/v1/logs")
        .query(&[("q", "action:custody.health.failed resource.id:objects")]);
    assert_eq!(Answer::of(all).await.expect(200)["items"].as_array().unwrap().len(), 1);
    server.stop().await;
}
