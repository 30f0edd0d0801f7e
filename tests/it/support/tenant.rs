//! A tenant with a caller for each role.

use serde_json::json;

use super::{Api, Server};

#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) admin: Api,
    pub(crate) auditor: Api,
    pub(crate) user: Api,
    pub(crate) writer: Api,
}

impl Tenant {
    pub(crate) async fn create(server: &Server) -> Self {
        let name = format!("t-{}", &uuid::Uuid::new_v4().simple().to_string()[..10]);
        let created = server.custody_json(&["tenant", "create", &name]).await;
        let issue = |role| server.token(Some(&name), role);
        let (admin, auditor, user, writer) =
            tokio::join!(issue("admin"), issue("auditor"), issue("user"), issue("writer"));
        Self {
            id: created["id"].as_str().unwrap().to_owned(),
            name: name.clone(),
            admin,
            auditor,
            user,
            writer,
        }
    }

    /// The same callers, asking another server, or the same one after a restart.
    pub(crate) fn at(&self, server: &Server) -> Self {
        let at = |api: &Api| Api::new(server.url(), Some(api.bearer()));
        Self {
            id: self.id.clone(),
            name: self.name.clone(),
            admin: at(&self.admin),
            auditor: at(&self.auditor),
            user: at(&self.user),
            writer: at(&self.writer),
        }
    }

    pub(crate) fn callers(&self) -> [(&'static str, &Api); 4] {
        [("admin", &self.admin), ("auditor", &self.auditor), ("user", &self.user), ("writer", &self.writer)]
    }

    /// Writes one entry as the writer and answers its receipt.
    pub(crate) async fn write(&self, action: &str) -> serde_json::Value {
        self.writer.post("/api/v1/logs", &json!({"action": action, "actor": {"id": "u1"}})).await.expect(201)
    }
}
