//! Credentials are nowhere to be read: whatever a scan leaves behind is searched, byte by byte.

use std::{fmt::Write as _, path::Path};

use custody_testkit::{Fault, HttpFaults, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::{
    account::{Account, S3, SQS, ask, completed, ended, order, order_by, processes, python, server, until},
    walk::is_of_queues,
};
use crate::support::{Answer, Server, Tenant};

const KEY: &str = "AKIAMARKER0123456789";
const SECRET: &str = "marker-secret-7f3a/9+Qz\"inner";
const TOKEN: &str = "marker-token-41c8e2d7b6a5";
/// What is no secret, and is to be found where it was put: a search that finds nothing proves nothing.
const CONTROL: &str = "marker-control-5d2e";

/// Everything that was looked through, with the names of what held something.
#[derive(Default)]
struct Search {
    held: Vec<String>,
    controls: Vec<String>,
}

impl Search {
    fn look(&mut self, place: &str, bytes: &[u8]) {
        for secret in [SECRET, TOKEN] {
            let json = Value::from(secret).to_string();
            let json = json.trim_matches('"');
            let hex = hex(secret.as_bytes());
            let forms = std::collections::BTreeSet::from([secret, json, &hex]);
            for form in forms {
                if contains(bytes, form.as_bytes()) {
                    self.held.push(format!("{place}: {form}"));
                }
            }
        }
        if contains(bytes, CONTROL.as_bytes()) || contains(bytes, hex(CONTROL.as_bytes()).as_bytes()) {
            self.controls.push(place.split(' ').next().unwrap_or_default().to_owned());
        }
    }

    fn files(&mut self, folder: &Path) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.files(&path);
            } else {
                assert!(
                    !entry.file_name().to_string_lossy().starts_with("core"),
                    "a core dump: {}",
                    path.display()
                );
                self.look(&format!("files {}", path.display()), &std::fs::read(&path).unwrap_or_default());
            }
        }
    }

    async fn tables(&mut self, database: &str) {
        let mut owner = PgConnection::connect(database).await.unwrap();
        let mut tx = owner.begin().await.unwrap();
        let tables = "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut *tx).await.unwrap();
        assert!(tables.len() > 20, "{tables:?}");
        for table in tables {
            let alter = format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY");
            sqlx::query(AssertSqlSafe(alter)).execute(&mut *tx).await.unwrap();
            let all = format!("SELECT t::text AS row FROM ONLY {table} AS t");
            for row in sqlx::query(AssertSqlSafe(all)).fetch_all(&mut *tx).await.unwrap() {
                let text: String = row.try_get("row").unwrap();
                self.look(&format!("tables {table}"), text.as_bytes());
            }
        }
        tx.rollback().await.unwrap();
    }

    /// Of every process of this server's scans, and of the server.
    fn processes(&mut self, server: &Server) -> usize {
        let pids = processes(server);
        for pid in pids.iter().chain([&server.pid()]) {
            for file in ["cmdline", "environ"] {
                let seen = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
                self.look(&format!("processes {pid} {file}"), &seen);
            }
        }
        pids.len()
    }

    async fn answers(&mut self, tenant: &Tenant, scans: &[String]) {
        let mut paths = vec![
            "/api/v1/scans".to_owned(),
            "/api/v1/providers".to_owned(),
            "/api/v1/jobs?limit=100".to_owned(),
            "/api/v1/findings?history=true&limit=1000".to_owned(),
            "/api/v1/logs?limit=1000".to_owned(),
            "/api/v1/log/entries".to_owned(),
        ];
        for id in scans {
            for of in ["", "/status", "/checks?limit=1000", "/log", "/export", "/export?format=csv"] {
                paths.push(format!("/api/v1/scans/{id}{of}"));
            }
        }
        for path in paths {
            let answer = Answer::of(tenant.admin.request(Method::GET, &path)).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.status);
            self.look(&format!("answers {path}"), &answer.bytes);
            self.look(&format!("answers {path}"), format!("{:?}", answer.headers).as_bytes());
        }
    }
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn marked(endpoint: &str, checks: &[&str]) -> Value {
    let mut order = order_by(endpoint, checks, KEY, SECRET);
    order["credentials"]["session_token"] = json!(TOKEN);
    order["name"] = json!(CONTROL);
    order
}

#[tokio::test]
async fn whatever_a_scan_leaves_behind_holds_none_of_its_credentials() {
    let Some(python) = python() else { return };
    let account = Account::start(&python).await;
    account.bucket(CONTROL).await;
    let server =
        server(&[("CUSTODY_LOG", "debug,custody=trace,custody_scans=trace,custody_api=trace")]).await;
    dump_cores(&server);
    let tenant = server.tenant().await;
    let mut search = Search::default();
    let mut scans = vec![killed(&mut search, &server, &tenant, &account).await];
    scans.extend(ended_otherwise(&mut search, &tenant, &account).await);
    refused(&mut search, &tenant).await;
    eventually("the log has them", async || {
        let request =
            tenant.admin.request(Method::GET, "/api/v1/logs").query(&[("q", "action:custody.scan.failed")]);
        let page = Answer::of(request).await.expect(200);
        (page["items"].as_array().unwrap().len() >= 2).then_some(())
    })
    .await;
    search.answers(&tenant, &scans).await;
    search.tables(server.database().unwrap()).await;
    search.files(server.data());
    search.look("log", server.log().as_bytes());
    assert!(search.held.is_empty(), "{:#?}", search.held);
    for place in ["answers", "tables"] {
        assert!(search.controls.iter().any(|seen| seen == place), "nothing is found in {place}");
    }
    assert!(server.log().contains(&scans[1]), "the server's log says nothing of scans");
    files_and_processes_are_searched(&server).await;
    assert!(server.stop().await.success());
}

/// Looked at while it runs; then its processes are killed in the way that leaves cores.
async fn killed(search: &mut Search, server: &Server, tenant: &Tenant, account: &Account) -> String {
    let wire = HttpFaults::start(&account.url).await;
    wire.set_where(Fault::Never, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let asked = marked(wire.url(), &[S3[0], S3[1], SQS]);
    let made = tenant.admin.post("/api/v1/scans", &asked).await;
    search.look("answers made", &made.bytes);
    let id = made.expect(201)["id"].as_str().unwrap().to_owned();
    until(&tenant.admin, &id, "it runs", |scan| scan["progress"]["checks_done"] == 2).await;
    assert!(search.processes(server) > 0);
    search.tables(server.database().unwrap()).await;
    search.files(server.data());
    let twice = tenant.admin.post("/api/v1/scans", &asked).await;
    twice.problem(409);
    search.look("answers twice", &twice.bytes);
    for pid in processes(server) {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
        assert_eq!(cores.split_whitespace().nth(4), Some("0"), "{cores}");
    }
    wire.set(Fault::None, 0);
    for pid in processes(server) {
        // The second goes with the first.
        let _ = std::process::Command::new("kill").args(["-ABRT", &pid.to_string()]).output();
    }
    ended(&tenant.admin, &id).await;
    id
}

/// A whole one, one by a connected account, one whose credentials are wrong, one where nobody answers.
async fn ended_otherwise(search: &mut Search, tenant: &Tenant, account: &Account) -> Vec<String> {
    let asked = marked(&account.url, &[S3[0]]);
    let whole = ask(&tenant.admin, &asked).await;
    completed(&tenant.admin, &whole).await;
    let connection = json!({
        "name": "marked", "provider": "aws", "credentials": asked["credentials"], "settings": asked["settings"],
    });
    let connected = tenant.admin.post("/api/v1/providers", &connection).await;
    search.look("answers connected", &connected.bytes);
    let order = json!({"provider_id": connected.expect(201)["id"], "scope": {"checks": [S3[0]]}});
    let by_connection = ask(&tenant.admin, &order).await;
    completed(&tenant.admin, &by_connection).await;
    account.enforce().await;
    let wrong = ask(&tenant.admin, &asked).await;
    assert_eq!(ended(&tenant.admin, &wrong).await["status"], "failed");
    let nowhere = ask(&tenant.admin, &marked("http://127.0.0.1:1", &[S3[0]])).await;
    assert_eq!(ended(&tenant.admin, &nowhere).await["status"], "failed");
    vec![whole, by_connection, wrong, nowhere]
}

/// Under wrong names, and in no JSON.
async fn refused(search: &mut Search, tenant: &Tenant) {
    let mut misnamed = order("https://aws.example", &[S3[0]]);
    misnamed["credentials"] = json!({"secret_key": SECRET, "session_token": {"a": TOKEN}});
    let answer = tenant.admin.post("/api/v1/scans", &misnamed).await;
    answer.problem(422);
    search.look("answers misnamed", &answer.bytes);
    let broken = format!("{{\"provider\": \"aws\", \"credentials\": {{\"secret_access_key\": \"{TOKEN}\",,");
    let answer = tenant.admin.post_bytes("/api/v1/scans", "application/json", broken).await;
    assert!(answer.status.is_client_error());
    search.look("answers broken", &answer.bytes);
}

/// A search that finds nothing proves nothing: these find what was put there.
async fn files_and_processes_are_searched(server: &Server) {
    let mut control = Search::default();
    std::fs::write(server.data().join("control"), format!("x{SECRET}y")).unwrap();
    control.files(server.data());
    assert_eq!(control.held.len(), 1, "{:?}", control.held);
    let mut sleeper = std::process::Command::new("sleep").arg("60").env("MARKER", TOKEN).spawn().unwrap();
    let seen = eventually("its environment", async || {
        let seen = std::fs::read(format!("/proc/{}/environ", sleeper.id())).unwrap();
        contains(&seen, b"MARKER").then_some(seen)
    })
    .await;
    control.look("sleeper", &seen);
    assert_eq!(control.held.len(), 2, "{:?}", control.held);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

/// As an operator may have set it: what this server starts may dump its memory.
fn dump_cores(server: &Server) {
    let set = std::process::Command::new("prlimit")
        .args(["--pid", &server.pid().to_string(), "--core=unlimited:unlimited"])
        .status();
    assert!(set.is_ok_and(|status| status.success()), "prlimit");
}
