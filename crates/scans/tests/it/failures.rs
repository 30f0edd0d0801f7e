use custody_scans::{
    demo::{Demo, DemoOrder},
    driver::{End, Event, FailureKind},
};
use custody_testkit::{Fault, HttpFaults, eventually};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::fixture::{Heard, demo, launch, order, python, scan, values};

#[tokio::test]
async fn a_provider_that_cannot_run_here_says_what_it_needs() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    for (provider, credentials, kind, reason) in [
        (
            "aws",
            json!({}),
            FailureKind::Setup,
            "a scan of aws needs access_key_id and secret_access_key, or a profile",
        ),
        (
            "iac",
            json!({}),
            FailureKind::Setup,
            "scans of iac need the program trivy, which this server does not have",
        ),
        ("nowhere", json!({}), FailureKind::Setup, "no such provider: nowhere"),
        (
            "gcp",
            json!({"service_account_key": {"type": "external_account"}}),
            FailureKind::Credentials,
            "a service_account_key of type external_account is not taken, only service_account",
        ),
        (
            "kubernetes",
            json!({"kubeconfig_content": "users: [{name: a, user: {exec: {command: id}}}]"}),
            FailureKind::Credentials,
            "a kubeconfig with exec is not taken: only values, no programs and files",
        ),
    ] {
        let mut order = order("http://127.0.0.1:1");
        order.provider = provider.to_owned();
        order.credentials = values(credentials);
        order.settings.clear();
        let mut driver = launch.start(&order).await.unwrap();
        let heard = Heard::of(&mut driver, |_| false).await;
        assert_eq!(heard.failed, Some((kind, reason.to_owned())), "{provider}: {}", heard.log);
        assert_eq!(heard.end, Some(End::Failed));
    }
}

#[tokio::test]
async fn an_endpoint_where_nobody_is_fails_as_network() {
    let Some(python) = python() else { return };
    let mut driver = launch(python).start(&order("http://127.0.0.1:1")).await.unwrap();
    let heard = Heard::of(&mut driver, |_| false).await;
    let (kind, reason) = heard.failed.unwrap();
    assert_eq!(kind, FailureKind::Network, "{reason}");
    assert!(reason.contains("127.0.0.1:1"), "{reason}");
}

#[tokio::test]
async fn memory_has_a_limit_and_a_reason() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let mut order = order(demo.endpoint());
    order.memory_bytes = 60 << 20;
    let heard = scan(&launch, &order, &["ec2_instance_public_ip"]).await;
    let (kind, reason) = heard.failed.expect("it ran in 60 MiB");
    assert_eq!(kind, FailureKind::Defect);
    assert_eq!(reason, "it needed more memory than the 60 MiB that it may have", "{}", heard.log);
}

/// Its requests are answered as AWS answers those of a session that is over.
const EXPIRED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>\
    <Message>The security token included in the request is expired</Message></Error></ErrorResponse>";

#[tokio::test]
async fn credentials_that_expire_in_the_middle_end_the_scan_and_what_was_found_stays() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let small = DemoOrder { scale: 1, regions: vec!["us-east-1".to_owned()] };
    let demo = Demo::start(&launch, &small).await.unwrap();
    let address = demo.endpoint().trim_start_matches("http://").to_owned();
    let mut driver = launch.start(&order(demo.endpoint())).await.unwrap();
    driver.run(&["s3_bucket_object_versioning".to_owned()]).await.unwrap();
    let before = Heard::of(&mut driver, |event| matches!(event, Event::Ran { .. })).await;
    assert!(before.found.len() > 1);
    drop(demo);
    let expired = eventually("the port is free", async || TcpListener::bind(&address).await.ok()).await;
    tokio::spawn(answer_all(expired));
    driver
        .run(&["sns_topics_not_publicly_accessible".to_owned(), "s3_bucket_public_access".to_owned()])
        .await
        .unwrap();
    let rest = Heard::of(&mut driver, |_| false).await;
    let (kind, reason) = rest.failed.expect("it went on");
    assert_eq!(kind, FailureKind::Expired, "{reason}");
    assert!(reason.contains("The security token included in the request is expired"), "{reason}");
    assert_eq!(rest.started, ["sns_topics_not_publicly_accessible"], "nothing more is asked");
    assert_eq!(rest.errored[0].0, "access denied: sns:ListTopics (ExpiredToken)");
    assert_eq!(rest.end, Some(End::Failed));
}

async fn answer_all(listener: TcpListener) {
    while let Ok((mut client, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut request = vec![0; 65536];
            let _ = client.read(&mut request).await;
            let head =
                "HTTP/1.1 403 Forbidden\r\ncontent-type: text/xml\r\nconnection: close\r\ncontent-length:";
            let _ = client.write_all(format!("{head} {}\r\n\r\n{EXPIRED}", EXPIRED.len()).as_bytes()).await;
        });
    }
}

#[tokio::test]
async fn a_throttled_service_is_not_clean() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let wire = HttpFaults::start(demo.endpoint()).await;
    let mut driver = launch.start(&order(wire.url())).await.unwrap();
    Heard::of(&mut driver, |event| matches!(event, Event::Ready(_))).await;
    wire.set(Fault::Status(429), usize::MAX);
    driver.run(&["sqs_queues_not_publicly_accessible".to_owned()]).await.unwrap();
    let heard = Heard::of(&mut driver, |event| matches!(event, Event::Ran { .. })).await;
    let [(reason, checked)] = heard.errored.as_slice() else { panic!("{heard:?}") };
    assert!(reason.starts_with("throttled: sqs:ListQueues ("), "{reason}");
    assert_eq!(checked.calls[0].status, Some(429));
}
