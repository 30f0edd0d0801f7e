//! Two tenants with real CloudTrail: every operation called with the other tenant's ids, by every
//! role, answers byte for byte as for ids that never were.

use std::collections::BTreeMap;

use custody_auth::Operation;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Called, FILE};
use crate::jobs::ended;
use crate::support::{Answer, Api, Server, Tenant, shared};

/// One real id of each kind that stands in a path, all of one tenant.
struct Belongings(BTreeMap<&'static str, String>);

impl Belongings {
    #[expect(clippy::too_many_lines, reason = "one of each, in a row")]
    async fn of(server: &Server, tenant: &Tenant) -> Self {
        let text = |value: &Value, key: &str| {
            value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}")).to_owned()
        };
        if let Some(folder) = custody_testkit::data::path("cloudtrail") {
            let file = std::fs::read_dir(folder)
                .unwrap()
                .map(|f| f.unwrap().path())
                .find(|p| p.extension().is_some_and(|e| e == "json"));
            let bytes = std::fs::read(file.unwrap()).unwrap();
            let answer = tenant
                .writer
                .post_bytes("/api/v1/logs/bulk?format=cloudtrail", "application/json", bytes)
                .await
                .expect(200);
            assert_eq!(answer["quarantined"], 0, "{answer}");
        }
        let entry = tenant.write("theirs.only").await;
        let quarantined =
            tenant.writer.post("/api/v1/logs", &json!({"actor": {"id": "u"}})).await.problem(422);
        let email = format!("{}@example.com", Uuid::new_v4().simple());
        let invitation = tenant
            .admin
            .post("/api/v1/invitations", &json!({"email": email, "role": "auditor"}))
            .await
            .expect(201);
        let secret = server.invitation_secret(&tenant.name, &invitation).await;
        let accept = json!({"secret": secret, "password": "correct horse battery"});
        tenant.admin.post("/api/v1/auth/accept", &accept).await.expect(200);
        let users = tenant.admin.get("/api/v1/users").await.expect(200);
        let open = json!({"email": format!("{}@example.com", Uuid::new_v4().simple()), "role": "user"});
        let open = tenant.admin.post("/api/v1/invitations", &open).await.expect(201);
        let key = tenant
            .admin
            .post("/api/v1/api-keys", &json!({"name": "theirs", "role": "writer"}))
            .await
            .expect(201);
        let job = server.probe(tenant, &["--act", &format!("file:{FILE}:9"), "--act", "fatal"]).await;
        ended(&tenant.admin, &job).await;
        let finding = crate::findings::written("theirs-only", "high", "FAIL");
        let finding = tenant.admin.post("/api/v1/findings", &finding).await.expect(201);
        let scan = text(&finding, "scan_id");
        let provider = json!({"name": "theirs", "provider": "aws"});
        let provider = tenant.admin.post("/api/v1/providers", &provider).await.expect(201);
        let check = json!({"id": "theirs-only-check", "title": "Theirs", "severity": "low"});
        let check = tenant.admin.post("/api/v1/checks", &check).await.expect(201);
        Self(BTreeMap::from([
            ("/api/v1/checks/{id}", text(&check, "id")),
            ("/api/v1/findings/{id}", text(&finding, "id")),
            ("/api/v1/findings/{id}/causes", text(&finding, "id")),
            ("/api/v1/scans/{id}", scan.clone()),
            ("/api/v1/scans/{id}/status", scan.clone()),
            ("/api/v1/scans/{id}/stream", scan.clone()),
            ("/api/v1/scans/{id}/cancel", scan.clone()),
            ("/api/v1/scans/{id}/log", scan.clone()),
            ("/api/v1/scans/{id}/export", scan.clone()),
            ("/api/v1/scans/{id}/report", scan.clone()),
            ("/api/v1/scans/{id}/compare", scan.clone()),
            ("/api/v1/scans/{id}/checks", scan),
            ("/api/v1/providers/{id}", text(&provider, "id")),
            ("/api/v1/logs/{id}", text(&entry, "id")),
            ("/api/v1/logs/{id}/proof", text(&entry, "id")),
            ("/api/v1/logs/{id}/related", text(&entry, "id")),
            ("/api/v1/logs/{id}/findings", text(&entry, "id")),
            ("/api/v1/quarantine/{id}", text(&quarantined, "quarantine_id")),
            ("/api/v1/quarantine/{id}/content", text(&quarantined, "quarantine_id")),
            ("/api/v1/quarantine/{id}/replay", text(&quarantined, "quarantine_id")),
            ("/api/v1/jobs/{id}", job.clone()),
            ("/api/v1/jobs/{id}/stream", job.clone()),
            ("/api/v1/jobs/{id}/cancel", job.clone()),
            ("/api/v1/jobs/{id}/retry", job.clone()),
            ("/api/v1/jobs/{id}/files", job.clone()),
            ("/api/v1/jobs/{id}/files/{name}", job.clone()),
            ("/api/v1/jobs/{id}/files/{name}/url", job),
            ("/api/v1/users/{id}", text(&users["items"][0], "id")),
            ("/api/v1/invitations/{id}", text(&open, "id")),
            ("/api/v1/api-keys/{id}", text(&key, "id")),
            ("/api/v1/tenants/{id}", tenant.id.clone()),
        ]))
    }
}

/// What tells a stranger that `id` exists: any difference to an id that never was.
async fn told_apart(called: Called, api: &Api, id: &str) -> Option<String> {
    let theirs = called.call(api, id).await;
    let never = called.call(api, &Uuid::now_v7().to_string()).await;
    let same =
        theirs.status == never.status && theirs.bytes == never.bytes && theirs.status.is_client_error();
    (!same).then(|| {
        let (theirs_text, never_text) =
            (String::from_utf8_lossy(&theirs.bytes), String::from_utf8_lossy(&never.bytes));
        format!("{}: theirs {} {theirs_text}, never {} {never_text}", called.id, theirs.status, never.status)
    })
}

async fn setting(server: &Server) -> (Tenant, Belongings) {
    let (me, them) = tokio::join!(server.tenant(), server.tenant());
    let belongings = Belongings::of(server, &them).await;
    (me, belongings)
}

#[tokio::test]
async fn every_operation_answers_for_another_tenant_s_ids_as_for_ids_that_never_were() {
    let server = shared().await;
    let (me, theirs) = setting(server).await;
    let operator = server.token(None, "operator").await;
    let mut wrong = Vec::new();
    for operation in Operation::ALL.iter().filter(|o| o.route().contains("{id}")) {
        let called = Called::from(*operation);
        let path = called.route.split_once(' ').unwrap().1;
        let id = theirs.0.get(path).unwrap_or_else(|| panic!("no belonging for {path}: add one"));
        // Which tenants there are is the operator's business.
        let also = (*operation != Operation::GetTenant).then_some(("operator", &operator));
        for (role, api) in me.callers().into_iter().chain(also) {
            wrong.extend(
                told_apart(called, api, id).await.map(|difference| format!("as {role}: {difference}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_foreign_tenant_in_a_body_is_answered_as_one_that_never_was() {
    let server = shared().await;
    let (me, them) = tokio::join!(server.tenant(), server.tenant());
    let never = Uuid::now_v7().to_string();
    let answer = async |path: &str, api: &Api, body: Value| {
        let request = api.request(reqwest::Method::POST, path).header("x-request-id", "same").json(&body);
        let answer = Answer::of(request).await;
        let mut shown = answer.json();
        assert!(answer.status.is_client_error() || shown["items"][0]["status"] == "quarantined", "{shown}");
        // Each kept item has an id of its own.
        let item = if shown["items"].is_array() { &mut shown["items"][0] } else { &mut shown };
        for key in ["quarantine_id", "id"] {
            item.as_object_mut().unwrap().remove(key);
        }
        (answer.status, shown.to_string())
    };
    for (role, api) in me.callers() {
        let entry = |tenant: &str| json!({"tenant_id": tenant, "action": "a.b", "actor": {"id": "u"}});
        let bulk = |tenant: &str| json!([entry(tenant)]);
        if role == "auditor" {
            continue;
        }
        let theirs = answer("/api/v1/logs", api, entry(&them.id)).await;
        assert_eq!(theirs, answer("/api/v1/logs", api, entry(&never)).await, "{role}");
        let theirs = answer("/api/v1/logs/bulk", api, bulk(&them.id)).await;
        assert_eq!(theirs, answer("/api/v1/logs/bulk", api, bulk(&never)).await, "{role}");
    }

    let email = format!("{}@example.com", Uuid::new_v4().simple());
    let invitation = me.admin.post("/api/v1/invitations", &json!({"email": email, "role": "user"})).await;
    let secret = server.invitation_secret(&me.name, &invitation.expect(201)).await;
    let anonymous = server.anonymous();
    let password = "correct horse battery";
    anonymous.post("/api/v1/auth/accept", &json!({"secret": secret, "password": password})).await.expect(200);
    let sign_in = |tenant: &str| json!({"email": email, "password": password, "tenant": tenant});
    let theirs = answer("/api/v1/auth/login", &anonymous, sign_in(&them.name)).await;
    assert_eq!(theirs, answer("/api/v1/auth/login", &anonymous, sign_in("never-was")).await);
    let session = anonymous.post("/api/v1/auth/login", &sign_in(&me.name)).await.expect(200);
    let switch = |tenant: &str| json!({"refresh_token": session["refresh_token"], "tenant": tenant});
    let theirs = answer("/api/v1/auth/token", &anonymous, switch(&them.id)).await;
    assert_eq!(theirs, answer("/api/v1/auth/token", &anonymous, switch(&never)).await);
    anonymous.post("/api/v1/auth/token", &switch(&me.id)).await.expect(200);
}

#[tokio::test]
async fn lists_hold_nothing_of_another_tenant() {
    let server = shared().await;
    let (me, theirs) = setting(server).await;
    for operation in
        Operation::ALL.iter().filter(|o| o.route().starts_with("GET ") && !o.route().contains("{id}"))
    {
        for (role, api) in me.callers() {
            let answer = Called::from(*operation).call(api, "").await;
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            for id in theirs.0.values() {
                assert!(!text.contains(id.as_str()), "{} as {role} shows {id}", operation.id());
            }
        }
    }
}

#[tokio::test]
async fn an_operation_that_tells_them_apart_is_found() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let id = tenant.write("own.entry").await["id"].as_str().unwrap().to_owned();
    // The owner's own view stands for a route that forgot the tenant.
    let broken = Called { id: "broken", route: "GET /api/v1/logs/{id}" };
    assert!(told_apart(broken, &tenant.auditor, &id).await.is_some());
}
