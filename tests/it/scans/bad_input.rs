//! What cannot be taken is refused with what is wrong and where, before anything is started.

use serde_json::{Value, json};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UdpSocket},
};

use super::account::{Account, S3, ask, ended, log, order, python, scanning, server};
use crate::support::{Tenant, shared};

/// The faults of a refused request.
async fn refused(tenant: &Tenant, order: &Value) -> Vec<(String, String)> {
    let problem = tenant.admin.post("/api/v1/scans", order).await.problem(422);
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    let faults = problem["errors"].as_array().cloned().unwrap_or_default();
    assert!(!faults.is_empty(), "{problem}");
    faults.iter().map(|fault| (text(fault, "pointer"), text(fault, "detail"))).collect()
}

#[tokio::test]
async fn unknown_names_are_told_with_the_nearest() {
    if python().is_none() {
        return;
    }
    let tenant = scanning().await.tenant().await;
    for (kind, name, nearest) in [
        ("checks", "s3_bucket_public_acces", "s3_bucket_public_access"),
        ("excluded_checks", "iam_root_mfa", "iam_root_mfa_enabled"),
        ("services", "S3", "s3"),
        ("excluded_services", "cloudtrial", "cloudtrail"),
        ("regions", "us-est-1", "us-east-1"),
        ("frameworks", "cis_3.0_asw", "cis_3.0_aws"),
        ("categories", "internet-exposd", "internet-exposed"),
        ("severities", "hihg", "high"),
    ] {
        let faults = refused(&tenant, &json!({"demo": true, "scope": {kind: [name]}})).await;
        assert_eq!(faults[0].0, format!("/scope/{kind}/0"), "{faults:?}");
        assert!(faults[0].1.contains(nearest), "{faults:?}");
    }
    let none = refused(
        &tenant,
        &json!({"demo": true, "scope": {"services": ["s3"], "checks": ["iam_root_mfa_enabled"]}}),
    )
    .await;
    assert_eq!(none, [("/scope".to_owned(), "no check is within it".to_owned())]);
    assert_eq!(tenant.admin.get("/api/v1/scans").await.expect(200)["items"], json!([]));
}

/// Each that is told costs a look at every name there is: minutes of them, for one request.
#[tokio::test]
async fn of_thousands_of_unknown_names_the_first_are_told() {
    if python().is_none() {
        return;
    }
    let tenant = scanning().await.tenant().await;
    let names: Vec<_> = (0..9000).map(|n| format!("unknown_check_{n:06}")).collect();
    let faults = refused(&tenant, &json!({"demo": true, "scope": {"checks": names}})).await;
    assert!(faults.len() <= 100, "{} faults", faults.len());
}

#[tokio::test]
async fn unknown_providers_credentials_and_settings_and_wrong_types() {
    let tenant = shared().await.tenant().await;
    for (order, pointer, words) in [
        (json!({"provider": "awz", "scope": {}}), "/provider", "aws"),
        (json!({}), "/provider", "provider_id"),
        (json!({"provider_id": uuid::Uuid::nil()}), "/provider_id", "no such"),
        (json!({"demo": true, "provider": "azure"}), "/demo", "aws"),
        (json!({"demo": true, "credentials": {"access_key_id": "AKIA"}}), "/demo", "of its own"),
        (
            json!({"provider": "aws", "credentials": {"secret_key": "hush-hush"}}),
            "/credentials/secret_key",
            "",
        ),
        (json!({"provider": "aws", "credentials": {"access_key_id": 7}}), "/credentials/access_key_id", ""),
        (
            json!({"provider": "aws", "settings": {"profile_file": "/etc/passwd"}}),
            "/settings/profile_file",
            "",
        ),
        (json!({"provider": "aws", "settings": {"profile": "default"}}), "/settings/profile", "operator"),
        (
            json!({"provider": "aws", "settings": {"secret_access_key": "hush-hush"}}),
            "/settings/secret_access_key",
            "",
        ),
        (
            json!({"provider": "aws", "credentials": {"secret_access_key": "x".repeat(70_000)}}),
            "/credentials/secret_access_key",
            "65536",
        ),
        (json!({"provider": "aws"}), "/credentials", "access_key_id"),
        (json!({"provider": "aws", "parallelism": 0}), "/parallelism", "1"),
        (json!({"provider": "aws", "parallelism": 17}), "/parallelism", "16"),
        (json!({"provider": "aws", "name": ""}), "/name", ""),
        (json!({"provider": "aws", "name": "a\u{0}b"}), "/name", ""),
        (json!({"provider": "aws", "tags": {"": "x"}}), "/tags", ""),
        (
            json!({"provider": "kubernetes", "credentials": {"kubeconfig": "/etc/kubernetes/admin.conf"}}),
            "/credentials/kubeconfig",
            "",
        ),
    ] {
        let faults = refused(&tenant, &order).await;
        assert_eq!(faults[0].0, pointer, "{order}: {faults:?}");
        assert!(faults[0].1.contains(words), "{order}: {faults:?}");
        assert!(!format!("{faults:?}").contains("hush-hush"), "{faults:?}");
    }
    for wrong in [
        json!({"provider": 5}),
        json!({"provider": "aws", "scope": []}),
        json!({"provider": "aws", "scope": {"services": "s3"}}),
        json!({"provider": "aws", "scope": {"service": ["s3"]}}),
        json!({"provider": "aws", "parallelism": 70_000}),
        json!({"provider": "aws", "if_running": "kill"}),
        json!({"provider": "aws", "credentials": "AKIA"}),
        json!({"provider": "aws", "tags": ["a"]}),
        json!({"provider": "aws", "surprise": true}),
        json!([]),
    ] {
        let answer = tenant.admin.post("/api/v1/scans", &wrong).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{wrong}: {}", answer.status);
        answer.problem(answer.status.as_u16());
    }
    let huge = json!({"provider": "aws", "name": "x".repeat(1 << 20)});
    tenant.admin.post("/api/v1/scans", &huge).await.problem(413);
    let long = "y".repeat(3000);
    tenant.admin.get(&format!("/api/v1/scans?status={long}")).await.problem(400);
    tenant.admin.get("/api/v1/scans/not-an-id").await.problem(404);
}

#[tokio::test]
async fn values_beyond_their_bounds() {
    let tenant = shared().await.tenant().await;
    for (order, pointer, words) in [
        (json!({"provider": "aws", "name": "a\u{1b}[2Jb"}), "/name", ""),
        (
            json!({"provider": "aws", "settings": {"read_timeout": 1_000_000}}),
            "/settings/read_timeout",
            "300",
        ),
        (
            json!({"provider": "aws", "settings": {"resource_arns": vec!["arn:aws:s3:::x".repeat(8); 1_000]}}),
            "/settings/resource_arns",
            "65536",
        ),
        (
            json!({"provider": "kubernetes", "credentials": {"kubeconfig_content": {"k".repeat(70_000): 1}}}),
            "/credentials",
            "65536",
        ),
    ] {
        let faults = refused(&tenant, &order).await;
        assert_eq!(faults[0].0, pointer, "{faults:?}");
        assert!(faults[0].1.contains(words), "{faults:?}");
    }
}

/// The server of these tests allows nothing of this machine.
#[tokio::test]
async fn this_machine_and_its_link_are_not_scanned() {
    let tenant = shared().await.tenant().await;
    for endpoint in [
        "http://127.0.0.1:5000",
        "http://127.1",
        "http://2130706433",
        "http://localhost:5000",
        "http://[::1]:5000",
        "http://[::ffff:7f00:1]",
        "http://169.254.169.254",
        "http://[fe80::1]:80",
        "http://[fd00:ec2::254]",
        "http://0.0.0.0:80",
        "file:///etc/passwd",
    ] {
        let order = order(endpoint, &[S3[0]]);
        let faults = refused(&tenant, &order).await;
        assert_eq!(faults[0].0, "/settings/endpoint_url", "{endpoint}: {faults:?}");
        // Nor is such an account connected.
        let connection = json!({"name": "x", "provider": "aws", "settings": {"endpoint_url": endpoint}});
        tenant.admin.post("/api/v1/providers", &connection).await.problem(422);
    }
}

/// The process that connects looks again.
#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_where_the_connection_is_made() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let Some(name) = local_name() else {
        eprintln!("SKIPPED bad_input: no name but localhost leads to this machine");
        return;
    };
    let tenant = shared().await.tenant().await;
    let port = account.url.rsplit(':').next().unwrap();
    let id = ask(&tenant.admin, &order(&format!("http://{name}:{port}"), &[S3[0]])).await;
    let scan = ended(&tenant.admin, &id).await;
    assert_eq!(scan["status"], "failed", "{scan}\n{}", log(&tenant.admin, &id).await);
    let failure = scan["failure"].as_str().unwrap();
    assert!(failure.contains("is refused: it is this machine"), "{failure}");
    // An operator may allow it.
    let tenant = scanning().await.tenant().await;
    let id = ask(&tenant.admin, &order(&format!("http://{name}:{port}"), &[S3[0]])).await;
    super::account::completed(&tenant.admin, &id).await;
}

/// Answers whatever is asked with what is nobody's business.
async fn internal_service(address: &str) -> String {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 65_536];
            let _ = stream.read(&mut request).await;
            let body = "db_password=hunter2";
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn what_answers_and_is_no_provider_is_quoted_nowhere() {
    if python().is_none() {
        return;
    }
    let tenant = scanning().await.tenant().await;
    let url = internal_service("127.0.0.1").await;
    let id = ask(&tenant.admin, &order(&url, &[S3[0]])).await;
    let scan = ended(&tenant.admin, &id).await;
    assert_eq!(scan["status"], "failed", "{scan}");
    assert!(scan["failure"].as_str().unwrap().contains("the answer is no XML"), "{scan}");
    let told = format!("{scan}{}", log(&tenant.admin, &id).await);
    assert!(!told.contains("hunter2"), "{told}");
}

/// Its addresses on other networks are this machine as well.
#[tokio::test]
async fn no_address_of_this_machine_is_connected_to() {
    if python().is_none() {
        return;
    }
    // Nothing is sent: the system says by which address it would be.
    let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    let own = socket.connect("192.0.2.1:9").await.and_then(|()| socket.local_addr());
    let Some(own) = own.ok().filter(|own| !own.ip().is_loopback()) else {
        eprintln!("SKIPPED bad_input: this machine is in no network");
        return;
    };
    let tenant = shared().await.tenant().await;
    let url = internal_service(&own.ip().to_string()).await;
    let id = ask(&tenant.admin, &order(&url, &[S3[0]])).await;
    let scan = ended(&tenant.admin, &id).await;
    assert_eq!(scan["status"], "failed", "{scan}");
    assert!(scan["failure"].as_str().unwrap().contains("is refused: it is this machine"), "{scan}");
}

/// Where they are sent is not changed without knowing them.
#[tokio::test]
async fn sealed_credentials_go_nowhere_else() {
    let tenant = shared().await.tenant().await;
    let connection = json!({
        "name": "ours", "provider": "openstack", "credentials": {"username": "svc", "password": "hush-hush"},
        "settings": {"auth_url": "https://keystone.example.org/v3", "project_id": "p"},
    });
    let made = tenant.admin.post("/api/v1/providers", &connection).await.expect(201);
    let path = format!("/api/v1/providers/{}", made["id"].as_str().unwrap());
    let elsewhere = json!({"settings": {"auth_url": "https://keystone.example.com/v3", "project_id": "p"}});
    let refused = tenant.admin.patch(&path, &elsewhere).await.problem(422);
    assert_eq!(refused["errors"][0]["pointer"], "/credentials", "{refused}");
    let wiped = tenant.admin.patch(&path, &json!({"credentials": {}})).await.problem(422);
    assert_eq!(wiped["errors"][0]["pointer"], "/credentials", "{wiped}");
    let mut with_them = elsewhere.clone();
    with_them["credentials"] = connection["credentials"].clone();
    tenant.admin.patch(&path, &with_them).await.expect(200);
    let another_project =
        json!({"settings": {"auth_url": "https://keystone.example.com/v3", "project_id": "q"}});
    tenant.admin.patch(&path, &another_project).await.expect(200);
}

/// What one tenant keeps waiting is bounded, and so is its part of the calendar.
#[tokio::test]
async fn a_tenant_has_a_hundred_unfinished_scans_and_schedules() {
    if python().is_none() {
        return;
    }
    // No worker takes scans.
    let server = server(&[("CUSTODY_JOB_KINDS", "probe")]).await;
    let tenant = server.tenant().await;
    let mut waiting = order("http://127.0.0.1:1", &[S3[0]]);
    waiting["if_running"] = json!("wait");
    for _ in 0..100 {
        ask(&tenant.admin, &waiting).await;
    }
    let refused = tenant.admin.post("/api/v1/scans", &waiting).await.problem(409);
    assert!(refused["detail"].as_str().unwrap().contains("100 scans"), "{refused}");
    let connection = json!({
        "name": "ours", "provider": "aws", "credentials": waiting["credentials"], "settings": waiting["settings"],
    });
    let made = tenant.admin.post("/api/v1/providers", &connection).await.expect(201);
    let nightly = json!({
        "cron": "0 3 * * *", "scan": {"provider_id": made["id"], "scope": {"checks": [S3[0]]}},
    });
    for n in 0..100 {
        tenant.admin.put(&format!("/api/v1/schedules/scan-{n}"), &nightly).await.expect(200);
    }
    let refused = tenant.admin.put("/api/v1/schedules/one-more", &nightly).await.problem(409);
    assert!(refused["detail"].as_str().unwrap().contains("100 schedules"), "{refused}");
    tenant.admin.put("/api/v1/schedules/scan-7", &nightly).await.expect(200);
    assert!(server.stop().await.success());
}

/// Another name for the loopback address, as most machines have one.
fn local_name() -> Option<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").ok()?;
    let lines = hosts.lines().filter_map(|line| line.split('#').next()?.split_once(char::is_whitespace));
    let names =
        lines.filter(|(address, _)| *address == "127.0.0.1").flat_map(|(_, names)| names.split_whitespace());
    names.filter(|name| !name.starts_with("localhost")).map(str::to_owned).next()
}
