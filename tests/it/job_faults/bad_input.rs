//! Jobs that no program here can run, and messages that nobody of ours wrote.

use custody_testkit::eventually;
use serde_json::{Value, json};

use super::{
    Part, on_both,
    yard::{self, Yard},
};
use crate::support::{Api, Server, Tenant, aws::aws_url};

on_both!(
    what_nobody_can_read_is_a_dead_letter,
    a_kind_whose_workers_are_away_waits,
    a_payload_over_the_limit_is_not_written,
);

const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

async fn what_nobody_can_read_is_a_dead_letter(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    let version = env!("CARGO_PKG_VERSION");
    let newer = format!("which custody {version} asked for; the newest worker is custody {version}, which");
    let last = format!("Start a worker of custody {version} or later, and retry this job");
    let cases: [(&[&str], String); 4] = [
        (
            &["--kind", "probe.unheard"],
            format!("no worker knows version 1 of probe.unheard, {newer} does not know the kind. {last}"),
        ),
        (
            &["--payload-version", "9"],
            format!("no worker knows version 9 of probe, {newer} knows version 1. {last}"),
        ),
        (
            &["--payload", "{\"acts\":7}"],
            "its payload is no probe of version 1 (line 1, column 9)".to_owned(),
        ),
        (&["--payload", "no JSON"], "its payload is no probe of version 1 (line 1, column 2)".to_owned()),
    ];
    let mut jobs = Vec::new();
    for (args, _) in &cases {
        jobs.push(server.probe(&tenant, args).await);
    }
    let good = server.probe(&tenant, &["--act", "once"]).await;
    yard::completed(&tenant.auditor, &good).await;
    for (id, (args, reason)) in jobs.iter().zip(&cases) {
        assert_eq!(&yard::dead(&tenant.auditor, id).await, reason, "{args:?}");
    }
    yard::until_counted_dead(&server, "probe.unheard", 1).await;
    // Two that were run, and one that was found.
    yard::until_counted_dead(&server, "probe", 3).await;
    eventually("the tenant's log has the four", async || {
        let page = tenant.auditor.get("/api/v1/logs?action=custody.job.failed").await.expect(200);
        (page["items"].as_array().unwrap().len() == cases.len()).then_some(())
    })
    .await;
    assert!(server.stop().await.success());
}

/// The program that is there knows the kind, and is told to leave it to others.
async fn a_kind_whose_workers_are_away_waits(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let server = yard.start("first", &[("CUSTODY_JOB_KINDS", "probe.one")]).await;
    let tenant = server.tenant().await;
    let job = server.probe(&tenant, &["--act", "once"]).await;
    let unheard = server.probe(&tenant, &["--kind", "probe.unheard"]).await;
    // The younger one was found, so the older one was looked at.
    yard::dead(&tenant.auditor, &unheard).await;
    let now = tenant.auditor.get(&format!("/api/v1/jobs/{job}")).await.expect(200);
    assert_eq!(now["status"], "pending", "{now}");
    let other = yard.start("other", &[]).await;
    yard::completed(&tenant.auditor, &job).await;
    for server in [other, server] {
        assert!(server.stop().await.success());
    }
}

async fn a_payload_over_the_limit_is_not_written(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    let file = yard.path("payload");
    let probe = |bytes: usize| {
        let empty = r#"{"acts":["Nothing"],"trace":null}"#;
        format!("{empty}{}", " ".repeat(bytes - empty.len()))
    };
    let args = ["probe", "--tenant", &tenant.name, "--payload-file", file.to_str().unwrap()];
    std::fs::write(&file, probe(PAYLOAD_BYTES_MAX + 1)).unwrap();
    let refused = server.command(&args).output().await.unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && told.contains("the payload has 262145 bytes; 262144 are allowed"),
        "{told}"
    );
    assert!(yard::jobs_of(&tenant.auditor, "probe").await.is_empty());
    std::fs::write(&file, probe(PAYLOAD_BYTES_MAX)).unwrap();
    let job = server.custody(&args).await;
    yard::completed(&tenant.auditor, job.trim()).await;
    assert!(server.stop().await.success());
}

/// SQS, as anybody may ask it who has the right to.
struct Plain {
    client: reqwest::Client,
    queue: String,
}

impl Plain {
    async fn ask(&self, operation: &str, mut body: Value) -> Value {
        body["QueueUrl"] = json!(format!("{}/123456789012/{}", aws_url(), self.queue));
        let credential = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/sqs/aws4_request, \
             SignedHeaders=host, Signature=0";
        let request = self.client.post(aws_url()).header("x-amz-target", format!("AmazonSQS.{operation}"));
        let request = request.header("content-type", "application/x-amz-json-1.0");
        let answer = request.header("authorization", credential).body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{operation}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn put(&self, body: &str) {
        self.ask("SendMessage", json!({"MessageBody": body})).await;
    }

    /// Of all states.
    async fn messages(&self) -> u64 {
        let answer = self.ask("GetQueueAttributes", json!({"AttributeNames": ["All"]})).await;
        let count = |name: &str| answer["Attributes"][name].as_str().unwrap().parse::<u64>().unwrap();
        count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesNotVisible")
    }

    /// Takes them all out: body and reason.
    async fn drain(&self, count: usize) -> Vec<(String, String)> {
        let mut found = Vec::new();
        while found.len() < count {
            let ask = json!({"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]});
            let answer = self.ask("ReceiveMessage", ask).await;
            for message in answer["Messages"].as_array().into_iter().flatten() {
                let reason = &message["MessageAttributes"]["custody-reason"]["StringValue"];
                found.push((text(&message["Body"]), text(reason)));
                self.ask("DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]})).await;
            }
        }
        found.sort();
        found
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A job that ended, one that runs, one that waits for its time.
async fn three_jobs(yard: &Yard, server: &Server, tenant: &Tenant) -> [String; 3] {
    let (gate, trace) = (yard.path("gate"), yard.path("trace").display().to_string());
    let gate = format!("gate:{}", gate.display());
    let ended = server.probe(tenant, &["--trace", &trace, "--act", "once"]).await;
    yard::completed(&tenant.auditor, &ended).await;
    let runs = server.probe(tenant, &["--trace", &trace, "--act", &gate, "--act", "once"]).await;
    yard.until_traced("trace", &runs, "begun", 1).await;
    let waits = server.probe(tenant, &["--trace", &trace, "--delay-ms", "3600000", "--act", "once"]).await;
    [ended, runs, waits]
}

async fn is_as_it_was(api: &Api, job: &Value) {
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(&api.get(&path).await.expect(200), job);
}

#[tokio::test]
async fn messages_that_are_not_ours_are_set_aside_and_not_run() {
    let yard = Yard::new(Part::Sqs, yard::TIMES).await;
    let server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    let [ended, runs, waits] = three_jobs(&yard, &server, &tenant).await;
    let mut before = Vec::new();
    for id in [&ended, &runs, &waits] {
        before.push(tenant.auditor.get(&format!("/api/v1/jobs/{id}")).await.expect(200));
    }
    let queue = Plain { client: reqwest::Client::new(), queue: yard.queue.clone() };
    let dead = Plain { client: reqwest::Client::new(), queue: format!("{}-dead", yard.queue) };
    let ours = yard.installation().await;
    let message = |installation: &str, tenant: &str, job: &str| {
        json!({"custody": 1, "installation": installation, "tenant": tenant, "job": job}).to_string()
    };
    let nobody = "01900000-0000-7000-8000-000000000000";
    let foreign = [
        (message(nobody, &tenant.id, &waits), "other_installation"),
        ("rm -rf /".to_owned(), "not_json"),
        (r#"{"job":"run this"}"#.to_owned(), "not_ours"),
        (message(&ours, &tenant.id, "7"), "malformed"),
        (message(&ours, &tenant.id, &waits).replace(":1,", ":2,"), "other_version"),
    ];
    // Of our own form, and nothing to do: of no job, of another tenant's, of one that has ended, that runs,
    // that waits for its time.
    let idle = [
        message(&ours, &tenant.id, nobody),
        message(&ours, nobody, &waits),
        message(&ours, &tenant.id, &ended),
        message(&ours, &tenant.id, &runs),
        message(&ours, &tenant.id, &waits),
    ];
    for body in foreign.iter().map(|(body, _)| body).chain(&idle) {
        queue.put(body).await;
    }
    // That of the job that runs is held until it ends.
    eventually("one message is left", async || (queue.messages().await == 1).then_some(())).await;
    let mut expected: Vec<_> = foreign.into_iter().map(|(body, why)| (body, why.to_owned())).collect();
    expected.sort();
    assert_eq!(dead.drain(expected.len()).await, expected);
    assert_eq!(dead.messages().await, 0);
    for job in &before {
        is_as_it_was(&tenant.auditor, job).await;
    }
    std::fs::write(yard.path("gate"), "").unwrap();
    yard::completed(&tenant.auditor, &runs).await;
    eventually("the queue is empty", async || (queue.messages().await == 0).then_some(())).await;
    for (id, begun) in [(&ended, 1), (&runs, 1), (&waits, 0)] {
        assert_eq!(yard.traced("trace", id, "begun"), begun);
    }
    assert!(server.stop().await.success());
}
