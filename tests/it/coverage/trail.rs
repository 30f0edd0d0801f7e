//! Does everything once that leaves a trail, and looks for it.

use custody_auth::Operation;
use custody_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::jobs::ended;
use crate::support::{Answer, Api, Server, Tenant, socket};

/// Every change of the API, done once in one tenant (and by the operator).
pub(crate) struct Deeds {
    tenant: Tenant,
    operator: Api,
}

impl Deeds {
    pub(crate) async fn done(server: &Server) -> Self {
        let tenant = server.tenant().await;
        let operator = server.token(None, "operator").await;
        let admin = &tenant.admin;
        let email = format!("{}@example.com", Uuid::new_v4().simple());
        let password = "correct horse battery";

        let name = format!("d-{}", &Uuid::new_v4().simple().to_string()[..10]);
        operator.post("/api/v1/tenants", &json!({"name": name})).await.expect(201);
        admin.put("/api/v1/mask-policy", &json!({"version": 1})).await.expect(200);
        let key = admin.post("/api/v1/api-keys", &json!({"name": "k", "role": "writer"})).await.expect(201);
        admin.delete(&format!("/api/v1/api-keys/{}", key["id"].as_str().unwrap())).await.expect(204);

        let wish = json!({"email": email, "role": "user"});
        let invitation = admin.post("/api/v1/invitations", &wish).await.expect(201);
        let secret = server.invitation_secret(&tenant.name, &invitation).await;
        let accept = json!({"secret": secret, "password": password});
        server.anonymous().post("/api/v1/auth/accept", &accept).await.expect(200);
        let other = json!({"email": "else@example.com", "role": "user"});
        let other = admin.post("/api/v1/invitations", &other).await.expect(201);
        admin.delete(&format!("/api/v1/invitations/{}", other["id"].as_str().unwrap())).await.expect(204);

        Self::person(server, &tenant, &email, password).await;
        Self::quarantine(&tenant).await;
        let job = format!("/api/v1/jobs/{}", server.probe(&tenant, &["--delay-ms", "3600000"]).await);
        admin.post(&format!("{job}/cancel"), &json!({})).await.expect(200);
        admin.post(&format!("{job}/retry"), &json!({})).await.expect(200);
        let left = server.probe(&tenant, &["--act", "file:left.txt:9"]).await;
        ended(admin, &left).await;
        admin.post(&format!("/api/v1/jobs/{left}/files/left.txt/url"), &json!({})).await.expect(200);
        admin.get("/api/v1/logs/export").await;
        admin.post("/api/v1/logs/export", &json!({})).await.expect(202);
        Self::findings(&tenant).await;
        Self::scans(&tenant).await;
        Self::checks(&tenant).await;
        Self::reads(server, &tenant).await;
        Self { tenant, operator }
    }

    /// Every read of entries.
    async fn reads(server: &Server, tenant: &Tenant) {
        let entry = tenant.write("coverage.read").await;
        let entry = format!("/api/v1/logs/{}", entry["id"].as_str().unwrap());
        let written = crate::findings::written("coverage.read", "high", "FAIL");
        let finding = tenant.admin.post("/api/v1/findings", &written).await.expect(201);
        for path in [
            "/api/v1/logs",
            "/api/v1/logs/stats",
            &entry,
            &format!("{entry}/related"),
            &format!("{entry}/findings"),
            &format!("/api/v1/findings/{}/causes", finding["id"].as_str().unwrap()),
            "/api/v1/log/entries",
        ] {
            assert_eq!(tenant.auditor.get(path).await.status, 200, "{path}");
        }
        // Its checkpoint may not be there yet.
        eventually("the proof", async || {
            let answer = tenant.auditor.get(&format!("{entry}/proof")).await;
            (answer.status == 200).then_some(())
        })
        .await;
        let mut socket = socket::open(server, "/api/v1/logs/stream", Some(&tenant.auditor)).await.unwrap();
        socket::next(&mut socket).await.unwrap();
    }

    /// What people do with what was found.
    async fn findings(tenant: &Tenant) {
        let admin = &tenant.admin;
        let written = crate::findings::written("coverage", "high", "FAIL");
        let finding = admin.post("/api/v1/findings", &written).await.expect(201);
        let finding = format!("/api/v1/findings/{}", finding["id"].as_str().unwrap());
        admin.patch(&finding, &json!({"triage": {"state": "accepted"}})).await.expect(200);
        let many = json!({"q": "severity:high", "triage": {"state": "open"}});
        admin.post("/api/v1/findings/triage", &many).await.expect(200);
        admin.delete(&finding).await.expect(204);
    }

    /// What people say of checks.
    async fn checks(tenant: &Tenant) {
        let admin = &tenant.admin;
        let check = json!({"id": "coverage", "provider": "manual", "title": "Reviewed", "severity": "low"});
        admin.post("/api/v1/checks", &check).await.expect(201);
        let check = "/api/v1/checks/coverage?provider=manual";
        admin.patch(check, &json!({"disabled": true})).await.expect(200);
        admin.delete(check).await.expect(204);
    }

    /// What people do about scans, and the accounts that they are of.
    async fn scans(tenant: &Tenant) {
        let admin = &tenant.admin;
        let provider =
            json!({"name": "coverage", "provider": "aws", "credentials": {"access_key_id": "AKIA"}});
        let provider = admin.post("/api/v1/providers", &provider).await.expect(201);
        let provider = format!("/api/v1/providers/{}", provider["id"].as_str().unwrap());
        admin.patch(&provider, &json!({"name": "renamed"})).await.expect(200);
        let id = provider.rsplit('/').next().unwrap();
        let nightly =
            json!({"cron": "0 3 * * *", "scan": {"provider_id": id, "scope": {"services": ["s3"]}}});
        admin.put("/api/v1/schedules/nightly", &nightly).await.expect(200);
        admin.delete("/api/v1/schedules/nightly").await.expect(204);
        admin.delete(&provider).await.expect(204);
        // Nobody is there to be asked: it ends by being cancelled, or by that.
        let scan = json!({"provider": "aws", "credentials": {"access_key_id": "AKIA", "secret_access_key": "x"},
            "settings": {"endpoint_url": "http://192.0.2.1"}, "scope": {"services": ["s3"]}});
        let scan = admin.post("/api/v1/scans", &scan).await.expect(201);
        let scan = format!("/api/v1/scans/{}", scan["id"].as_str().unwrap());
        admin.patch(&scan, &json!({"name": "renamed"})).await.expect(200);
        admin.post(&format!("{scan}/cancel"), &json!({})).await.expect(200);
        eventually("the scan's end", async || {
            let scan = admin.get(&scan).await.expect(200);
            scan["ended_at"].is_string().then_some(())
        })
        .await;
        admin.delete(&scan).await.expect(204);
        let file = json!([crate::scans::ocsf("coverage")]).to_string().into_bytes();
        let brought = admin.post_bytes("/api/v1/scans/import", "application/json", file).await.expect(201);
        let brought = format!("/api/v1/scans/{}", brought["scan"]["id"].as_str().unwrap());
        for copy in ["export", "report"] {
            assert_eq!(admin.get(&format!("{brought}/{copy}")).await.status, 200);
        }
    }

    /// What is done with what could not become an entry.
    async fn quarantine(tenant: &Tenant) {
        let admin = &tenant.admin;
        let kept = async |action: &str| {
            let event =
                json!({"action": action, "actor": {"id": "u"}, "occurred_at": "2026-01-31T09:30:00Z"});
            let kept = tenant.writer.post("/api/v1/logs", &event).await.problem(422);
            format!("/api/v1/quarantine/{}", kept["quarantine_id"].as_str().unwrap())
        };
        // No time any more, so nothing is taken until the policy is another one.
        let policy = json!({"version": 1, "mask": ["/occurred_at"]});
        admin.put("/api/v1/mask-policy", &policy).await.expect(200);
        let (first, second, _) = (kept("a.1").await, kept("a.2").await, kept("a.3").await);
        admin.get(&format!("{first}/content")).await.expect(200);
        let mended = json!({"action": "a.1", "actor": {"id": "u"}});
        admin.post(&format!("{first}/replay"), &mended).await.expect(201);
        admin.delete(&second).await.expect(204);
        admin.put("/api/v1/mask-policy", &json!({"version": 1})).await.expect(200);
        let all = json!({"all": true});
        assert_eq!(admin.post("/api/v1/quarantine/replay", &all).await.expect(200)["accepted"], 1);
        tenant.writer.post("/api/v1/logs", &json!({"action": "a.4"})).await.problem(422);
        assert_eq!(admin.post("/api/v1/quarantine/drop", &all).await.expect(200)["dropped"], 1);
    }

    /// What a person does with their own session, and what an admin then does to them.
    async fn person(server: &Server, tenant: &Tenant, email: &str, password: &str) {
        let anonymous = server.anonymous();
        let sign_in = json!({"email": email, "password": password, "tenant": tenant.name});
        let session = anonymous.post("/api/v1/auth/login", &sign_in).await.expect(200);
        let refresh = json!({"refresh_token": session["refresh_token"]});
        let session = anonymous.post("/api/v1/auth/token", &refresh).await.expect(200);
        let me = anonymous.with_token(session["access_token"].as_str().unwrap());
        me.post("/api/v1/auth/ticket", &json!({})).await.expect(201);
        let change = json!({"current_password": password, "password": "another correct horse"});
        me.post("/api/v1/auth/password", &change).await.expect(204);
        me.post("/api/v1/auth/logout", &json!({})).await.expect(204);

        let users = tenant.admin.get("/api/v1/users").await.expect(200);
        let user = users["items"].as_array().unwrap().iter().find(|user| user["email"] == email).unwrap();
        let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
        tenant.admin.patch(&path, &json!({"role": "auditor"})).await.expect(200);
        tenant.admin.delete(&path).await.expect(204);
    }

    /// Who can read the log that the operation writes to.
    pub(crate) fn log_of(&self, operation: Operation) -> Api {
        match operation {
            Operation::CreateTenant => self.operator.clone(),
            _ => self.tenant.auditor.clone(),
        }
    }
}

/// The newest entry with this action that came this way, as soon as it is in the log.
pub(crate) async fn entry_of(reader: &Api, action: &str, route: &str) -> Value {
    let query = format!("action:{action} recorded_by.via:\"{route}\"");
    eventually(action, || async {
        let request =
            reader.request(Method::GET, "/api/v1/logs").query(&[("q", query.as_str()), ("limit", "1")]);
        let page = Answer::of(request).await.expect(200);
        page["items"].get(0).cloned()
    })
    .await
}
