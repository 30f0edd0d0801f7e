//! Listing, showing, cancelling, retrying.

use custody_testkit::eventually;
use serde_json::{Value, json};

use crate::support::{Api, shared};

/// The job, as soon as it is so.
pub(super) async fn until(api: &Api, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/api/v1/jobs/{id}");
    eventually(what, || async { Some(api.get(&path).await.expect(200)).filter(|job| is(job)) }).await
}

pub(crate) async fn ended(api: &Api, id: &str) -> Value {
    until(api, id, "the job's end", |job| !job["ended_at"].is_null()).await
}

#[tokio::test]
async fn a_job_says_what_became_of_it() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let id = server.probe(&tenant, &["--act", "fail:1", "--act", "answer:42", "--priority", "7"]).await;
    let job = ended(&tenant.auditor, &id).await;
    assert_eq!(
        (&job["status"], &job["result"], &job["attempts"]),
        (&json!("completed"), &json!("42"), &json!(2))
    );
    assert_eq!(
        (&job["kind"], &job["priority"], &job["blocked"]),
        (&json!("probe"), &json!(7), &json!(false))
    );
    assert!(job["failure"].is_null() && job["result_expires_at"].is_string(), "{job}");
    assert!(job["version"].as_u64() >= Some(5) && job["created_by"] == "system:probe", "{job}");
    assert!(job.get("payload").is_none(), "{job}");
}

#[tokio::test]
async fn a_dead_letter_says_why_and_can_be_replayed() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let gate = tempfile::tempdir().unwrap();
    let gate = gate.path().join("open");
    let id = server.probe(&tenant, &["--act", "fatal"]).await;
    let job = ended(&tenant.auditor, &id).await;
    assert_eq!((&job["status"], &job["failure"]["reason"]), (&json!("failed"), &json!("it never will")));
    let path = format!("/api/v1/jobs/{id}");
    assert_eq!(
        tenant.admin.post(&format!("{path}/cancel"), &json!({})).await.problem(409)["detail"],
        "The job cannot be cancelled: it has failed."
    );
    let again = tenant.admin.post(&format!("{path}/retry"), &json!({})).await.expect(200);
    assert_eq!((&again["status"], &again["attempts"]), (&json!("pending"), &json!(0)));
    assert!(again["version"].as_u64() > job["version"].as_u64());
    let job = ended(&tenant.auditor, &id).await;
    assert_eq!((&job["status"], &job["attempts"]), (&json!("failed"), &json!(1)));

    let held = server.probe(&tenant, &["--act", &format!("gate:{}", gate.display())]).await;
    until(&tenant.auditor, &held, "its begin", |job| job["status"] == "in_progress").await;
    let retry = format!("/api/v1/jobs/{held}/retry");
    assert_eq!(
        tenant.admin.post(&retry, &json!({})).await.problem(409)["detail"],
        "The job cannot be retried: it runs."
    );
    std::fs::write(&gate, "").unwrap();
    ended(&tenant.auditor, &held).await;
    assert_eq!(
        tenant.admin.post(&retry, &json!({})).await.problem(409)["detail"],
        "The job cannot be retried: it has completed."
    );
}

#[tokio::test]
async fn one_whose_key_is_taken_is_not_retried() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let first = server.probe(&tenant, &["--act", "fatal", "--unique", "k"]).await;
    ended(&tenant.auditor, &first).await;
    let second = server.probe(&tenant, &["--delay-ms", "3600000", "--unique", "k"]).await;
    let refused = tenant.admin.post(&format!("/api/v1/jobs/{first}/retry"), &json!({})).await.problem(409);
    assert_eq!(refused["detail"], "The job cannot be retried: an unfinished job has its unique key.");
    let third = server.probe(&tenant, &["--unique", "k"]).await;
    let blocked = tenant.auditor.get(&format!("/api/v1/jobs/{third}")).await.expect(200);
    assert_eq!((&blocked["blocked"], &blocked["unique_key"]), (&json!(true), &json!("k")));
    tenant.admin.post(&format!("/api/v1/jobs/{second}/cancel"), &json!({})).await.expect(200);
    assert_eq!(ended(&tenant.auditor, &third).await["status"], "completed");
}

#[tokio::test]
async fn what_waits_is_cancelled_at_once_and_what_runs_is_told() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let waits = server.probe(&tenant, &["--delay-ms", "3600000"]).await;
    let job = tenant.admin.post(&format!("/api/v1/jobs/{waits}/cancel"), &json!({})).await.expect(200);
    assert_eq!(job["status"], "cancelled");
    tenant.admin.post(&format!("/api/v1/jobs/{waits}/cancel"), &json!({})).await.expect(200);

    let runs = server.probe(&tenant, &["--act", "obey"]).await;
    until(&tenant.auditor, &runs, "its begin", |job| job["status"] == "in_progress").await;
    let job = tenant.admin.post(&format!("/api/v1/jobs/{runs}/cancel"), &json!({})).await.expect(200);
    assert!(job["cancel_requested_at"].is_string(), "{job}");
    assert_eq!(ended(&tenant.auditor, &runs).await["status"], "cancelled");
}

#[tokio::test]
async fn a_list_is_walked_newest_first_and_filtered() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let mut waiting = server.probes(&tenant, &["--count", "5", "--delay-ms", "3600000"]).await;
    let failed = server.probe(&tenant, &["--act", "fatal", "--kind", "probe.one"]).await;
    ended(&tenant.auditor, &failed).await;
    waiting.reverse();
    let list = async |query: &str| tenant.auditor.get(&format!("/api/v1/jobs?{query}")).await;
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = list(&format!("status=pending&limit=2{cursor}")).await;
        let page = answer.expect(200);
        walked.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        assert!(answer.header("link").contains("rel=\"next\""));
        cursor = format!("&cursor={next}");
    }
    assert_eq!(walked, waiting);
    assert_eq!(ids(&list("kind=probe.one").await.expect(200)), std::slice::from_ref(&failed));
    assert_eq!(ids(&list("status=failed&kind=probe.one").await.expect(200)), [failed]);
    assert_eq!(ids(&list("status=completed").await.expect(200)), Vec::<String>::new());
    for (wrong, name) in
        [("status=done", "status"), ("kind=A%00", "kind"), ("cursor=x", "cursor"), ("limit=0", "limit")]
    {
        assert_eq!(list(wrong).await.problem(400)["errors"][0]["parameter"], name, "{wrong}");
    }
}

#[tokio::test]
async fn operators_see_the_jobs_of_their_own_tenant_alone() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let theirs = server.probe(&tenant, &["--delay-ms", "3600000"]).await;
    let operator = server.token(None, "operator").await;
    operator.get(&format!("/api/v1/jobs/{theirs}")).await.problem(404);
    let own = server.custody(&["probe", "--delay-ms", "3600000", "--unique", &theirs]).await;
    let own = own.trim();
    assert_eq!(operator.get(&format!("/api/v1/jobs/{own}")).await.expect(200)["status"], "pending");
    assert_eq!(
        operator.post(&format!("/api/v1/jobs/{own}/cancel"), &json!({})).await.expect(200)["status"],
        "cancelled"
    );
    tenant.admin.get(&format!("/api/v1/jobs/{own}")).await.problem(404);
}
