//! `custody tail`

use std::{path::PathBuf, process::Stdio};

use custody_testkit::TestDatabase;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout},
    time::timeout,
};

use super::write;
use crate::{
    followers::another_machine,
    support::{
        Server, Tenant,
        server::{Options, readable_temp_dir, signal},
        shared,
        socket::PATIENCE,
    },
};

struct Tail {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Tail {
    fn start(server: &Server, tenant: &Tenant, args: &[&str]) -> Self {
        let mut command = server.command(args);
        command.env("CUSTODY_TOKEN", tenant.auditor.bearer()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        let line = timeout(PATIENCE, self.lines.next_line()).await.expect("a line");
        line.unwrap().expect("no end")
    }

    async fn seqs(&mut self, count: usize) -> Vec<u64> {
        let mut seqs = Vec::new();
        for _ in 0..count {
            let entry: Value = serde_json::from_str(&self.line().await).unwrap();
            seqs.push(entry["seq"].as_u64().unwrap());
        }
        seqs
    }

    /// Ctrl-C, and how it ends: its code, and what it said beside.
    async fn interrupt(mut self) -> (Option<i32>, String) {
        signal(self.child.id().unwrap(), "INT");
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
        (self.child.wait().await.unwrap().code(), said)
    }
}

#[tokio::test]
async fn it_prints_what_comes_until_it_is_interrupted() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let past = write(&tenant, "test.past", 2).await;
    let after = format!("--after={}", past[0]);
    let mut tail = Tail::start(server, &tenant, &["--json", "tail", "action:test.*", &after]);
    assert_eq!(tail.seqs(1).await, past[1..]);
    let present = write(&tenant, "test.present", 2).await;
    assert_eq!(tail.seqs(2).await, present);
    assert_eq!(tail.interrupt().await, (Some(0), String::new()));

    let mut people = Tail::start(server, &tenant, &["tail", "action:test.present", &after]);
    let line = people.line().await;
    assert!(line.contains("test.present") && line.contains("u1") && line.contains("INFO"), "{line}");
    assert_eq!(people.interrupt().await.0, Some(0));
}

#[tokio::test]
async fn what_it_cannot_follow_it_says_and_fails() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let failed = async |args: &[&str]| {
        let mut command = server.command(args);
        let output = command.env("CUSTODY_TOKEN", tenant.auditor.bearer()).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = failed(&["tail", "actor: x"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("actor: x\n        ^"), "{said}");
    let (code, said) = failed(&["tail", "--after=1000000"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("after"), "{said}");
    assert_eq!(failed(&["tail", "--after"]).await.0, Some(2));
}

#[tokio::test]
async fn it_comes_back_after_its_server_and_misses_nothing() {
    let database = TestDatabase::create().await;
    let folder = readable_temp_dir();
    let data = folder.path().join("data");
    let options = |data: &PathBuf, listen: &str| Options {
        database: Some(database.url().to_owned()),
        data: Some(data.clone()),
        flags: vec![format!("--listen={listen}")],
        ..Options::default()
    };
    let server = Server::start(options(&data, "127.0.0.1:0")).await;
    let other = Server::start(options(&another_machine(&data, "other"), "127.0.0.1:0")).await;
    let tenant = server.tenant().await;
    let mut tail = Tail::start(&server, &tenant, &["--json", "tail", "action:test.*", "--after=-1"]);
    let first = write(&tenant, "test.first", 2).await;
    assert_eq!(tail.seqs(2).await, first);
    let address = server.url().trim_start_matches("http://").to_owned();
    server.kill().await;
    let meanwhile = write(&tenant.at(&other), "test.meanwhile", 3).await;
    let server = Server::start(options(&data, &address)).await;
    let later = write(&tenant.at(&server), "test.later", 1).await;
    assert_eq!(tail.seqs(4).await, [meanwhile, later].concat());
    let (code, said) = tail.interrupt().await;
    assert_eq!(code, Some(0));
    assert!(said.contains("again"), "{said}");
}
