//! Every operation of the API, asked by who may read a part of the entries.

use custody_auth::{Operation, operation::Trail};
use serde_json::Value;

use super::setting::{NEEDLE, Setting, member, written};
use crate::{
    coverage::{Called, FILE},
    jobs::ended,
    support::{Answer, Api, Server, shared, socket},
};

/// Operations whose answers hold entries, or what is made of them: each is AND-ed with the grant.
const GRANTED: &[&str] = &[
    "followEntries",
    "listEntries",
    "getEntryStats",
    "exportEntries",
    "createExport",
    "getEntry",
    "getRelatedEntries",
    "getFindingCauses",
    // It answers findings: of what an entry that is given touched.
    "getEntryFindings",
    "getProof",
];

/// Operations that show entries, or what is made of all of them, in a way that nothing can be AND-ed with:
/// refused to who may read a part.
const WHOLE: &[&str] = &[
    "getEntriesTile",
    "getWatermark",
    "listProducers",
    "streamEntries",
    "listQuarantine",
    "getQuarantined",
    "getQuarantinedContent",
    "listScans",
    "getScan",
    "getScanStatus",
    "streamScan",
    "getScanLog",
    "exportScan",
    "getScanReport",
    "compareScans",
    "listScanChecks",
    "listFindings",
    "getFindingStats",
    "listRisks",
    "getCompliance",
    "getFrameworkCompliance",
    "getFinding",
];

/// What jobs tell and leave: of their own alone.
const OF_JOBS: &[&str] = &["listJobs", "getJob", "streamJob", "listJobFiles", "getJobFile", "linkJobFile"];

/// Operations that answer nothing of an entry's content. Checkpoints, tiles of hashes and proofs of
/// consistency give hashes and sizes.
const NOTHING: &[&str] = &[
    "createEntry",
    "createEntries",
    "getCheckpoint",
    "listCheckpoints",
    "listAnchors",
    "getAnchor",
    "getLogKey",
    "listLogKeys",
    "getTile",
    "getConsistency",
    "listFollowers",
    "listSchedules",
    "replayQuarantined",
    "dropQuarantined",
    "replayQuarantine",
    "dropQuarantine",
    "cancelJob",
    "retryJob",
    // By an address that somebody asked for who might have the file.
    "getFile",
    "createScan",
    "importScan",
    "updateScan",
    "deleteScan",
    "cancelScan",
    "listProviders",
    "createProvider",
    "getProvider",
    "updateProvider",
    "deleteProvider",
    "setSchedule",
    "deleteSchedule",
    "listChecks",
    "createCheck",
    "getCheck",
    "updateCheck",
    "deleteCheck",
    "listFrameworks",
    "getFramework",
    "createFinding",
    "triageFindings",
    "triageFinding",
    "deleteFinding",
    "getMaskPolicy",
    "setMaskPolicy",
    "listTenants",
    "getTenant",
    "createTenant",
    "listUsers",
    "getUser",
    "updateUser",
    "removeUser",
    "listInvitations",
    "createInvitation",
    "revokeInvitation",
    "acceptInvitation",
    "listApiKeys",
    "getApiKey",
    "createApiKey",
    "revokeApiKey",
    "login",
    "refreshToken",
    "logout",
    "setPassword",
    "getMe",
    "createTicket",
    "getSigningKeys",
];

#[test]
fn of_every_operation_it_is_known_whether_it_answers_entries() {
    let known = [GRANTED, WHOLE, OF_JOBS, NOTHING].concat();
    for operation in Operation::ALL {
        let times = known.iter().filter(|id| **id == operation.id()).count();
        assert_eq!(times, 1, "{}: put it into one of the lists", operation.id());
    }
    assert_eq!(known.len(), Operation::ALL.len(), "a list names an operation that is gone");
}

/// All that the operation answers that is not `NOTHING`, asked as widely as it can be.
async fn everything(server: &Server, operation: Operation, setting: &Setting, reader: &Api) -> Vec<Answer> {
    let called = Called::from(operation);
    let get = async |path: &str| vec![reader.get(path).await];
    let each = async |ids: &[&String]| {
        let mut answers = Vec::new();
        for id in ids {
            answers.push(called.call(reader, id).await);
        }
        answers
    };
    match operation.id() {
        "listEntries" => get("/api/v1/logs?limit=1000&total=true").await,
        "getEntryStats" => {
            get("/api/v1/logs/stats?by=action,actor,resource_type&top=1000&interval=day").await
        }
        "createExport" => vec![exported(reader).await],
        "followEntries" => vec![followed(server, setting, reader).await],
        "getEntriesTile" => get("/api/v1/log/tile/entries/000.p/1").await,
        "getQuarantined" | "getQuarantinedContent" => each(&[&setting.quarantined]).await,
        "getFinding" => each(&[&setting.finding]).await,
        "getFindingCauses" => each(&[&setting.finding, &setting.shown_finding]).await,
        _ if operation.route().contains("/scans/{id}") => each(&[&setting.scan]).await,
        id if OF_JOBS.contains(&id) => each(&[&setting.job]).await,
        _ if operation.route().contains("{id}") => each(&[&setting.hidden, &setting.shown]).await,
        _ => each(&[&setting.shown]).await,
    }
}

/// What a stream brings from the log's beginning to the newest entry that is given.
async fn followed(server: &Server, setting: &Setting, reader: &Api) -> Answer {
    let mut socket = socket::open(server, "/api/v1/logs/stream?after=0", Some(reader)).await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let message = socket::next(&mut socket).await.unwrap();
        bytes.extend(message.to_string().into_bytes());
        if message["entry"]["id"] == setting.shown.as_str() {
            return Answer {
                status: reqwest::StatusCode::OK,
                headers: reqwest::header::HeaderMap::new(),
                bytes,
            };
        }
    }
}

/// The file that a job of theirs writes.
async fn exported(reader: &Api) -> Answer {
    let job = reader.post("/api/v1/logs/export", &serde_json::json!({})).await;
    if job.status != 202 {
        return job;
    }
    let job = ended(reader, job.json()["id"].as_str().unwrap()).await;
    let file = format!(
        "/api/v1/jobs/{}/files/{}",
        job["id"].as_str().unwrap(),
        job["result"]["file"].as_str().unwrap()
    );
    reader.get(&file).await
}

fn tells(answers: &[Answer], what: &str) -> bool {
    answers.iter().any(|answer| String::from_utf8_lossy(&answer.bytes).contains(what))
}

#[tokio::test]
async fn every_operation_that_answers_entries_answers_those_that_are_given_alone() {
    let server = shared().await;
    let setting = Setting::of(server).await;
    for operation in Operation::ALL.iter().filter(|operation| GRANTED.contains(&operation.id())) {
        let all = everything(server, *operation, &setting, &setting.tenant.auditor).await;
        let given = everything(server, *operation, &setting, &setting.restricted).await;
        assert!(given.iter().any(|answer| answer.status == 200), "{}: {given:?}", operation.id());
        // A proof names no entry, and neither do findings; who may not read the entry gets none.
        if matches!(operation, Operation::GetProof | Operation::GetEntryFindings) {
            assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 2);
            assert_eq!(given.iter().filter(|answer| answer.status == 200).count(), 1);
        } else {
            assert!(tells(&all, NEEDLE), "{}: the test would find nothing", operation.id());
            assert!(tells(&given, "shown.done"), "{}: nothing is given", operation.id());
        }
        assert!(!tells(&given, NEEDLE) && !tells(&given, &setting.hidden), "{}: {given:?}", operation.id());
    }
}

#[tokio::test]
async fn a_finding_of_what_nothing_that_is_given_touched_was_never_there() {
    let server = shared().await;
    let setting = Setting::of(server).await;
    let called = Called::from(Operation::GetFindingCauses);
    let hidden = called.call(&setting.restricted, &setting.finding).await;
    let never = called.call(&setting.restricted, &uuid::Uuid::now_v7().to_string()).await;
    assert_eq!((hidden.status, &hidden.bytes), (never.status, &never.bytes));
    hidden.problem(404);
    assert_eq!(called.call(&setting.restricted, &setting.shown_finding).await.status, 200);
}

#[tokio::test]
async fn what_is_made_of_all_entries_is_refused_to_who_may_read_a_part() {
    let server = shared().await;
    let setting = Setting::of(server).await;
    for operation in Operation::ALL.iter().filter(|operation| WHOLE.contains(&operation.id())) {
        for answer in everything(server, *operation, &setting, &setting.restricted).await {
            answer.problem(403);
        }
        // An admin's; no plain answer; a scan that was compared with none.
        let others = [Operation::GetQuarantinedContent, Operation::StreamScan, Operation::CompareScans];
        if !others.contains(operation) {
            for answer in everything(server, *operation, &setting, &setting.tenant.auditor).await {
                assert_eq!(answer.status, 200, "{}", operation.id());
            }
        }
    }
}

#[tokio::test]
async fn a_job_and_its_files_are_for_who_may_read_what_went_into_them() {
    let server = shared().await;
    let setting = Setting::of(server).await;
    for operation in Operation::ALL.iter().filter(|operation| OF_JOBS.contains(&operation.id())) {
        let called = Called::from(*operation);
        if *operation == Operation::ListJobs {
            let list = setting.restricted.get("/api/v1/jobs").await.expect(200);
            assert_eq!(list["items"], Value::Array(vec![]));
            continue;
        }
        let theirs = called.call(&setting.restricted, &setting.job).await;
        let never = called.call(&setting.restricted, &uuid::Uuid::now_v7().to_string()).await;
        assert_eq!((theirs.status, &theirs.bytes), (never.status, &never.bytes), "{}", operation.id());
        theirs.problem(404);
    }
    ended(&setting.tenant.auditor, &setting.job).await;
    setting.tenant.auditor.get(&format!("/api/v1/jobs/{}/files/{FILE}", setting.job)).await;
}

#[tokio::test]
async fn a_user_gets_what_they_recorded_alone() {
    let server = shared().await;
    let mut setting = Setting::of(server).await;
    let (_, user) = member(server, &setting.tenant, &serde_json::json!({"role": "user"})).await;
    let own = serde_json::json!({"action": "shown.done", "actor": {"id": "u1"}});
    setting.shown = written(&user, &own).await;
    for operation in Operation::ALL.iter().filter(|operation| GRANTED.contains(&operation.id())) {
        if !operation.roles().contains(&custody_auth::Role::User) {
            continue;
        }
        let given = everything(server, *operation, &setting, &user).await;
        assert_eq!(given.iter().filter(|answer| answer.status == 200).count(), 1, "{}", operation.id());
        assert!(!tells(&given, NEEDLE) && !tells(&given, &setting.hidden), "{}: {given:?}", operation.id());
        assert!(operation.trail() != Trail::Itself);
    }
    for operation in
        Operation::ALL.iter().filter(|operation| [WHOLE, OF_JOBS].concat().contains(&operation.id()))
    {
        for answer in everything(server, *operation, &setting, &user).await {
            answer.problem(403);
        }
    }
}
