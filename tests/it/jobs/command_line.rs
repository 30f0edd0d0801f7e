//! `custody jobs`.

use std::process::Output;

use serde_json::Value;

use super::http::ended;
use crate::support::{Api, Server, shared};

async fn run(server: &Server, who: &Api, args: &[&str]) -> Output {
    server.command(args).env("CUSTODY_TOKEN", who.bearer()).output().await.unwrap()
}

fn said(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn jobs_are_listed_and_shown() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let failed = server.probe(&tenant, &["--act", "fatal"]).await;
    ended(&tenant.auditor, &failed).await;
    let waits = server.probe(&tenant, &["--delay-ms", "3600000"]).await;
    let list = said(&run(server, &tenant.auditor, &["jobs", "list"]).await, 0);
    let lines: Vec<_> = list.lines().collect();
    assert!(lines[0].starts_with("CREATED ") && lines.len() == 3, "{list}");
    assert!(lines[1].contains(&waits) && lines[1].contains("pending"), "{list}");
    assert!(lines[2].contains("1/3") && lines[2].ends_with(&format!("{failed}  it never will")), "{list}");
    let only = said(
        &run(server, &tenant.auditor, &["jobs", "list", "--status", "failed", "--kind", "probe", "--json"])
            .await,
        0,
    );
    assert_eq!(serde_json::from_str::<Value>(&only).unwrap()["id"], *failed);
    let show = said(&run(server, &tenant.auditor, &["jobs", "show", &failed]).await, 0);
    assert!(show.contains("status    failed, attempts 1/3") && show.contains(": it never will"), "{show}");
    let wrong = run(server, &tenant.auditor, &["jobs", "list", "--status", "done"]).await;
    assert!(said(&wrong, 1).is_empty() && String::from_utf8_lossy(&wrong.stderr).contains("in_progress"));
}

#[tokio::test]
async fn a_job_is_followed_to_its_end() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("open");
    let id =
        server.probe(&tenant, &["--act", &format!("gate:{}", gate.display()), "--act", "answer:x"]).await;
    let args = ["jobs", "show", &id, "--follow", "--json"];
    let (output, ()) = tokio::join!(run(server, &tenant.auditor, &args), async {
        std::fs::write(&gate, "").unwrap();
    });
    let last: Value = serde_json::from_str(said(&output, 0).lines().last().unwrap()).unwrap();
    assert_eq!(last, tenant.auditor.get(&format!("/api/v1/jobs/{id}")).await.expect(200));

    let fails = server.probe(&tenant, &["--act", "fatal"]).await;
    let told = said(&run(server, &tenant.auditor, &["jobs", "show", "--follow", &fails]).await, 1);
    assert!(told.contains("status    failed"), "{told}");
}

#[tokio::test]
async fn a_job_is_cancelled_and_retried() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let id = server.probe(&tenant, &["--delay-ms", "3600000", "--act", "fatal"]).await;
    let refused = run(server, &tenant.admin, &["jobs", "retry", &id]).await;
    said(&refused, 1);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("it waits to be run"), "{refused:?}");
    assert_eq!(
        said(&run(server, &tenant.admin, &["jobs", "cancel", &id]).await, 0),
        format!("{id} is cancelled\n")
    );
    assert_eq!(
        said(&run(server, &tenant.admin, &["jobs", "retry", &id]).await, 0),
        format!("{id} waits again\n")
    );
    assert_eq!(ended(&tenant.auditor, &id).await["status"], "failed");
    said(&run(server, &tenant.auditor, &["jobs", "cancel", &id]).await, 1);
}
