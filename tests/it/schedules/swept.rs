//! What `sweep` makes of jobs that ended long ago, and of what they left.

use std::fs;

use custody_testkit::{TestDatabase, eventually};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::support::{Server, Tenant, aws::Bucket, server::Options};

/// Those of the test's own. Past row security, as nobody of the program can.
async fn age_all_jobs(database: &str) {
    let mut owner = PgConnection::connect(database).await.unwrap();
    for sql in [
        "ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY",
        "UPDATE jobs SET ended_at = ended_at - interval '30 days' WHERE ended_at IS NOT NULL AND kind = 'probe'",
        "ALTER TABLE jobs FORCE ROW LEVEL SECURITY",
    ] {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }
}

/// A job that has ended so.
async fn ended(server: &Server, tenant: &Tenant, status: &str, acts: &[&str]) -> String {
    let acts: Vec<_> = acts.iter().flat_map(|act| ["--act", act]).collect();
    let id = server.probe(tenant, &acts).await;
    eventually("the job's end", || async {
        let job = tenant.auditor.get(&format!("/api/v1/jobs/{id}")).await.expect(200);
        (job["status"] == status).then_some(())
    })
    .await;
    id
}

/// Sweeps, and answers what the job says of it.
async fn sweep(server: &Server, times: usize) -> Value {
    let operator = server.token(None, "operator").await;
    server.custody(&["schedule", "run", "sweep"]).await;
    eventually("the sweep", || async {
        let jobs = operator.get("/api/v1/jobs?kind=sweep&status=completed").await.expect(200);
        let jobs = jobs["items"].as_array().unwrap();
        (jobs.len() >= times).then(|| jobs[0]["result"].clone())
    })
    .await
}

#[tokio::test]
async fn jobs_that_ended_long_ago_go_with_what_they_left() {
    let database = TestDatabase::create().await.url().to_owned();
    let server = Server::start(Options { database: Some(database.clone()), ..Options::default() }).await;
    server.without_schedules().await;
    let tenant = server.tenant().await;
    // The oldest comes first.
    let stuck = ended(&server, &tenant, "failed", &["file:stuck.csv:100", "fatal"]).await;
    let old = ended(&server, &tenant, "completed", &["file:old.csv:100"]).await;
    age_all_jobs(&database).await;
    let new = ended(&server, &tenant, "completed", &["file:new.csv:100"]).await;
    let files = server.data().join("objects/tenants").join(&tenant.id).join("jobs");
    assert!(files.join(&old).join("old.csv").is_file());
    // No way leads through a link.
    let (folder, elsewhere) = (files.join(&stuck), files.join("elsewhere"));
    fs::rename(&folder, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();

    assert_eq!(sweep(&server, 1).await["jobs_left"], 1);
    tenant.auditor.get(&format!("/api/v1/jobs/{old}")).await.problem(404);
    assert!(!files.join(&old).join("old.csv").exists());
    assert!(files.join(&new).join("new.csv").is_file());
    tenant.auditor.get(&format!("/api/v1/jobs/{new}")).await.expect(200);
    tenant.auditor.get(&format!("/api/v1/jobs/{stuck}")).await.expect(200);
    // Half of what it left may be gone.
    let refused = tenant.admin.post(&format!("/api/v1/jobs/{stuck}/retry"), &json!({})).await.problem(409);
    assert!(refused["detail"].as_str().unwrap().contains("is being removed"), "{refused}");

    fs::remove_file(&folder).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();
    assert_eq!(sweep(&server, 2).await["jobs_left"], 0);
    tenant.auditor.get(&format!("/api/v1/jobs/{stuck}")).await.problem(404);
    assert!(!folder.join("stuck.csv").exists());
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_must_stay_holds_up_no_other() {
    let bucket = Bucket::make().await;
    let database = TestDatabase::create().await.url().to_owned();
    let server = Server::start(Options {
        database: Some(database.clone()),
        flags: vec![format!("--objects=s3://{}", bucket.name)],
        environment: bucket.environment(),
        ..Options::default()
    })
    .await;
    server.without_schedules().await;
    let tenant = server.tenant().await;
    let held = ended(&server, &tenant, "completed", &["file:a.csv:10", "file:b.csv:10"]).await;
    let other = ended(&server, &tenant, "completed", &["file:c.csv:10"]).await;
    let until = chrono::Utc::now() + chrono::TimeDelta::days(1);
    let path = format!("/tenants/{}/jobs/{held}/a.csv?retention", tenant.id);
    let retention = bucket.ask(reqwest::Method::PUT, &path).body(format!(
        "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>",
        until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    ));
    assert!(retention.send().await.unwrap().status().is_success());
    age_all_jobs(&database).await;
    let swept = sweep(&server, 1).await;
    assert_eq!((&swept["jobs"], &swept["jobs_left"]), (&json!(1), &json!(1)), "{swept}");
    tenant.auditor.get(&format!("/api/v1/jobs/{other}")).await.problem(404);
    let files = tenant.auditor.get(&format!("/api/v1/jobs/{held}/files")).await.expect(200);
    let names: Vec<_> = files["items"].as_array().unwrap().iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["a.csv"]);
    server.stop().await;
}
