//! Checks, frameworks and compliance over HTTP: the real catalogue, a tenant's own word on it, and what
//! findings come to over its frameworks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    coverage::entry_of,
    findings::written,
    support::{Answer, Api, Tenant, shared},
};

const PUBLIC: &str = "/api/v1/checks/s3_bucket_public_access";

/// Whether this run has Prowler, and so a catalogue.
macro_rules! with_prowler {
    () => {
        if std::env::var_os("CUSTODY_TEST_PROWLER").is_none() {
            eprintln!("SKIPPED {}:{}: CUSTODY_TEST_PROWLER names no python with Prowler", file!(), line!());
            return;
        }
    };
}

async fn ask(api: &Api, path: &str, parameters: &[(&str, &str)]) -> Answer {
    Answer::of(api.request(Method::GET, path).query(parameters)).await
}

async fn ids(tenant: &Tenant, parameters: &[(&str, &str)]) -> Vec<String> {
    let page = ask(&tenant.auditor, "/api/v1/checks", parameters).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_catalogue_is_searched_paged_and_shown_with_its_texts() {
    with_prowler!();
    let tenant = shared().await.tenant().await;
    let mut all = Vec::new();
    let mut path = "/api/v1/checks?limit=250".to_owned();
    loop {
        let answer = tenant.auditor.get(&path).await;
        let page = answer.expect(200);
        all.extend(page["items"].as_array().unwrap().iter().map(|check| check["id"].to_string()));
        let Some(link) = answer.headers("link").first().cloned() else { break };
        path = link.split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert!(all.len() > 500 && all.is_sorted(), "{}", all.len());
    let buckets = ids(&tenant, &[("service", "s3"), ("severity", "critical")]).await;
    assert!(buckets.contains(&"s3_bucket_public_access".to_owned()), "{buckets:?}");
    // Every word must be there; they stand in different texts, in another case.
    let found = ids(&tenant, &[("q", "BUCKET public_access publicly")]).await;
    assert!(found.contains(&"s3_bucket_public_access".to_owned()), "{found:?}");
    assert_eq!(ids(&tenant, &[("q", "s3_bucket_public_access zebra")]).await, Vec::<String>::new());
    let required = ids(&tenant, &[("framework", "cis_3.0_aws"), ("service", "s3")]).await;
    assert!(!required.is_empty() && required.iter().all(|id| id.starts_with("s3_")), "{required:?}");

    let check = tenant.auditor.get(PUBLIC).await.expect(200);
    assert_eq!(
        (&check["severity"], &check["version"], &check["own"]),
        (&json!("critical"), &json!(0), &json!(false))
    );
    for text in ["/description", "/risk", "/remediation/text", "/remediation/cli"] {
        assert!(!check.pointer(text).unwrap().as_str().unwrap().is_empty(), "{text}: {check}");
    }
    assert_eq!(check["compliance"]["soc2_aws"], json!(["cc_6_1"]));
    tenant
        .auditor
        .get("/api/v1/checks/core_minimize_hostPID_containers?provider=kubernetes")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_name_that_nothing_has_is_told_with_the_nearest() {
    with_prowler!();
    let tenant = shared().await.tenant().await;
    for (name, value, nearest) in [
        ("service", "s33", "s3"),
        ("framework", "cis_3.1_aws", "cis_3.0_aws"),
        ("severity", "urgent", "critical"),
        ("provider", "awss", "aws"),
    ] {
        let problem = ask(&tenant.auditor, "/api/v1/checks", &[(name, value)]).await.problem(400);
        assert_eq!(problem["errors"][0]["parameter"], name, "{problem}");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(nearest), "{problem}");
    }
    for path in
        ["/api/v1/checks/s3_bucket_public_acces", "/api/v1/checks/%00", "/api/v1/frameworks/cis_3.1_aws"]
    {
        tenant.auditor.get(path).await.problem(404);
    }
    tenant.admin.delete("/api/v1/checks/%00").await.problem(404);
    tenant.admin.patch("/api/v1/checks/unknown", &json!({"disabled": true})).await.problem(404);
}

#[tokio::test]
async fn a_tenant_s_word_on_a_check_counts_for_it_alone_until_it_is_taken_back() {
    with_prowler!();
    let (tenant, other) = (shared().await.tenant().await, shared().await.tenant().await);
    let as_it_was = tenant.admin.get(PUBLIC).await.expect(200);
    let word = json!({"severity": "low", "disabled": true, "note": "All are behind a CDN.", "version": 0});
    let changed = tenant.admin.patch(PUBLIC, &word).await.expect(200);
    assert_eq!((&changed["severity"], &changed["engine_severity"]), (&json!("low"), &json!("critical")));
    assert_eq!((&changed["disabled"], &changed["version"]), (&json!(true), &json!(1)));
    assert_eq!(ids(&tenant, &[("disabled", "true")]).await, ["s3_bucket_public_access"]);
    assert_eq!(ids(&other, &[("disabled", "true")]).await, Vec::<String>::new());
    assert_eq!(other.admin.get(PUBLIC).await.expect(200), as_it_was);
    // A scan leaves it out.
    let plan = json!({"provider": "aws", "dry_run": true, "scope": {"services": ["s3"]}});
    let planned = async |tenant: &Tenant| {
        let plan = tenant.admin.post("/api/v1/scans", &plan).await.expect(200);
        plan["checks"].to_string().contains("s3_bucket_public_access\"")
    };
    assert!(!planned(&tenant).await && planned(&other).await);

    tenant.admin.patch(PUBLIC, &word).await.problem(409);
    let problem = tenant.admin.patch(PUBLIC, &json!({"title": "Mine"})).await.problem(422);
    assert_eq!(problem["errors"][0]["pointer"], "/title");
    let problem = tenant.admin.patch(PUBLIC, &json!({"severity": "urgent"})).await.problem(422);
    assert_eq!(problem["errors"][0]["pointer"], "/severity");
    tenant.admin.patch(PUBLIC, &json!({})).await.problem(422);
    let back = tenant.admin.patch(PUBLIC, &json!({"severity": null})).await.expect(200);
    assert_eq!((&back["severity"], &back["disabled"]), (&json!("critical"), &json!(true)));
    let entry = entry_of(&tenant.auditor, "custody.check.updated", "PATCH /api/v1/checks/{id}").await;
    assert_eq!(entry["resource"], json!({"type": "check", "id": "aws/s3_bucket_public_access"}));
    tenant.admin.delete(PUBLIC).await.expect(204);
    assert_eq!(tenant.admin.get(PUBLIC).await.expect(200), as_it_was);
    tenant.admin.delete(PUBLIC).await.problem(404);
}

/// A check of a tenant's own that stands for a requirement.
fn review(id: &str) -> Value {
    json!({
        "id": id, "title": "The console asks for a sign-in", "severity": "high", "service": "web",
        "risk": "Anybody could change prices.", "remediation": {"text": "Put it behind the identity provider."},
        "compliance": {"cis_3.0_aws": ["1.1"]},
    })
}

#[tokio::test]
async fn a_check_of_one_s_own_is_written_changed_found_and_gone() {
    with_prowler!();
    let (tenant, other) = (shared().await.tenant().await, shared().await.tenant().await);
    let made = tenant.admin.post("/api/v1/checks", &review("console_sign_in")).await;
    let check = made.expect(201);
    assert_eq!(tenant.auditor.get(made.header("location")).await.expect(200), check);
    assert_eq!(
        (&check["own"], &check["severity"], &check["version"]),
        (&json!(true), &json!("high"), &json!(1))
    );
    assert_eq!(check["compliance"], json!({"cis_3.0_aws": ["1.1"]}));
    assert_eq!(ids(&tenant, &[("own", "true")]).await, ["console_sign_in"]);
    assert_eq!(ids(&tenant, &[("q", "prices")]).await, ["console_sign_in"]);
    tenant.admin.post("/api/v1/checks", &review("console_sign_in")).await.problem(409);
    tenant.admin.post("/api/v1/checks", &review("s3_bucket_public_access")).await.problem(409);
    let change = json!({"title": "The console asks everybody", "remediation": {"cli": "true"}, "version": 1});
    let changed = tenant.admin.patch("/api/v1/checks/console_sign_in", &change).await.expect(200);
    assert_eq!((&changed["title"], &changed["remediation"]["text"]), (&change["title"], &json!("")));
    assert_eq!(changed["risk"], check["risk"]);

    // To another tenant it never was, and its name is no nearest one.
    other.admin.get("/api/v1/checks/console_sign_in").await.problem(404);
    assert_eq!(ids(&other, &[("own", "true")]).await, Vec::<String>::new());
    let problem = ask(&other.admin, "/api/v1/checks", &[("service", "web")]).await.problem(400);
    assert!(!problem["errors"][0]["detail"].to_string().contains("web\""), "{problem}");

    let mut wrong = review("Of ours!");
    wrong["compliance"] = json!({"cis_3.0_aws": ["1.1", "99"], "cis_3.1_aws": []});
    wrong["title"] = json!("");
    let problem = tenant.admin.post("/api/v1/checks", &wrong).await.problem(422);
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/id", "/title", "/compliance/cis_3.0_aws/1", "/compliance/cis_3.1_aws"]);
    tenant.admin.delete("/api/v1/checks/console_sign_in").await.expect(204);
    tenant.admin.get("/api/v1/checks/console_sign_in").await.problem(404);
}

#[tokio::test]
async fn requirements_are_met_by_what_was_found_and_by_nothing_else() {
    with_prowler!();
    let tenant = shared().await.tenant().await;
    let cis = async |parameters: &str| {
        let path = format!("/api/v1/compliance/cis_3.0_aws{parameters}");
        tenant.auditor.get(&path).await.expect(200)
    };
    let of = |framework: &Value, id: &str| {
        let all = framework["requirements"].as_array().unwrap();
        all.iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("{id} in {framework}")).clone()
    };
    let nothing = cis("").await;
    assert_eq!(
        (&nothing["passed"], &nothing["failed"], &nothing["score"]),
        (&json!(0), &json!(0), &Value::Null)
    );
    assert_eq!(nothing["not_checked"].as_u64().unwrap() + nothing["manual"].as_u64().unwrap(), 62);

    // 2.1.1 is measured by one check.
    let https = "s3_bucket_secure_transport_policy";
    let before = of(&nothing, "2.1.1");
    assert_eq!((&before["status"], &before["checks"]), (&json!("not_checked"), &json!([https])));
    let mut finding = written("logs", "high", "PASS");
    finding["check_id"] = json!(https);
    let first = tenant.admin.post("/api/v1/findings", &finding).await.expect(201);
    let passes = cis("").await;
    assert_eq!(
        (&of(&passes, "2.1.1")["status"], &of(&passes, "2.1.1")["complete"]),
        (&json!("PASS"), &json!(true))
    );
    assert_eq!((&passes["passed"], &passes["score"]), (&json!(1), &json!(100.0)));

    let mut finding = written("site", "high", "FAIL");
    finding["check_id"] = json!(https);
    let second = tenant.admin.post("/api/v1/findings", &finding).await.expect(201);
    let fails = cis("").await;
    assert_eq!(
        (&of(&fails, "2.1.1")["status"], &fails["failed"], &fails["score"]),
        (&json!("FAIL"), &json!(1), &json!(0.0))
    );
    assert_eq!(fails["checks"][https]["findings"]["failed"], 1);
    let elsewhere = cis("?account=999999999999").await;
    assert_eq!(of(&elsewhere, "2.1.1")["status"], "not_checked");
    let scan = cis(&format!("?scan_id={}", first["scan_id"].as_str().unwrap())).await;
    assert_eq!(of(&scan, "2.1.1")["status"], "FAIL");

    // What somebody accepted counts so, and is said apart.
    let muted = json!({"triage": {"mute": {"reason": "until the move"}}});
    let path = format!("/api/v1/findings/{}", second["id"].as_str().unwrap());
    tenant.admin.patch(&path, &muted).await.expect(200);
    let accepted = of(&cis("").await, "2.1.1");
    assert_eq!((&accepted["status"], &accepted["findings"]["muted"]), (&json!("PASS"), &json!(1)));

    // A requirement that no check of the engine's tells is told by one of the tenant's own.
    let by_hand = nothing["requirements"].as_array().unwrap().iter().find(|one| one["checks"] == json!([]));
    let id = by_hand.unwrap()["id"].as_str().unwrap();
    let mut own = review("our_review");
    own["compliance"] = json!({"cis_3.0_aws": [id]});
    tenant.admin.post("/api/v1/checks", &own).await.expect(201);
    assert_eq!(of(&cis("").await, id)["status"], "not_checked");
    let mut finding = written("console", "high", "PASS");
    finding["check_id"] = json!("our_review");
    tenant.admin.post("/api/v1/findings", &finding).await.expect(201);
    assert_eq!(of(&cis("").await, id)["status"], "PASS");

    let overview = tenant.auditor.get("/api/v1/compliance").await.expect(200);
    let frameworks = overview["frameworks"].as_array().unwrap();
    let of_cis = frameworks.iter().find(|one| one["id"] == "cis_3.0_aws").unwrap();
    assert_eq!((&of_cis["passed"], &of_cis["findings_muted"]), (&json!(2), &json!(1)));
    let foreign = format!("/api/v1/compliance?scan_id={}", first["scan_id"].as_str().unwrap());
    shared().await.tenant().await.auditor.get(&foreign).await.problem(404);
    let problem = tenant.auditor.get(&format!("{foreign}&provider=azure")).await.problem(400);
    assert_eq!(problem["errors"][0]["parameter"], "provider");
}

#[tokio::test]
async fn frameworks_are_listed_with_their_requirements() {
    with_prowler!();
    let tenant = shared().await.tenant().await;
    let page = tenant.auditor.get("/api/v1/frameworks?limit=1000").await.expect(200);
    let cis = page["items"].as_array().unwrap().iter().find(|one| one["id"] == "cis_3.0_aws").unwrap();
    let whole = tenant.auditor.get("/api/v1/frameworks/cis_3.0_aws").await.expect(200);
    let requirements = whole["requirements"].as_array().unwrap();
    assert_eq!(cis["requirements_total"], requirements.len());
    let mut checks: Vec<_> = requirements.iter().flat_map(|one| one["checks"].as_array().unwrap()).collect();
    checks.sort_by_key(ToString::to_string);
    checks.dedup();
    assert_eq!(cis["checks_total"], checks.len());
    tenant.auditor.get("/api/v1/frameworks/cis_3.0_aws?provider=azure").await.problem(404);
}

#[tokio::test]
async fn the_worst_come_first_and_counts_by_framework_agree_with_the_findings() {
    with_prowler!();
    let tenant = shared().await.tenant().await;
    let write = async |bucket: &str, check: &str, severity: &str| {
        let mut finding = written(bucket, severity, "FAIL");
        finding["check_id"] = json!(check);
        tenant.admin.post("/api/v1/findings", &finding).await.expect(201)
    };
    for bucket in ["a", "b", "c"] {
        write(bucket, "s3_bucket_secure_transport_policy", "medium").await;
    }
    write("a", "s3_bucket_public_access", "critical").await;
    write("a", "of_nobody", "low").await;
    let risks = tenant.auditor.get("/api/v1/findings/risks").await.expect(200);
    let ranked: Vec<_> =
        risks["items"].as_array().unwrap().iter().map(|one| (&one["check_id"], &one["score"])).collect();
    let expected =
        [("s3_bucket_public_access", 256), ("s3_bucket_secure_transport_policy", 48), ("of_nobody", 4)];
    assert_eq!(
        ranked,
        expected.map(|(id, score)| (json!(id), json!(score))).each_ref().map(|(id, score)| (id, score))
    );
    assert_eq!(risks["items"][1]["resources"], 3);
    assert!(!risks["items"][0]["remediation"].as_str().unwrap().is_empty());
    assert_eq!(risks["items"][2]["risk"], "");
    let one = tenant.auditor.get("/api/v1/findings/risks?limit=1").await.expect(200);
    assert_eq!(one["items"].as_array().unwrap().len(), 1);

    let stats = tenant.auditor.get("/api/v1/findings/stats").await.expect(200);
    let cis = stats["by_framework"].as_array().unwrap();
    assert!(cis.iter().all(|one| one["failed"].as_u64().unwrap() <= 4), "{cis:?}");
    assert!(cis.iter().any(|one| one["failed"] == 4), "{cis:?}");
    // Findings by hand are of no time.
    assert_eq!(stats["over_time"], json!([]));
    let file = json!([crate::scans::ocsf("logs")]).to_string().into_bytes();
    let brought = tenant.admin.post_bytes("/api/v1/scans/import", "application/json", file).await.expect(201);
    let stats = tenant.auditor.get("/api/v1/findings/stats").await.expect(200);
    assert_eq!(stats["over_time"][0]["scan_id"], brought["scan"]["id"]);
    assert_eq!(
        (&stats["over_time"][0]["failed"], &stats["over_time"][0]["severities"]["critical"]),
        (&json!(1), &json!(1))
    );
}
