//! What becomes of a stream when its credential does not stay what it was.

use serde_json::json;
use uuid::Uuid;

use super::{STREAM, entries, follow, seqs, write};
use crate::support::{
    Api, Server, Tenant, shared,
    socket::{all, next, open},
};

/// A person with this role, signed in, and the path of their membership.
async fn person(server: &Server, tenant: &Tenant, role: &str) -> (Api, String) {
    let email = format!("{}@example.com", Uuid::new_v4().simple());
    let wish = json!({"email": email, "role": role});
    let invitation = tenant.admin.post("/api/v1/invitations", &wish).await.expect(201);
    let secret = server.invitation_secret(&tenant.name, &invitation).await;
    let (anonymous, password) = (server.anonymous(), "correct horse battery");
    anonymous.post("/api/v1/auth/accept", &json!({"secret": secret, "password": password})).await.expect(200);
    let sign_in = json!({"email": email, "password": password, "tenant": tenant.name});
    let session = anonymous.post("/api/v1/auth/login", &sign_in).await.expect(200);
    let me = anonymous.with_token(session["access_token"].as_str().unwrap());
    let users = tenant.admin.get("/api/v1/users").await.expect(200);
    let user = users["items"].as_array().unwrap().iter().find(|user| user["email"] == email).unwrap();
    let membership = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    (me, membership)
}

#[tokio::test]
async fn an_expired_token_closes_with_its_own_code() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let issue = ["token", "issue", "--tenant", &tenant.name, "--role", "auditor", "--ttl", "10s"];
    let token = server.custody(&issue).await;
    let api = server.anonymous().with_token(token.trim());
    let (mut socket, _) = follow(server, &api, "").await;
    assert_eq!(all(&mut socket).await.1, 4001);
}

#[tokio::test]
async fn a_revoked_key_closes_with_its_code_also_where_entries_never_pause() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let key = json!({"name": "k", "role": "auditor"});
    let key = tenant.admin.post("/api/v1/api-keys", &key).await.expect(201);
    let api = server.anonymous().with_token(key["key"].as_str().unwrap());
    let ticket = api.post("/api/v1/auth/ticket", &json!({})).await.expect(201);
    let by_ticket = format!("{STREAM}?ticket={}", ticket["ticket"].as_str().unwrap());
    let (by_key, _) = follow(server, &api, "").await;
    let mut streams = [by_key, open(server, &by_ticket, None).await.unwrap()];
    next(&mut streams[1]).await.unwrap();
    assert!(open(server, &by_ticket, None).await.is_err(), "one use");
    tenant.admin.delete(&format!("/api/v1/api-keys/{}", key["id"].as_str().unwrap())).await.expect(204);
    let ended = futures::future::join_all(streams.iter_mut().map(all));
    tokio::pin!(ended);
    let ended = loop {
        tokio::select! {
            ended = &mut ended => break ended,
            _ = write(&tenant, "test.more", 20) => {}
        }
    };
    assert!(ended.iter().all(|(_, code)| *code == 1008));
}

#[tokio::test]
async fn a_role_that_may_not_read_any_more_closes_and_one_that_may_read_less_gets_less() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (me, membership) = person(server, &tenant, "auditor").await;
    let (mut socket, _) = follow(server, &me, "q=action:test.*").await;
    let theirs = write(&tenant, "test.theirs", 1).await;
    assert_eq!(seqs(&entries(&mut socket, 1).await), theirs);

    tenant.admin.patch(&membership, &json!({"role": "user"})).await.expect(200);
    // Until it acts, which it does within some seconds, others' entries may still come.
    let own = json!({"action": "test.own", "actor": {"id": "me"}});
    let mut since_own = 0;
    for _ in 0..40 {
        write(&tenant, "test.theirs", 1).await;
        me.post("/api/v1/logs", &own).await.expect(201);
        let next = entries(&mut socket, 1).await.remove(0);
        if next["action"] == "test.own" {
            since_own += 1;
        } else {
            since_own = 0;
            entries(&mut socket, 1).await;
        }
        if since_own == 5 {
            break;
        }
        // The role is looked at once a second, and there is nothing to be seen of that from outside.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    assert_eq!(since_own, 5, "others' entries still come");

    tenant.admin.patch(&membership, &json!({"role": "writer"})).await.expect(200);
    assert_eq!(all(&mut socket).await.1, 4003);
}
