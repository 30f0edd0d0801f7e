//! An installation of one's own on either queue, the workers on it, and what can be seen of its jobs.

use std::path::PathBuf;

use custody_store::Installation;
use custody_testkit::{TestDatabase, eventually};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{
    Api, Server, Tenant,
    aws::aws_url,
    server::{Options, readable_temp_dir},
};

/// What hands jobs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Postgres,
    Sqs,
}

/// Short, so that a test need not wait for them; long enough for a busy machine.
pub(crate) const TIMES: &str =
    "lease=3000,unknown=2000,unconfirmed=1500,unseen=6000,visibility=3000,wait=1000";

pub(crate) struct Yard {
    pub(crate) folder: TempDir,
    /// None: a private one, under the data directory of the one server.
    database: Option<String>,
    part: Part,
    pub(crate) queue: String,
    times: String,
    aws: Option<String>,
}

impl Yard {
    pub(crate) async fn new(part: Part, times: &str) -> Self {
        let database = Some(TestDatabase::create().await.url().to_owned());
        Self { database, ..Self::on_a_private_database(part, times) }
    }

    pub(crate) fn on_a_private_database(part: Part, times: &str) -> Self {
        let folder = readable_temp_dir();
        let queue = format!("it-{}", Uuid::new_v4());
        Self { folder, database: None, part, queue, times: times.to_owned(), aws: None }
    }

    /// Its servers reach the message queue there.
    pub(crate) fn with_aws_at(self, url: &str) -> Self {
        Self { aws: Some(url.to_owned()), ..self }
    }

    pub(crate) fn database(&self) -> &str {
        self.database.as_deref().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Of a server with this data directory. Others than the first must be started after it: they have
    /// its keys.
    pub(crate) fn options(&self, name: &str, environment: &[(&str, &str)]) -> Options {
        let (data, first) = (self.path(name), self.path("first"));
        if name != "first" && !data.exists() {
            std::fs::create_dir(&data).unwrap();
            std::fs::copy(first.join("master.key"), data.join("master.key")).unwrap();
        }
        let mut all = vec![("CUSTODY_FAULT_TIMES", self.times.clone())];
        if self.part == Part::Sqs {
            let aws = self.aws.clone().unwrap_or_else(aws_url);
            all.extend([
                ("CUSTODY_QUEUE", "sqs".to_owned()),
                ("CUSTODY_SQS_QUEUE", self.queue.clone()),
                ("AWS_ENDPOINT_URL", aws),
                ("AWS_REGION", "eu-west-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", "test".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ]);
        }
        all.extend(environment.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let environment = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Options { database: self.database.clone(), data: Some(data), environment, ..Options::default() }
    }

    pub(crate) async fn start(&self, name: &str, environment: &[(&str, &str)]) -> Server {
        Server::start(self.options(name, environment)).await
    }

    /// One that runs no jobs, and is asked for them.
    pub(crate) async fn front(&self) -> (Server, Tenant) {
        let flags = vec!["--only".to_owned(), "api".to_owned()];
        let server = Server::start(Options { flags, ..self.options("first", &[]) }).await;
        let tenant = server.tenant().await;
        (server, tenant)
    }

    /// As the owner, who is shown every tenant's jobs for the time of this one statement.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let mut owner = PgConnection::connect(self.database()).await.unwrap();
        let mut tx = owner.begin().await.unwrap();
        sqlx::query("ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY").execute(&mut *tx).await.unwrap();
        let count = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut *tx).await.unwrap();
        tx.rollback().await.unwrap();
        count
    }

    /// Its id, which messages name.
    pub(crate) async fn installation(&self) -> String {
        let mut owner = PgConnection::connect(self.database()).await.unwrap();
        let row = "SELECT log_name, role_prefix FROM installation";
        let (log_name, role_prefix) = sqlx::query_as(row).fetch_one(&mut owner).await.unwrap();
        Installation { log_name, role_prefix }.id().to_string()
    }

    /// How many attempts at this job wrote this (`begun`, `ended`) into the trace.
    pub(crate) fn traced(&self, trace: &str, job: &str, what: &str) -> usize {
        let text = std::fs::read_to_string(self.path(trace)).unwrap_or_default();
        text.lines().filter(|line| line.starts_with(job) && line.ends_with(what)).count()
    }

    pub(crate) async fn until_traced(&self, trace: &str, job: &str, what: &str, times: usize) {
        eventually(&format!("{times} attempts that have {what}"), async || {
            (self.traced(trace, job, what) >= times).then_some(())
        })
        .await;
    }
}

/// The job, as soon as it is so.
pub(crate) async fn until(api: &Api, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/api/v1/jobs/{id}");
    let mut last = Value::Null;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let answer = api.get(&path).await;
        // The database may be away.
        if answer.status != 503 {
            last = answer.expect(200);
        }
        if is(&last) {
            return last;
        }
        assert!(tokio::time::Instant::now() < deadline, "did not happen within 30 s: {what}: {last}");
        // Between two looks.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

pub(crate) async fn ended(api: &Api, id: &str) -> Value {
    until(api, id, "the job's end", |job| !job["ended_at"].is_null()).await
}

pub(crate) async fn completed(api: &Api, id: &str) -> Value {
    let job = ended(api, id).await;
    assert_eq!(job["status"], "completed", "{job}");
    job
}

/// It ended as a dead letter, for this reason.
pub(crate) async fn dead(api: &Api, id: &str) -> String {
    let job = ended(api, id).await;
    assert_eq!(job["status"], "failed", "{job}");
    job["failure"]["reason"].as_str().unwrap().to_owned()
}

/// This process has counted so many dead letters of the kind.
pub(crate) async fn until_counted_dead(server: &Server, kind: &str, count: u64) {
    let line = format!("custody_jobs_ended_total{{kind=\"{kind}\",outcome=\"failed\"}} {count}");
    eventually(&line, async || {
        let metrics = String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap();
        metrics.lines().any(|counted| counted == line).then_some(())
    })
    .await;
}

/// The tenant's jobs of this kind.
pub(crate) async fn jobs_of(api: &Api, kind: &str) -> Vec<Value> {
    let (mut jobs, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/api/v1/jobs?kind={kind}&limit=100{cursor}")).await.expect(200);
        jobs.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return jobs,
        }
    }
}

/// What this job left behind: the keys of its effects.
pub(crate) async fn effects(api: &Api, job: &str) -> Vec<String> {
    let effects = jobs_of(api, "probe.effect").await;
    let keys = effects.iter().map(|effect| effect["unique_key"].as_str().unwrap().to_owned());
    keys.filter(|key| key.starts_with(job)).collect()
}
