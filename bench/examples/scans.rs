//! How long a scan takes by Custody and by Prowler's own command line, how soon its findings are seen, and how
//! soon its processes are gone when it is cancelled.
//!
//! ```sh
//! CUSTODY_PG_DURABLE=1 scripts/with-postgres \
//!     cargo run --release -p custody-bench --example scans -- target/release/custody PYTHON
//! ```
//!
//! The arguments: the binary under test, a Python that has Prowler, and how many rounds (2). Each round is the
//! command line, Custody, and Custody with two processes, of the same checks of the same emulated AWS account,
//! which is a process of its own on the same machine.

mod server;

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, Utc};
use custody_testkit::TestDatabase;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    time,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use self::server::{Failure, Server};

const SERVICES: [&str; 7] = ["s3", "iam", "ec2", "sns", "sqs", "kms", "cloudtrail"];
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
const SCAN_MAX: Duration = Duration::from_mins(10);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let binary = args.next().ok_or("the first argument is the binary under test")?;
    let python = PathBuf::from(args.next().ok_or("the second argument is a Python that has Prowler")?);
    let rounds: usize = args.next().map_or(Ok(2), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let account = Account::start(&python, folder.path()).await?;
    let told = folder.path().join("told");
    let wrapped = wrapped(&python, folder.path(), &told)?;
    let database = TestDatabase::create().await;
    let wrapped = wrapped.display().to_string();
    let environment = [("CUSTODY_PROWLER", wrapped.as_str()), ("CUSTODY_SCAN_ALLOW_LOCAL", "true")];
    let server = Server::start_with(binary, database.url().to_owned(), &environment).await?;
    server.custody(&["tenant", "create", "bench"]).await?;
    let admin = server.token("bench", "admin").await?;
    let bench =
        Bench { server, admin, client: reqwest::Client::new(), endpoint: account.endpoint.clone(), told };

    // What is made once for all scans (the catalogue of checks) is none's time.
    bench.scan(json!({"dry_run": true}), 200).await?;
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let by_prowler = account.assess(&python, &folder.path().join("prowler")).await?;
        let (by_custody, seen) = bench.watched(1).await?;
        let (by_two, _) = bench.watched(2).await?;
        println!(
            "round {round}: Prowler's command line {by_prowler:.1?}, Custody {by_custody:.1?}, by two processes {by_two:.1?}"
        );
        one.push(by_custody.div_duration_f64(by_prowler));
        two.push(by_two.div_duration_f64(by_prowler));
        show("a finding made to seen by a WebSocket client", seen);
    }
    println!("Custody to the command line: {one:.2?}; by two processes: {two:.2?}");
    bench.cancel().await
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let most = times.last().copied().unwrap_or_default();
    println!("{what}: {} of them, p50 {:.1?}, p99 {:.1?}, at most {most:.1?}", times.len(), at(50), at(99));
}

/// A Python that keeps what drivers tell in a file as well.
fn wrapped(python: &Path, folder: &Path, told: &Path) -> Result<PathBuf, Failure> {
    let wrapped = folder.join("python");
    let (python, told) = (python.display(), told.display());
    let script = format!(
        "#!/bin/bash\ncase \"$*\" in */driver.py) {python} \"$@\" | tee -a {told}; exit ${{PIPESTATUS[0]}};; esac\n\
         exec {python} \"$@\"\n"
    );
    std::fs::write(&wrapped, script)?;
    std::fs::set_permissions(&wrapped, std::fs::Permissions::from_mode(0o755))?;
    Ok(wrapped)
}

/// An emulated AWS account: the one of `custody scan run --demo`.
struct Account {
    endpoint: String,
    _child: Child,
}

impl Account {
    async fn start(python: &Path, folder: &Path) -> Result<Self, Failure> {
        let driver = folder.join("custody_driver");
        std::fs::create_dir(&driver)?;
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/scans/driver"))? {
            let file = file?;
            if file.file_type()?.is_file() {
                std::fs::copy(file.path(), driver.join(file.file_name()))?;
            }
        }
        let mut child = Command::new(python)
            .args(["-I", "-B"])
            .arg(driver.join("demo.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let order = format!("{}\n", json!({"scale": 1, "regions": REGIONS}));
        // It lasts while its standard input is open.
        child.stdin.as_mut().ok_or("no standard input")?.write_all(order.as_bytes()).await?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let line = lines.next_line().await?.ok_or("the account did not start")?;
        let ready: Value = serde_json::from_str(&line)?;
        let endpoint = ready["endpoint"].as_str().ok_or("no endpoint")?.to_owned();
        Ok(Self { endpoint, _child: child })
    }

    /// By Prowler's own command line.
    async fn assess(&self, python: &Path, output: &Path) -> Result<Duration, Failure> {
        let begun = Instant::now();
        let mut command = Command::new(python.with_file_name("prowler"));
        command.arg("aws").arg("--services").args(SERVICES).arg("--region").args(REGIONS);
        command.args(["--output-formats", "json-ocsf", "--no-banner", "--output-directory"]).arg(output);
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_DEFAULT_REGION", REGIONS[0])
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // 3: something fails.
        match command.status().await?.code() {
            Some(0 | 3) => Ok(begun.elapsed()),
            code => Err(format!("the command line ended with {code:?}").into()),
        }
    }
}

struct Bench {
    server: Server,
    admin: String,
    client: reqwest::Client,
    endpoint: String,
    /// What drivers told.
    told: PathBuf,
}

impl Bench {
    async fn scan(&self, and: Value, status: u16) -> Result<Value, Failure> {
        let mut order = json!({
            "provider": "aws",
            "credentials": {"access_key_id": "testing", "secret_access_key": "testing"},
            "settings": {"endpoint_url": self.endpoint},
            "scope": {"services": SERVICES, "regions": REGIONS},
        });
        if let (Some(order), Value::Object(and)) = (order.as_object_mut(), and) {
            order.extend(and);
        }
        let url = format!("{}/api/v1/scans", self.server.url);
        let answer = self.client.post(url).bearer_auth(&self.admin).json(&order).send().await?;
        let (said, answer) = (answer.status(), answer.text().await?);
        if said.as_u16() == status {
            Ok(serde_json::from_str(&answer)?)
        } else {
            Err(format!("{said}: {answer}").into())
        }
    }

    /// How long it took from asking for it to the word that it has ended, and each finding to be seen.
    async fn watched(&self, parallelism: u16) -> Result<(Duration, Vec<Duration>), Failure> {
        std::fs::write(&self.told, "")?;
        let begun = Instant::now();
        let scan = self.scan(json!({"parallelism": parallelism}), 201).await?;
        let id = scan["id"].as_str().ok_or("no id")?;
        let (last, seen) = time::timeout(SCAN_MAX, self.follow(id)).await??;
        let took = begun.elapsed();
        if last["status"] != "completed" {
            return Err(format!("the scan ended otherwise: {last}").into());
        }
        let progress = &last["progress"];
        println!(
            "{parallelism} at a time: {} checks, {} of them errored; {} failed, {} passed",
            progress["checks_done"], progress["checks_errored"], progress["failed"], progress["passed"]
        );
        let made = self.made()?;
        if made.len() as u64 != findings(&last) {
            return Err(format!("{} findings were made, and {} kept", made.len(), findings(&last)).into());
        }
        let mut after = made.iter();
        let mut times = Vec::with_capacity(made.len());
        for (at, count) in seen {
            while (times.len() as u64) < count {
                let made = after.next().ok_or("more were seen than made")?;
                times.push((at - *made).to_std().unwrap_or_default());
            }
        }
        Ok((took, times))
    }

    /// Its last snapshot, and when how many findings were seen.
    async fn follow(&self, id: &str) -> Result<(Value, Vec<(DateTime<Utc>, u64)>), Failure> {
        let url = format!("{}/api/v1/scans/{id}/stream", self.server.url.replace("http://", "ws://"));
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {}", self.admin).parse()?);
        let (mut stream, _) = connect_async(request).await?;
        let mut seen = Vec::new();
        loop {
            let Message::Text(text) = stream.next().await.ok_or("the stream ended")?? else { continue };
            let at = DateTime::from(SystemTime::now());
            let scan: Value = serde_json::from_str(&text)?;
            seen.push((at, findings(&scan)));
            if !scan["ended_at"].is_null() {
                return Ok((scan, seen));
            }
        }
    }

    /// When the drivers made their findings, to the millisecond.
    fn made(&self) -> Result<Vec<DateTime<Utc>>, Failure> {
        let text = std::fs::read_to_string(&self.told)?;
        let mut made = Vec::new();
        for line in text.lines() {
            let event: Value = serde_json::from_str(line)?;
            if event["e"] == "finding" {
                made.push(event["at"].as_str().ok_or("no time")?.parse()?);
            }
        }
        made.sort_unstable();
        Ok(made)
    }

    /// In the middle of one: until none of its processes is there any more.
    async fn cancel(&self) -> Result<(), Failure> {
        let mut times = Vec::new();
        let mut look = time::interval(Duration::from_millis(5));
        for _ in 0..3 {
            let scan = self.scan(json!({}), 201).await?;
            let id = scan["id"].as_str().ok_or("no id")?;
            let url = format!("{}/api/v1/scans/{id}", self.server.url);
            let get = || async {
                let answer = self.client.get(&url).bearer_auth(&self.admin).send().await?;
                Ok::<Value, Failure>(answer.error_for_status()?.json().await?)
            };
            while findings(&get().await?) == 0 {
                look.tick().await;
            }
            let asked = Instant::now();
            let cancel = self.client.post(format!("{url}/cancel")).bearer_auth(&self.admin).json(&json!({}));
            cancel.send().await?.error_for_status()?;
            while self.server.has_scanning_processes()? {
                look.tick().await;
            }
            times.push(asked.elapsed());
            let mut last = get().await?;
            while last["ended_at"].is_null() {
                look.tick().await;
                last = get().await?;
            }
            println!("cancelled: {} findings are kept", findings(&last));
        }
        println!("cancelled to its processes gone: {times:.0?}");
        Ok(())
    }
}

fn findings(scan: &Value) -> u64 {
    let progress = &scan["progress"];
    ["passed", "failed", "manual"].iter().map(|verdict| progress[verdict].as_u64().unwrap_or(0)).sum()
}
