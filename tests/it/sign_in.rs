//! Signing in, staying signed in, and credentials that are none.

use serde_json::{Value, json};

use crate::support::{Server, Tenant, server::Options, shared};

const PASSWORD: &str = "correct horse battery";

/// A person made by the operator's command, signed in once with the one-time secret.
async fn person(server: &Server, tenant: &Tenant, role: &str) -> (String, Value) {
    let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
    let made =
        server.custody_json(&["user", "create", &email, "--tenant", &tenant.name, "--role", role]).await;
    let once = json!({"email": email, "password": made["one_time_secret"], "tenant": tenant.name});
    let session = server.anonymous().post("/api/v1/auth/login", &once).await.expect(200);
    assert_eq!(session["must_set_password"], true);
    let me = server.anonymous().with_token(session["access_token"].as_str().unwrap());
    me.post("/api/v1/auth/password", &json!({"password": PASSWORD})).await.expect(204);
    server.anonymous().post("/api/v1/auth/login", &once).await.problem(401);
    (email, session)
}

#[tokio::test]
async fn a_one_time_secret_signs_in_once_and_a_password_again() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (email, _) = person(server, &tenant, "auditor").await;
    let sign_in = json!({"email": email, "password": PASSWORD});
    let session = server.anonymous().post("/api/v1/auth/login", &sign_in).await.expect(200);
    assert_eq!(session["tenant"]["id"], tenant.id);
    assert_eq!(session["role"], "auditor");
    let me = server.anonymous().with_token(session["access_token"].as_str().unwrap());
    let who = me.get("/api/v1/auth/me").await.expect(200);
    assert_eq!(who["name"], email.as_str());
    me.get("/api/v1/logs").await.expect(200);

    let wrong = json!({"email": email, "password": "incorrect horse"});
    let wrong = server.anonymous().post("/api/v1/auth/login", &wrong).await;
    let unknown = json!({"email": "nobody@example.com", "password": "incorrect horse"});
    let unknown = server.anonymous().post("/api/v1/auth/login", &unknown).await;
    assert_eq!(wrong.problem(401)["detail"], unknown.problem(401)["detail"]);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_session() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (_, session) = person(server, &tenant, "auditor").await;
    let refresh = |token: &Value| {
        let body = json!({"refresh_token": token});
        async move { server.anonymous().post("/api/v1/auth/token", &body).await }
    };
    let next = refresh(&session["refresh_token"]).await.expect(200);
    refresh(&session["refresh_token"]).await.problem(401);
    refresh(&next["refresh_token"]).await.problem(401);
}

#[tokio::test]
async fn a_person_of_two_tenants_switches_between_them() {
    let server = shared().await;
    let (one, two) = tokio::join!(server.tenant(), server.tenant());
    let (email, _) = person(server, &one, "auditor").await;
    let wish = json!({"email": email, "role": "admin"});
    let invitation = two.admin.post("/api/v1/invitations", &wish).await.expect(201);
    let secret = server.invitation_secret(&two.name, &invitation).await;
    let accept = json!({"secret": secret, "password": PASSWORD});
    server.anonymous().post("/api/v1/auth/accept", &accept).await.expect(200);

    let sign_in = json!({"email": email, "password": PASSWORD, "tenant": one.name});
    let session = server.anonymous().post("/api/v1/auth/login", &sign_in).await.expect(200);
    let switch = json!({"refresh_token": session["refresh_token"], "tenant": two.name});
    let switched = server.anonymous().post("/api/v1/auth/token", &switch).await.expect(200);
    assert_eq!(switched["tenant"]["id"], two.id);
    assert_eq!(switched["role"], "admin");
    assert_ne!(switched["session_id"], session["session_id"]);
    let me = server.anonymous().with_token(switched["access_token"].as_str().unwrap());
    let tenants = me.get("/api/v1/tenants").await.expect(200);
    let mut names: Vec<_> =
        tenants["items"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    let mut expected = [one.name.as_str(), two.name.as_str()];
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn an_invitation_says_the_same_whether_the_address_is_known_or_not() {
    let server = shared().await;
    let (one, two) = tokio::join!(server.tenant(), server.tenant());
    let (known, _) = person(server, &one, "auditor").await;
    let unknown = format!("{}@example.com", uuid::Uuid::new_v4().simple());
    // All but what is each one's own: which it is, whose, and when.
    let shape = |answer: &Value| {
        let mut shape = answer.clone();
        for own in ["id", "email", "created_at", "expires_at"] {
            assert!(shape.as_object_mut().unwrap().remove(own).is_some(), "{own}: {answer}");
        }
        shape
    };
    let mut answers = Vec::new();
    for email in [&known, &unknown] {
        let wish = json!({"email": email, "role": "user"});
        answers.push(two.admin.post("/api/v1/invitations", &wish).await.expect(201));
    }
    assert_eq!(shape(&answers[0]), shape(&answers[1]));
    let list = two.admin.get("/api/v1/invitations").await.expect(200);
    for shown in answers.iter().chain(list["items"].as_array().unwrap()) {
        assert!(!shown.to_string().contains("secret") && !shown.to_string().contains("custi_"), "{shown}");
    }
    let secret = server.invitation_secret(&two.name, &answers[1]).await;
    let accept = json!({"secret": secret, "password": PASSWORD});
    server.anonymous().post("/api/v1/auth/accept", &accept).await.expect(200);
    assert!(server.anonymous().post("/api/v1/auth/accept", &accept).await.status.is_client_error());
}

#[tokio::test]
async fn an_admin_who_invites_cannot_accept_in_the_person_s_name() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
    let wish = json!({"email": email, "role": "user"});
    let made = tenant.admin.post("/api/v1/invitations", &wish).await.expect(201);
    for guess in made.as_object().unwrap().values().filter_map(Value::as_str) {
        for secret in [guess.to_owned(), format!("custi_{guess}")] {
            let accept = json!({"secret": secret, "password": PASSWORD});
            tenant.admin.post("/api/v1/auth/accept", &accept).await.problem(401);
        }
    }
    // The operator sees that it waits, hands it out, and the tenant's log tells of that.
    let list = ["invitation", "list", "--tenant", tenant.name.as_str()];
    let waiting = server.custody_json(&list).await;
    assert_eq!((&waiting[0]["id"], &waiting[0]["has_secret"]), (&made["id"], &json!(false)));
    let secret = server.invitation_secret(&tenant.name, &made).await;
    assert_eq!(server.custody_json(&list).await[0]["has_secret"], true);
    custody_testkit::eventually("the log tells of it", || async {
        let page =
            tenant.admin.get("/api/v1/logs?q=action:custody.invitation.secret_issued").await.expect(200);
        assert!(!page.to_string().contains(&secret));
        (page["items"][0]["resource"]["id"] == made["id"]).then_some(())
    })
    .await;
    let accept = json!({"secret": secret, "password": PASSWORD});
    server.anonymous().post("/api/v1/auth/accept", &accept).await.expect(200);
    assert_eq!(server.custody_json(&list).await, json!([]));
    let elsewhere = server.tenant().await;
    let args = ["invitation", "secret", made["id"].as_str().unwrap(), "--tenant", elsewhere.name.as_str()];
    assert!(!server.command(&args).output().await.unwrap().status.success());
}

#[tokio::test]
async fn an_api_key_is_shown_once_works_and_can_be_taken_back() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let made =
        tenant.admin.post("/api/v1/api-keys", &json!({"name": "shop", "role": "writer"})).await.expect(201);
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let shown = tenant.admin.get(&format!("/api/v1/api-keys/{id}")).await;
    assert!(!String::from_utf8_lossy(&shown.bytes).contains(key));
    assert!(key.contains(shown.expect(200)["prefix"].as_str().unwrap()));

    let shop = server.anonymous().with_token(key);
    let entry = json!({"action": "a.b", "actor": {"id": "u"}});
    let receipt = shop.post("/api/v1/logs", &entry).await.expect(201);
    let entry_url = format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap());
    let stored = tenant.auditor.get(&entry_url).await.expect(200);
    assert_eq!(stored["recorded_by"]["principal"], format!("key:{id}"));
    shop.get("/api/v1/logs").await.problem(403);

    tenant.admin.delete(&format!("/api/v1/api-keys/{id}")).await.expect(204);
    // Verified credentials may be cached for five seconds.
    custody_testkit::eventually("the key stops working", || async {
        (shop.post("/api/v1/logs", &entry).await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_tenant_keeps_its_last_admin() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (email, _) = person(server, &tenant, "admin").await;
    let users = tenant.admin.get("/api/v1/users").await.expect(200);
    let id = users["items"].as_array().unwrap().iter().find(|u| u["email"] == email.as_str()).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    tenant.admin.patch(&format!("/api/v1/users/{id}"), &json!({"role": "user"})).await.problem(409);
    tenant.admin.delete(&format!("/api/v1/users/{id}")).await.problem(409);
}

#[tokio::test]
async fn the_operator_makes_tenants_and_sees_none_of_their_data() {
    let server = shared().await;
    let operator = server.token(None, "operator").await;
    let name = format!("o-{}", &uuid::Uuid::new_v4().simple().to_string()[..10]);
    let made = operator.post("/api/v1/tenants", &json!({"name": name})).await.expect(201);
    operator.post("/api/v1/tenants", &json!({"name": name})).await.problem(409);
    operator.post("/api/v1/tenants", &json!({"name": "Not A Slug!"})).await.problem(422);
    let tenant = server.tenant().await;
    tenant.write("secret.deed").await;
    let page = operator.get("/api/v1/logs?limit=1000").await.expect(200);
    let actions: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert!(actions.iter().all(|action| action.starts_with("custody.")), "{actions:?}");
    operator.get(&format!("/api/v1/tenants/{}", made["id"].as_str().unwrap())).await.expect(200);
    tenant.admin.post("/api/v1/tenants", &json!({"name": "mine"})).await.problem(403);
}

#[tokio::test]
async fn a_new_signing_key_leaves_old_tokens_good_unless_they_are_distrusted() {
    let database = custody_testkit::TestDatabase::create().await.url().to_owned();
    let server = Server::start(Options { database: Some(database), ..Options::default() }).await;
    let tenant = server.tenant().await;
    server.custody(&["keys", "rotate"]).await;
    tenant.auditor.get("/api/v1/logs").await.expect(200);
    server.token(Some(&tenant.name), "auditor").await.get("/api/v1/logs").await.expect(200);
    server.custody(&["keys", "rotate", "--distrust-old"]).await;
    custody_testkit::eventually("old tokens stop working", || async {
        (tenant.auditor.get("/api/v1/logs").await.status == 401).then_some(())
    })
    .await;
    server.token(Some(&tenant.name), "auditor").await.get("/api/v1/logs").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn the_signing_keys_are_published_and_verify_our_tokens() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let keys = server.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let header = jsonwebtoken::decode_header(tenant.auditor.bearer()).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::EdDSA);
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).unwrap();
    assert!(keys.find(&header.kid.unwrap()).is_some());
}
