//! The provider refuses: the credentials, some of the calls, or all of them for a while.

use custody_testkit::{Fault, HttpFaults, eventually};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{
    account::{
        Account, S3, SQS, ask, check, completed, ended, findings, order, order_by, python, scanning, until,
    },
    walk::is_of_queues,
};

#[tokio::test]
async fn wrong_credentials_fail_the_scan_and_denied_services_are_errored() {
    let Some(python) = python() else { return };
    let account = Account::start(&python).await;
    let tenant = scanning().await.tenant().await;
    let (key, secret) = account.user("reader", &["s3:*", "sts:*", "ec2:*"]).await;
    account.enforce().await;
    for (key, secret) in [(key.as_str(), "not-its-secret-at-all"), ("AKIAWRONGWRONGWRONG1", secret.as_str())]
    {
        let id = ask(&tenant.admin, &order_by(&account.url, &[S3[0], SQS], key, secret)).await;
        let scan = ended(&tenant.admin, &id).await;
        assert_eq!((&scan["status"], &scan["partial"]), (&json!("failed"), &json!(true)), "{scan}");
        let failure = scan["failure"].as_str().unwrap();
        assert!(failure.starts_with("the credentials were not taken: "), "{failure}");
        assert!(!failure.contains(secret), "{failure}");
    }
    let id = ask(&tenant.admin, &order_by(&account.url, &[S3[0], SQS], &key, &secret)).await;
    let scan = completed(&tenant.admin, &id).await;
    assert_eq!((&scan["partial"], &scan["progress"]["checks_errored"]), (&json!(true), &json!(1)), "{scan}");
    let denied = check(&tenant.admin, &id, SQS).await;
    assert_eq!(denied["status"], "errored", "{denied}");
    assert!(denied["error"].as_str().unwrap().starts_with("access denied: sqs:ListQueues"), "{denied}");
    assert_eq!(denied["calls"][0]["operation"], "ListQueues", "{denied}");
    let found = findings(&tenant.admin, &id).await;
    assert!(!found.is_empty() && found.iter().all(|one| one["check_id"] == S3[0]), "{found:?}");
    assert!(found.iter().all(|one| one["evidence"] == "complete"), "{found:?}");
}

#[tokio::test]
async fn a_throttled_service_is_errored_and_the_scan_is_partial() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let tenant = scanning().await.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    wire.set_where(Fault::Status(429), usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let id = ask(&tenant.admin, &order(wire.url(), &[S3[0], SQS])).await;
    let scan = completed(&tenant.admin, &id).await;
    assert_eq!(scan["partial"], true, "{scan}");
    let throttled = check(&tenant.admin, &id, SQS).await;
    assert!(throttled["error"].as_str().unwrap().starts_with("throttled: sqs:ListQueues"), "{throttled}");
    assert_eq!(check(&tenant.admin, &id, S3[0]).await["status"], "completed");
}

/// Of a service that comes after the others.
const LAST: &str = "ssm_documents_set_as_public";

/// As AWS answers a session that is over.
const EXPIRED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>\
    <Message>The security token included in the request is expired</Message></Error></ErrorResponse>";

const EXPIRED_JSON: &str = r#"{"__type": "ExpiredTokenException", "message": "The security token included in the request is expired"}"#;

#[tokio::test]
async fn credentials_that_expire_in_the_middle_end_the_scan_and_what_was_found_is_kept() {
    let Some(python) = python() else { return };
    let account = Account::start(&python).await;
    let tenant = scanning().await.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    wire.set_where(Fault::Never, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let mut asked = order(wire.url(), &[S3[0], S3[1], SQS, LAST]);
    asked["settings"]["read_timeout"] = json!(3);
    let id = ask(&tenant.admin, &asked).await;
    until(&tenant.admin, &id, "two of four checks", |scan| scan["progress"]["checks_done"] == 2).await;
    let kept = findings(&tenant.admin, &id).await.len();
    let address = account.url.trim_start_matches("http://").to_owned();
    drop(account);
    let expired = eventually("the port is free", async || TcpListener::bind(&address).await.ok()).await;
    tokio::spawn(answer_all(expired));
    wire.set(Fault::None, 0);
    let scan = ended(&tenant.admin, &id).await;
    assert_eq!((&scan["status"], &scan["partial"]), (&json!("failed"), &json!(true)), "{scan}");
    let failure = scan["failure"].as_str().unwrap();
    assert!(failure.starts_with("the credentials are no longer taken: "), "{failure}");
    assert_eq!(findings(&tenant.admin, &id).await.len(), kept);
    let progress = &scan["progress"];
    let counted = progress["passed"].as_u64().unwrap() + progress["failed"].as_u64().unwrap();
    assert_eq!(counted, kept as u64, "what is counted is what is kept: {scan}");
    assert!(progress["checks_done"].as_u64() >= Some(2), "{scan}");
    assert_ne!(check(&tenant.admin, &id, SQS).await["status"], "completed");
    assert_eq!(check(&tenant.admin, &id, S3[0]).await["status"], "completed");
    assert_ne!(check(&tenant.admin, &id, LAST).await["status"], "completed");
}

async fn answer_all(listener: TcpListener) {
    while let Ok((mut client, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut request = vec![0; 65536];
            let n = client.read(&mut request).await.unwrap_or(0);
            let asked = String::from_utf8_lossy(&request[..n]).to_ascii_lowercase();
            let (status, kind, body) = if asked.contains("x-amz-target:") {
                ("400 Bad Request", "application/x-amz-json-1.1", EXPIRED_JSON)
            } else {
                ("403 Forbidden", "text/xml", EXPIRED)
            };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length:");
            let _ = client.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await;
        });
    }
}
