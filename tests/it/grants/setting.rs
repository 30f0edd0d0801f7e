//! A tenant of which a person may read a part.

use custody_testkit::eventually;
use serde_json::{Value, json};

use crate::{
    coverage::FILE,
    jobs::ended,
    support::{Api, Server, Tenant},
};

pub(super) const PASSWORD: &str = "correct horse battery";

/// What the row grants of these tests give.
pub(super) const GRANT: &str = "resource.type:shown";

/// Stands in every field of what is not given. A word of its own, so that it is found wherever it is cut.
pub(super) const NEEDLE: &str = "hiddenneedle";

/// A tenant with entries that are given and some that are not, and what was made of both.
pub(super) struct Setting {
    pub(super) tenant: Tenant,
    /// An auditor with the row grant.
    pub(super) restricted: Api,
    pub(super) hidden: String,
    pub(super) shown: String,
    /// Of what was kept beside the log.
    pub(super) quarantined: String,
    /// That somebody else asked for.
    pub(super) job: String,
    /// A finding, which is no entry, of what entries touched that are not given.
    pub(super) finding: String,
    /// Its scan.
    pub(super) scan: String,
    /// One of what entries touched of which one is given.
    pub(super) shown_finding: String,
}

impl Setting {
    pub(super) async fn of(server: &Server) -> Self {
        let tenant = server.tenant().await;
        let (_, restricted) = member(server, &tenant, &json!({"role": "auditor", "grant": GRANT})).await;
        let hidden = written(&tenant.writer, &hidden(1)).await;
        let broken = json!({"action": NEEDLE, "metadata": {NEEDLE: NEEDLE}});
        let quarantined = tenant.writer.post("/api/v1/logs", &broken).await.problem(422);
        let job = server.probe(&tenant, &["--act", &format!("file:{FILE}:9")]).await;
        ended(&tenant.admin, &job).await;
        written(&tenant.writer, &hidden_too()).await;
        let shown = written(&tenant.writer, &shown()).await;
        eventually("the producer is followed", async || {
            let list = tenant.auditor.get("/api/v1/producers").await.expect(200);
            list.to_string().contains(NEEDLE).then_some(())
        })
        .await;
        let quarantined = quarantined["quarantine_id"].as_str().unwrap().to_owned();
        let finding = async |bucket| {
            let finding = crate::findings::written(bucket, "high", "FAIL");
            let finding = tenant.admin.post("/api/v1/findings", &finding).await.expect(201);
            let text = |name: &str| finding[name].as_str().unwrap().to_owned();
            (text("id"), text("scan_id"))
        };
        let ((finding, scan), (shown_finding, _)) = (finding(NEEDLE).await, finding("o1").await);
        Self { tenant, restricted, hidden, shown, quarantined, job, finding, scan, shown_finding }
    }
}

fn hidden(n: u64) -> Value {
    json!({
        "action": NEEDLE, "actor": {"type": NEEDLE, "id": NEEDLE, "name": NEEDLE},
        "resource": {"type": NEEDLE, "id": NEEDLE, "name": NEEDLE},
        "message": NEEDLE, "session_id": "s", "request_id": "r", "user_agent": NEEDLE,
        "before": {"a": NEEDLE}, "after": {"a": NEEDLE}, "metadata": {NEEDLE: NEEDLE},
        "producer": {"id": NEEDLE, "seq": n},
    })
}

fn hidden_too() -> Value {
    let mut entry = hidden(3);
    entry["resource"] = json!({"type": "other", "id": "o1"});
    entry
}

/// By the same session and request as those that are not given.
fn shown() -> Value {
    json!({
        "action": "shown.done", "actor": {"id": "u1"}, "resource": {"type": "shown", "id": "o1"},
        "session_id": "s", "request_id": "r",
    })
}

/// The entry's id.
pub(super) async fn written(writer: &Api, entry: &Value) -> String {
    writer.post("/api/v1/logs", entry).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// A person who was invited as that, joined and signed in: their id, and they themselves.
pub(super) async fn member(server: &Server, tenant: &Tenant, wish: &Value) -> (String, Api) {
    let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
    let mut wish = wish.clone();
    wish["email"] = json!(email);
    let invitation = tenant.admin.post("/api/v1/invitations", &wish).await.expect(201);
    let secret = server.invitation_secret(&tenant.name, &invitation).await;
    let anonymous = server.anonymous();
    let accept = json!({"secret": secret, "password": PASSWORD});
    anonymous.post("/api/v1/auth/accept", &accept).await.expect(200);
    let sign_in = json!({"email": email, "password": PASSWORD, "tenant": tenant.name});
    let session = anonymous.post("/api/v1/auth/login", &sign_in).await.expect(200);
    let api = anonymous.with_token(session["access_token"].as_str().unwrap());
    let me = api.get("/api/v1/auth/me").await.expect(200);
    let id = me["principal"].as_str().unwrap().strip_prefix("user:").unwrap().to_owned();
    (id, api)
}
