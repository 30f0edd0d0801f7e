//! `custody import` where the server does not know whether it committed: events without an id of their
//! own are in the log once, and the summary says so of each.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{evidence, fault, on_a_database_of_its_own, with};
use crate::support::{Server, Tenant, server::readable_temp_dir};

/// Of 8 KiB each: one request, which the server takes in two transactions, the larger one first.
const EVENTS: usize = 400;
const FILLING_BYTES: usize = 8 << 10;
/// The server's other commits (what was done to set it up) may come before the import's.
const COMMITS_TRIED: u32 = 4;
/// … and so may those of its schedules' jobs, where some are due: then more are tried.
const COMMITS_TRIED_MAX: u32 = 10;

fn events(file: &std::path::Path) {
    let filling = "x".repeat(FILLING_BYTES);
    let event = |n: usize| {
        json!({"action": "fault.tested", "actor": {"id": "importer"}, "resource": {"id": format!("n{n}")},
            "metadata": {"filling": filling}})
    };
    let lines: Vec<_> = (0..EVENTS).map(|n| event(n).to_string()).collect();
    std::fs::write(file, lines.join("\n")).unwrap();
}

/// The summary, and what was said beside it.
async fn import(server: &Server, tenant: &Tenant, file: &std::path::Path) -> (Value, String) {
    let mut command = server.command(&["--json", "import"]);
    let output = command.arg(file).env("CUSTODY_TOKEN", tenant.writer.bearer()).output().await.unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    (serde_json::from_slice(&output.stdout).unwrap(), error)
}

/// Whichever commit it is whose answer is lost: the first is answered 503 as a whole, the second puts
/// its items off while the first's are accepted.
#[tokio::test]
async fn a_commit_whose_answer_was_lost_doubles_nothing() {
    let folder = readable_temp_dir();
    let file = folder.path().join("events.ndjson");
    events(&file);
    let mut put_off = 0;
    for nth in 1..=COMMITS_TRIED_MAX {
        if nth > COMMITS_TRIED && put_off > 0 {
            break;
        }
        let options = on_a_database_of_its_own(&folder.path().join(nth.to_string())).await;
        let server = Server::start(options.clone()).await;
        let tenant = server.tenant().await;
        server.stop().await;
        let server = Server::start(with(&options, &[fault("commit.committed", "error", nth)])).await;
        let tenant = tenant.at(&server);
        let (summary, said) = import(&server, &tenant, &file).await;

        let count = |name: &str| summary[name].as_u64().unwrap();
        assert_eq!(count("read"), EVENTS as u64, "{summary}");
        assert_eq!(count("accepted") + count("duplicate"), EVENTS as u64, "{summary}");
        assert_eq!((count("retry"), count("failed")), (0, 0), "{summary}");
        assert!(count("duplicate") <= count("sent_again"), "{summary}");
        assert!(count("sent_again") <= EVENTS as u64, "an item counts once: {summary}");
        if said.contains("put off") {
            put_off += 1;
            assert_eq!(count("sent_again"), count("duplicate"), "only what was put off: {summary}");
            assert!(count("duplicate") < count("accepted"), "the second transaction: {summary}");
        }

        let log = evidence::log_of(&tenant.auditor).await;
        let imported: Vec<_> = log.iter().filter(|e| e["action"] == "fault.tested").collect();
        let once: BTreeSet<_> = imported.iter().map(|e| e["resource"]["id"].as_str().unwrap()).collect();
        assert_eq!((imported.len(), once.len()), (EVENTS, EVENTS), "lost or doubled, {summary}: {said}");
        assert!(server.stop().await.success());
    }
    // More than once where the server's other commits came later in one run than in the next.
    assert!(put_off > 0, "none of the commits was the second of the import");
}
