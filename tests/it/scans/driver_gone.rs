//! kill -9 of a scan's Python.

use custody_testkit::{Fault, HttpFaults, eventually};
use serde_json::json;

use super::{
    account::{
        Account, S3, SQS, ask, check, completed, ended, log, order, processes, python, server, uids, until,
    },
    walk::is_of_queues,
};
use crate::support::{Server, server::signal};

const ALSO: &str = "sqs_queues_server_side_encryption_enabled";

/// Of the processes of its group the one that leads it.
async fn leader(server: &Server, not: &[u32]) -> u32 {
    eventually("a driver", async || {
        processes(server).into_iter().find(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            fields.get(2) == Some(&&*pid.to_string()) && line.contains("driver.py") && !not.contains(pid)
        })
    })
    .await
}

#[tokio::test]
async fn the_check_that_ran_is_errored_and_the_others_go_on() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let server = server(&[]).await;
    let tenant = server.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    wire.set_where(Fault::Never, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let id = ask(&tenant.admin, &order(wire.url(), &[S3[0], S3[1], S3[2], SQS, ALSO])).await;
    until(&tenant.admin, &id, "three checks", |scan| scan["progress"]["checks_done"] == 3).await;
    eventually("a check of queues runs", async || {
        (check(&tenant.admin, &id, SQS).await["status"] == "in_progress").then_some(())
    })
    .await;
    let killed = leader(&server, &[]).await;
    wire.set(Fault::None, 0);
    signal(killed, "KILL");
    let scan = completed(&tenant.admin, &id).await;
    assert_eq!(scan["partial"], true, "{scan}");
    assert_eq!(scan["progress"]["checks_errored"], 1, "{scan}");
    let ran = check(&tenant.admin, &id, SQS).await;
    assert_eq!(ran["status"], "errored", "{ran}");
    assert_eq!(ran["error"], "its process was ended while it ran");
    for name in [S3[0], S3[1], S3[2], ALSO] {
        assert_eq!(check(&tenant.admin, &id, name).await["status"], "completed", "{name}");
    }
    assert!(log(&tenant.admin, &id).await.contains("a process of the scan was ended from outside"));
    // Of the others all is there, and once.
    let again = ask(&tenant.admin, &order(wire.url(), &[S3[0], S3[1], S3[2], ALSO])).await;
    completed(&tenant.admin, &again).await;
    assert_eq!(uids(&tenant.admin, &id).await, uids(&tenant.admin, &again).await);
    eventually("nothing is left", async || {
        let homes = std::fs::read_dir(server.data().join("scans")).unwrap().count();
        (processes(&server).is_empty() && homes == 0).then_some(())
    })
    .await;
    assert!(server.stop().await.success());
}

/// Each time before it has signed in.
#[tokio::test]
async fn one_that_is_killed_again_and_again_is_given_up() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let server = server(&[]).await;
    let tenant = server.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    wire.set(Fault::Never, usize::MAX);
    let id = ask(&tenant.admin, &order(wire.url(), &[S3[0]])).await;
    let mut killed = Vec::new();
    for _ in 1..=4 {
        let before = wire.count();
        let pid = leader(&server, &killed).await;
        eventually("it signs in", async || (wire.count() > before).then_some(())).await;
        signal(pid, "KILL");
        killed.push(pid);
    }
    let scan = ended(&tenant.admin, &id).await;
    assert_eq!(scan["status"], "failed", "{scan}");
    assert_eq!(scan["failure"], json!("its processes died 4 times; what was found before is kept"));
    assert!(server.stop().await.success());
}
