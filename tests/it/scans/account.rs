//! An emulated account (moto) to scan, and scans of it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use custody_testkit::TestDatabase;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::support::{
    Api, Server,
    server::{Options, readable_temp_dir},
};

/// It ends with its standard input, and so with the process of the tests.
const SCRIPT: &str = "
import os, sys
os.environ['MOTO_EC2_LOAD_DEFAULT_AMIS'] = 'false'
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer('127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)
";

/// A scan of a few checks takes seconds, and longer where others run beside it.
const PATIENCE: Duration = Duration::from_mins(2);

/// Of one service each, in the order that a scan of both runs them: that with more checks comes first.
pub(super) const S3: [&str; 3] =
    ["s3_bucket_object_versioning", "s3_bucket_public_access", "s3_bucket_default_encryption"];
pub(super) const SQS: &str = "sqs_queues_not_publicly_accessible";
pub(super) const BUCKETS: usize = 3;

/// The python of an environment that has Prowler; where there is none, says so by the caller's name.
#[track_caller]
pub(super) fn python() -> Option<String> {
    let python =
        std::env::var("CUSTODY_TEST_PROWLER").ok().filter(|path| std::path::Path::new(path).exists());
    if python.is_none() {
        let at = std::panic::Location::caller();
        eprintln!("SKIPPED {}:{}: CUSTODY_TEST_PROWLER names no python with Prowler", at.file(), at.line());
    }
    python
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) url: String,
    child: Child,
    _stdin: ChildStdin,
}

impl Account {
    /// A new one, with buckets (open, unversioned) and a queue that anybody may write to.
    pub(super) async fn start(python: &str) -> Self {
        let mut child = Command::new(python)
            .args(["-I", "-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let port =
            tokio::task::spawn_blocking(move || stdout.lines().next().unwrap().unwrap()).await.unwrap();
        let stdin = child.stdin.take().unwrap();
        let account = Self { url: format!("http://127.0.0.1:{port}"), child, _stdin: stdin };
        for n in 0..BUCKETS {
            account.bucket(&format!("acme-{n}")).await;
        }
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]});
        let policy = policy.to_string();
        account
            .ask(
                "sqs",
                "2012-11-05",
                &[
                    ("Action", "CreateQueue"),
                    ("QueueName", "orders"),
                    ("Attribute.1.Name", "Policy"),
                    ("Attribute.1.Value", &policy),
                ],
            )
            .await;
        account
    }

    /// One for all tests that only look at it.
    pub(super) async fn shared(python: &str) -> &'static Self {
        static SHARED: OnceCell<Account> = OnceCell::const_new();
        SHARED.get_or_init(|| Self::start(python)).await
    }

    pub(super) async fn bucket(&self, name: &str) {
        self.put(&format!("/{name}"), "").await;
    }

    /// By S3's own protocol.
    pub(super) async fn put(&self, path: &str, body: &str) {
        let request = reqwest::Client::new().put(format!("{}{path}", self.url)).body(body.to_owned());
        let answer = request.header("authorization", authorization("s3")).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// By the protocol of the others; answers the XML.
    pub(super) async fn ask(&self, service: &str, version: &str, parameters: &[(&str, &str)]) -> String {
        let mut form: Vec<_> = parameters.to_vec();
        form.push(("Version", version));
        let request = reqwest::Client::new().post(&self.url).form(&form);
        let answer = request.header("authorization", authorization(service)).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        answer.text().await.unwrap()
    }

    /// A new user who may do what is named; the key's id and its secret.
    pub(super) async fn user(&self, name: &str, actions: &[&str]) -> (String, String) {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": "*"}]});
        let version = "2010-05-08";
        self.ask("iam", version, &[("Action", "CreateUser"), ("UserName", name)]).await;
        let policy = policy.to_string();
        let put = [
            ("Action", "PutUserPolicy"),
            ("UserName", name),
            ("PolicyName", "all"),
            ("PolicyDocument", &policy),
        ];
        self.ask("iam", version, &put).await;
        let key = self.ask("iam", version, &[("Action", "CreateAccessKey"), ("UserName", name)]).await;
        let part = |tag: &str| {
            let (_, rest) = key.split_once(&format!("<{tag}>")).unwrap();
            rest.split_once('<').unwrap().0.to_owned()
        };
        (part("AccessKeyId"), part("SecretAccessKey"))
    }

    /// From now on it looks at signatures and policies.
    pub(super) async fn enforce(&self) {
        let request = reqwest::Client::new().post(format!("{}/moto-api/reset-auth", self.url));
        let request = request.header("content-type", "application/octet-stream").body("0");
        assert!(request.send().await.unwrap().status().is_success());
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// One server for all tests that do not stop it; its scans may reach this machine.
pub(super) async fn scanning() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    SHARED.get_or_init(|| server(&[])).await
}

/// The same, of one's own.
pub(super) async fn server(environment: &[(&str, &str)]) -> Server {
    let database = Some(TestDatabase::create().await.url().to_owned());
    let all = [("CUSTODY_SCAN_ALLOW_LOCAL", "true")].into_iter().chain(environment.iter().copied());
    let environment = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Server::start(Options { database, environment, ..Options::default() }).await
}

/// Of these checks at this endpoint, by whatever key.
pub(super) fn order(endpoint: &str, checks: &[&str]) -> Value {
    order_by(endpoint, checks, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY0")
}

pub(super) fn order_by(endpoint: &str, checks: &[&str], key: &str, secret: &str) -> Value {
    json!({
        "provider": "aws",
        "credentials": {"access_key_id": key, "secret_access_key": secret},
        "settings": {
            "endpoint_url": endpoint, "retries_max_attempts": 1, "connect_timeout": 5, "read_timeout": 60,
        },
        "scope": {"regions": ["us-east-1"], "checks": checks},
    })
}

/// Asks for it; its id.
pub(super) async fn ask(api: &Api, order: &Value) -> String {
    let made = api.post("/api/v1/scans", order).await;
    let scan = made.expect(201);
    assert_eq!(scan["status"], "pending", "{scan}");
    scan["id"].as_str().unwrap().to_owned()
}

pub(super) async fn scan(api: &Api, id: &str) -> Value {
    api.get(&format!("/api/v1/scans/{id}")).await.expect(200)
}

/// The scan, as soon as it is so. The database may be away meanwhile.
pub(super) async fn until(api: &Api, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    let mut last = Value::Null;
    loop {
        let answer = api.get(&format!("/api/v1/scans/{id}")).await;
        if answer.status != 503 {
            last = answer.expect(200);
        }
        if is(&last) {
            return last;
        }
        assert!(began.elapsed() < PATIENCE, "did not happen within {PATIENCE:?}: {what}: {last}");
        // Between two looks.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn ended(api: &Api, id: &str) -> Value {
    until(api, id, "the scan's end", |scan| !scan["ended_at"].is_null()).await
}

pub(super) async fn completed(api: &Api, id: &str) -> Value {
    let scan = ended(api, id).await;
    assert!(scan["status"] == "completed", "{scan}\n{}", log(api, id).await);
    scan
}

pub(super) async fn log(api: &Api, id: &str) -> String {
    String::from_utf8(api.get(&format!("/api/v1/scans/{id}/log")).await.bytes).unwrap()
}

/// Its checks, by name.
pub(super) async fn checks(api: &Api, id: &str) -> Vec<Value> {
    let page = api.get(&format!("/api/v1/scans/{id}/checks?limit=1000")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

pub(super) async fn check(api: &Api, id: &str, name: &str) -> Value {
    checks(api, id).await.into_iter().find(|check| check["check_id"] == name).unwrap()
}

/// What it found, whoever wants to compare: sorted uids.
pub(super) async fn uids(api: &Api, id: &str) -> Vec<String> {
    let findings = findings(api, id).await;
    let mut uids: Vec<_> = findings.iter().map(|one| one["uid"].as_str().unwrap().to_owned()).collect();
    uids.sort_unstable();
    uids
}

pub(super) async fn findings(api: &Api, id: &str) -> Vec<Value> {
    let page = api.get(&format!("/api/v1/findings?scan_id={id}&limit=1000")).await.expect(200);
    assert!(page["next_cursor"].is_null());
    page["items"].as_array().unwrap().clone()
}

/// The processes that a server has started for scans: those whose command line names its data directory's
/// `scans`.
pub(super) fn processes(server: &Server) -> Vec<u32> {
    processes_in(&server.data().join("scans"))
}

pub(super) fn processes_in(homes: &std::path::Path) -> Vec<u32> {
    let homes = homes.to_str().unwrap().as_bytes();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.windows(homes.len()).any(|window| window == homes)
        })
        .collect()
}

/// Two servers' folders, for who needs more than one.
pub(super) fn folder() -> tempfile::TempDir {
    readable_temp_dir()
}
