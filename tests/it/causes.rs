//! What caused a finding, and what was found of what an entry touched.

use custody_domain::{Hash, merkle};
use custody_proof::{Checkpoint, VerifierKey};
use custody_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    findings::written,
    support::{Answer, Api, Tenant, shared},
};

const ACCOUNT: &str = "123837392027";

/// Who did it, by real records of an attack, as a scan would find it afterwards.
const DONE: [(&str, &str, &str, &str); 4] = [
    (
        "awslambda_function_not_publicly_accessible",
        "arn:aws:lambda:us-east-1:123837392027:function:stratus-red-team-backdoor-f-func",
        "stratus-red-team-backdoor-f-func",
        "lambda.AddPermission20150331v2",
    ),
    // CloudTrail's mapping leaves the account away, Prowler does not: they meet by the name.
    (
        "ec2_ebs_public_snapshot",
        "arn:aws:ec2:us-east-1:123837392027:snapshot/snap-083d3b857c13988bc",
        "snap-083d3b857c13988bc",
        "ec2.ModifySnapshotAttribute",
    ),
    (
        "cloudtrail_multi_region_enabled",
        "arn:aws:cloudtrail:us-east-1:123837392027:trail/stratus-red-team-ctes-trail-qyxyekjbtk",
        "stratus-red-team-ctes-trail-qyxyekjbtk",
        "cloudtrail.DeleteTrail",
    ),
    (
        "iam_role_cross_service_confused_deputy_prevention",
        "arn:aws:iam::123837392027:role/stratus-red-team-backdoor-r-role",
        "stratus-red-team-backdoor-r-role",
        "iam.UpdateAssumeRolePolicy",
    ),
];

/// As Prowler writes it.
fn found(check: &str, uid: &str, name: &str, status: &str, at: &str) -> Value {
    let mut finding = crate::scans::ocsf(name);
    finding["metadata"]["event_code"] = json!(check);
    finding["status_code"] = json!(status);
    finding["unmapped"]["provider_uid"] = json!(ACCOUNT);
    finding["cloud"]["account"]["uid"] = json!(ACCOUNT);
    finding["finding_info"]["uid"] = json!(format!("prowler-aws-{check}-{ACCOUNT}-us-east-1-{name}"));
    finding["resources"][0]["uid"] = json!(uid);
    let seconds = chrono::DateTime::parse_from_rfc3339(at).unwrap().timestamp();
    for (outer, inner) in [("finding_info", "created_time"), ("", "time")] {
        let place = if outer.is_empty() { &mut finding } else { &mut finding[outer] };
        place[inner] = json!(seconds);
        place[format!("{inner}_dt")] = json!(at);
    }
    finding
}

async fn import(tenant: &Tenant, findings: &[Value]) {
    let file = json!(findings).to_string().into_bytes();
    tenant.admin.post_bytes("/api/v1/scans/import", "application/json", file).await.expect(201);
}

/// All records of the attack; false where there is no data to test with.
async fn attacked(tenant: &Tenant) -> bool {
    let Some(folder) = custody_testkit::data::path("cloudtrail") else { return false };
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let bytes = std::fs::read(path).unwrap();
            let bulk = "/api/v1/logs/bulk?format=cloudtrail";
            tenant.writer.post_bytes(bulk, "application/json", bytes).await.expect(200);
        }
    }
    true
}

async fn write(tenant: &Tenant, entry: Value) -> String {
    tenant.writer.post("/api/v1/logs", &entry).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn finding(tenant: &Tenant, bucket: &str, status: &str) -> String {
    let made = tenant.admin.post("/api/v1/findings", &written(bucket, "high", status)).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn causes(api: &Api, finding: &str, parameters: &str) -> Value {
    api.get(&format!("/api/v1/findings/{finding}/causes?{parameters}")).await.expect(200)
}

/// `action reason,reason,…`
fn ranked(causes: &Value) -> Vec<String> {
    let reasons = |item: &Value| {
        let reasons = item["reasons"].as_array().unwrap().iter();
        reasons.map(|reason| reason["reason"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(",")
    };
    let items = causes["items"].as_array().unwrap().iter();
    items.map(|item| format!("{} {}", item["entry"]["action"].as_str().unwrap(), reasons(item))).collect()
}

fn actions(causes: &Value) -> Vec<&str> {
    let items = causes["items"].as_array().unwrap().iter();
    items.map(|item| item["entry"]["action"].as_str().unwrap()).collect()
}

async fn current(tenant: &Tenant) -> Vec<Value> {
    let page = tenant.auditor.get("/api/v1/findings?limit=1000").await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// The ids of the findings of what the entry touched.
async fn touched(tenant: &Tenant, entry: &Value, parameters: &str) -> Vec<Value> {
    let path = format!("/api/v1/logs/{}/findings?limit=1000{parameters}", entry["id"].as_str().unwrap());
    let page = tenant.auditor.get(&path).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|item| item["finding"]["id"].clone()).collect()
}

fn hash(text: &Value) -> Hash {
    hex::decode(text.as_str().unwrap()).unwrap().try_into().unwrap()
}

async fn verify(tenant: &Tenant, item: &Value) {
    let key = tenant.auditor.get("/api/v1/log/key").await;
    let key: VerifierKey = String::from_utf8(key.bytes.clone()).unwrap().trim_end().parse().unwrap();
    let (proof, entry) = (&item["proof"], &item["entry"]);
    assert_eq!(item["proof_pending"], false);
    let checkpoint = Checkpoint::open(proof["checkpoint"].as_str().unwrap().as_bytes(), &[key]).unwrap();
    let hashes: Vec<_> = proof["hashes"].as_array().unwrap().iter().map(hash).collect();
    let (leaf, seq) = (hash(&entry["leaf_hash"]), entry["seq"].as_u64().unwrap());
    assert!(merkle::verify_inclusion(&leaf, seq, checkpoint.size, &hashes, &checkpoint.root));
}

#[tokio::test]
async fn of_a_real_attack_the_call_that_did_it_stands_first_with_its_proof() {
    let tenant = shared().await.tenant().await;
    if !attacked(&tenant).await {
        return;
    }
    let scan = |status: &str, at: &str| {
        DONE.map(|(check, uid, name, _)| found(check, uid, name, status, at)).to_vec()
    };
    import(&tenant, &scan("PASS", "2023-07-10T12:00:00Z")).await;
    import(&tenant, &scan("FAIL", "2023-07-10T12:40:00Z")).await;
    import(&tenant, &scan("FAIL", "2023-07-10T18:00:00Z")).await;
    let findings = current(&tenant).await;
    assert_eq!(findings.len(), DONE.len());
    for (check, _, name, action) in DONE {
        let finding = findings.iter().find(|finding| finding["resource"]["name"] == name).unwrap();
        let id = finding["id"].as_str().unwrap();
        let causes = eventually("the proofs", async || {
            let causes = causes(&tenant.auditor, id, "").await;
            let pending =
                causes["items"].as_array().unwrap().iter().any(|item| item["proof_pending"] == true);
            (!pending).then_some(causes)
        })
        .await;
        assert_eq!(actions(&causes)[0], action, "{check}: {:?}", ranked(&causes));
        let reasons = ranked(&causes)[0].clone();
        for reason in ["fits_check", "change", "window", "within_1h", "succeeded"] {
            assert!(reasons.contains(reason), "{reasons}");
        }
        assert_eq!(causes["finding"]["failing_since"], "2023-07-10T12:40:00Z");
        assert_eq!(causes["window"], json!({"from": "2023-07-10T12:00:00Z", "to": "2023-07-10T12:40:00Z"}));
        for item in causes["items"].as_array().unwrap() {
            verify(&tenant, item).await;
            let sum: i64 =
                item["reasons"].as_array().unwrap().iter().map(|r| r["points"].as_i64().unwrap()).sum();
            assert_eq!(item["score"], sum);
            // The other way leads back.
            let back = touched(&tenant, &item["entry"], "").await;
            assert!(back.contains(&finding["id"]), "{check}: {}", item["entry"]["action"]);
            assert_eq!(touched(&tenant, &item["entry"], "&history=true").await.len(), 3 * back.len());
        }
        let with_reads = self::causes(&tenant.auditor, id, "reads=true&limit=100").await;
        assert!(actions(&with_reads).len() >= actions(&causes).len());
    }
}

#[tokio::test]
async fn what_came_after_it_failed_and_what_another_tenant_did_is_no_cause() {
    let server = shared().await;
    let (tenant, other) = tokio::join!(server.tenant(), server.tenant());
    if !attacked(&tenant).await {
        return;
    }
    let (check, uid, name, action) = DONE[0];
    let early = [found(check, uid, name, "FAIL", "2023-07-10T12:20:00Z")];
    let late = [found(check, uid, name, "FAIL", "2023-07-10T12:40:00Z")];
    import(&tenant, &early).await;
    import(&other, &late).await;
    let causes_of = async |tenant: &Tenant| {
        let finding = current(tenant).await[0]["id"].as_str().unwrap().to_owned();
        causes(&tenant.auditor, &finding, "reads=true").await
    };
    let causes = causes_of(&tenant).await;
    assert!(!actions(&causes).contains(&action), "{:?}", ranked(&causes));
    assert_eq!(causes["window"], json!({"from": null, "to": "2023-07-10T12:20:00Z"}));
    assert_eq!(causes_of(&other).await["items"], json!([]));
}

/// Of an application that names buckets in its own ways.
async fn application(tenant: &Tenant) {
    let entry = |action: &str, outcome: &str, more: Value| {
        let mut entry = json!({"action": action, "actor": {"id": "ann"}, "outcome": outcome});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let by_name = json!({"resource": {"type": "bucket", "id": "7", "name": "logs"}});
    let elsewhere = json!({"resource": {"id": "logs"}, "metadata": {"account": "999999999999"}});
    let by_uid = json!({"resource": {"id": "arn:aws:s3:::logs"}});
    let parameter =
        json!({"resource": {"id": "job-1"}, "metadata": {"wish": {"targets": ["arn:aws:s3:::logs"]}}});
    let mentioned =
        json!({"resource": {"id": "job-2"}, "metadata": {"text": "not arn:aws:s3:::logs itself"}});
    for (action, outcome, more) in [
        ("bucket.renamed", "success", by_name.clone()),
        ("bucket.viewed", "success", by_name.clone()),
        ("bucket.renamed_elsewhere", "success", elsewhere),
        ("s3.PutBucketPolicy", "failure", by_uid.clone()),
        ("s3.PutBucketPolicy", "success", by_uid),
        ("job.started", "success", parameter),
        ("job.mentioned", "success", mentioned),
        ("bucket.moved", "unknown", json!({"resource": {"id": "logs"}})),
    ] {
        write(tenant, entry(action, outcome, more)).await;
    }
}

#[tokio::test]
async fn entries_of_an_application_are_ranked_by_what_they_say() {
    let tenant = shared().await.tenant().await;
    application(&tenant).await;
    let logs = finding(&tenant, "logs", "FAIL").await;
    write(&tenant, json!({"action": "bucket.late", "actor": {"id": "a"}, "resource": {"id": "logs"}})).await;
    let all = causes(&tenant.auditor, &logs, "").await;
    assert_eq!(
        ranked(&all),
        [
            "s3.PutBucketPolicy uid,fits_check,change,within_1h,succeeded",
            "bucket.renamed name,change,within_1h,succeeded",
            "bucket.moved name,change,within_1h,outcome_unknown",
            "job.started parameter,change,within_1h,succeeded",
            "s3.PutBucketPolicy uid,fits_check,change,within_1h,failed",
        ]
    );
    assert_eq!((&all["next_cursor"], &all["stopped"]), (&Value::Null, &Value::Null));
    let reads = causes(&tenant.auditor, &logs, "reads=true").await;
    assert_eq!(reads["items"].as_array().unwrap().len(), 6);
    assert!(actions(&reads).contains(&"bucket.viewed"));
    // Page by page they are the same, in the same order.
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = causes(&tenant.auditor, &logs, &format!("limit=2{cursor}")).await;
        paged.extend(ranked(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, ranked(&all));
    // And each leads back.
    for item in all["items"].as_array().unwrap() {
        assert_eq!(touched(&tenant, &item["entry"], "").await, [json!(logs)]);
    }
    let q = "action:bucket.renamed_elsewhere OR action:job.mentioned";
    let request = tenant.auditor.request(Method::GET, "/api/v1/logs").query(&[("q", q)]);
    for entry in Answer::of(request).await.expect(200)["items"].as_array().unwrap() {
        assert_eq!(touched(&tenant, entry, "").await, Vec::<Value>::new(), "{entry}");
    }
    for wrong in ["limit=0", "limit=101", "cursor=x", "cursor=e30", "q=a"] {
        tenant.auditor.get(&format!("/api/v1/findings/{logs}/causes?{wrong}")).await.problem(400);
    }
}

#[tokio::test]
async fn what_passes_has_no_causes() {
    let tenant = shared().await.tenant().await;
    application(&tenant).await;
    let logs = finding(&tenant, "logs", "PASS").await;
    let none = causes(&tenant.auditor, &logs, "").await;
    assert_eq!((&none["items"], &none["finding"]["failing_since"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn the_command_line_shows_them() {
    let server = shared().await;
    let tenant = server.tenant().await;
    application(&tenant).await;
    let logs = finding(&tenant, "logs", "FAIL").await;
    let shown = server.custody(&["scan", "causes", &logs, "--token", tenant.auditor.bearer()]).await;
    let lines: Vec<_> = shown.lines().collect();
    assert!(
        lines[0].contains("s3_bucket_public_access") && lines[0].contains("arn:aws:s3:::logs"),
        "{shown}"
    );
    let first = lines.iter().find(|line| line.contains("s3.PutBucketPolicy")).unwrap();
    assert!(first.contains("ann") && first.contains("uid, fits_check"), "{shown}");
}
