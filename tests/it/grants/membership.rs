//! Giving a member a part of the entries, and taking it back.

use serde_json::{Value, json};

use super::setting::{GRANT, member, written};
use crate::{
    coverage::entry_of,
    support::{Api, Tenant, shared, socket},
};

/// The actions that somebody reads, without the system's own.
async fn reads(api: &Api) -> Vec<String> {
    let page = api.get("/api/v1/logs?limit=1000&sort=received_at").await.expect(200);
    let actions = page["items"].as_array().unwrap().iter().map(|item| item["action"].as_str().unwrap());
    actions.filter(|action| !action.starts_with("custody.")).map(str::to_owned).collect()
}

async fn two_entries(tenant: &Tenant) {
    written(&tenant.writer, &json!({"action": "a.hidden", "actor": {"id": "u"}})).await;
    let shown = json!({"action": "a.shown", "actor": {"id": "u"}, "resource": {"type": "shown", "id": "1"}});
    written(&tenant.writer, &shown).await;
}

#[tokio::test]
async fn a_grant_counts_from_the_next_request_on_and_is_in_the_log() {
    let server = shared().await;
    let tenant = server.tenant().await;
    two_entries(&tenant).await;
    let (id, person) = member(server, &tenant, &json!({"role": "auditor"})).await;
    assert_eq!(reads(&person).await, ["a.hidden", "a.shown"]);

    let path = format!("/api/v1/users/{id}");
    let changed = tenant.admin.patch(&path, &json!({"grant": GRANT})).await.expect(200);
    assert_eq!((&changed["role"], &changed["grant"]), (&json!("auditor"), &json!(GRANT)));
    assert_eq!(reads(&person).await, ["a.shown"]);
    assert_eq!(tenant.admin.get(&path).await.expect(200), changed);
    assert_eq!(person.get("/api/v1/auth/me").await.expect(200)["grant"], GRANT);
    let entry = entry_of(&tenant.auditor, "custody.membership.updated", "PATCH /api/v1/users/{id}").await;
    assert_eq!(entry["before"], json!({"role": "auditor"}));
    assert_eq!(entry["after"], json!({"role": "auditor", "grant": GRANT}));

    // Said again, it stays; another role ends it.
    tenant.admin.patch(&path, &json!({"role": "auditor"})).await.expect(200);
    assert_eq!(reads(&person).await, ["a.shown"]);
    let user = tenant.admin.patch(&path, &json!({"role": "user"})).await.expect(200);
    assert_eq!(user["grant"], Value::Null);
    let back =
        tenant.admin.patch(&path, &json!({"role": "auditor", "grant": "action:a.*"})).await.expect(200);
    assert_eq!(back["grant"], "action:a.*");
    tenant.admin.patch(&path, &json!({"grant": null})).await.expect(200);
    assert_eq!(reads(&person).await, ["a.hidden", "a.shown"]);
}

/// The operator makes an auditor who never reads more.
#[tokio::test]
async fn a_person_is_made_with_a_grant_by_the_command_line() {
    let server = shared().await;
    let tenant = server.tenant().await;
    two_entries(&tenant).await;
    let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
    let create = ["user", "create", &email, "--tenant", &tenant.name, "--grant", GRANT, "--role"];
    let refused = server.command(&[&create[..], &["admin"]].concat()).output().await.unwrap();
    assert!(!refused.status.success(), "a grant is an auditor's");
    let made = server.custody_json(&[&create[..], &["auditor"]].concat()).await;
    assert_eq!(made["grant"], GRANT);
    let once = json!({"email": email, "password": made["one_time_secret"], "tenant": tenant.name});
    let session = server.anonymous().post("/api/v1/auth/login", &once).await.expect(200);
    let person = server.anonymous().with_token(session["access_token"].as_str().unwrap());
    person.post("/api/v1/auth/password", &json!({"password": "correct horse battery"})).await.expect(204);
    assert_eq!(reads(&person).await, ["a.shown"]);
    let page = tenant.admin.get("/api/v1/users").await.expect(200);
    assert!(page.to_string().contains(GRANT), "{page}");
    let path = "/api/v1/logs?action=custody.membership.created";
    let told = custody_testkit::eventually("the log tells of it", || async {
        let page = tenant.admin.get(path).await.expect(200);
        page["items"].as_array().unwrap().iter().find(|entry| entry["resource"]["name"] == *email).cloned()
    })
    .await;
    assert_eq!(told["after"], json!({"role": "auditor", "grant": GRANT}));
}

#[tokio::test]
async fn what_is_no_grant_is_refused_and_says_where_it_is_wrong() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (id, _) = member(server, &tenant, &json!({"role": "auditor"})).await;
    let path = format!("/api/v1/users/{id}");
    let refused =
        async |change: Value| tenant.admin.patch(&path, &change).await.problem(422)["errors"][0].clone();

    let error = refused(json!({"grant": "actor:x (action:y"})).await;
    assert_eq!((&error["pointer"], &error["offset"]), (&json!("/grant"), &json!(8)), "{error}");
    assert!(error["hint"].is_string(), "{error}");
    for everything in ["", "*"] {
        assert_eq!(refused(json!({"grant": everything})).await["pointer"], "/grant");
    }
    assert_eq!(refused(json!({"grant": "\"a\u{0}\""})).await["pointer"], "/grant");
    assert_eq!(refused(json!({"grant": 7})).await["pointer"], "/grant");
    assert_eq!(refused(json!({"role": "admin", "grant": "a"})).await["pointer"], "/grant");
    assert_eq!(refused(json!({})).await["pointer"], "/role");
    let long = format!("\"{}\"", "x".repeat(9000));
    assert_eq!(refused(json!({"grant": long})).await["pointer"], "/grant");
    let wish = json!({"email": "a@example.com", "role": "user", "grant": "a"});
    let error = tenant.admin.post("/api/v1/invitations", &wish).await.problem(422);
    assert_eq!(error["errors"][0]["pointer"], "/grant");
    assert_eq!(tenant.admin.get(&path).await.expect(200)["grant"], Value::Null);
}

#[tokio::test]
async fn who_is_invited_with_a_grant_never_reads_more() {
    let server = shared().await;
    let tenant = server.tenant().await;
    two_entries(&tenant).await;
    let (_, person) = member(server, &tenant, &json!({"role": "auditor", "grant": GRANT})).await;
    assert_eq!(reads(&person).await, ["a.shown"]);
    let list = tenant.admin.get("/api/v1/invitations").await.expect(200);
    assert_eq!(list["items"][0]["grant"], GRANT);
}

#[tokio::test]
async fn a_ticket_carries_the_grant_and_a_stream_hears_of_another() {
    let server = shared().await;
    let tenant = server.tenant().await;
    two_entries(&tenant).await;
    let (id, person) = member(server, &tenant, &json!({"role": "auditor", "grant": GRANT})).await;
    let ticket = person.post("/api/v1/auth/ticket", &json!({})).await.expect(201);
    let path =
        format!("/api/v1/logs/stream?after=0&q=action:a.*&ticket={}", ticket["ticket"].as_str().unwrap());
    let mut socket = socket::open(server, &path, None).await.unwrap();
    assert_eq!(socket::next(&mut socket).await.unwrap()["type"], "open");
    let next = async |socket: &mut socket::Socket| loop {
        let message = socket::next(socket).await.unwrap();
        if message["type"] == "entry" {
            return message["entry"]["action"].as_str().unwrap().to_owned();
        }
    };
    assert_eq!(next(&mut socket).await, "a.shown");
    tenant.admin.patch(&format!("/api/v1/users/{id}"), &json!({"grant": "action:a.later"})).await.expect(200);
    let mut brought = String::new();
    while brought != "a.later" {
        two_entries(&tenant).await;
        written(&tenant.writer, &json!({"action": "a.later", "actor": {"id": "u"}})).await;
        brought = next(&mut socket).await;
    }
    two_entries(&tenant).await;
    written(&tenant.writer, &json!({"action": "a.later", "actor": {"id": "u"}})).await;
    assert_eq!(next(&mut socket).await, "a.later");
}
