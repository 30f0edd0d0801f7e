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

    pub(crate) fn callers(&self) -> [(&'static str, &Api); 4] {
        [("admin", &self.admin), ("auditor", &self.auditor), ("user", &self.user), ("writer", &self.writer)]
    }

    /// Writes one entry as the writer and answers its receipt.
    pub(crate) async fn write(&self, action: &str) -> serde_json::Value {
        self.writer.post("/api/v1/logs", &json!({"action": action, "actor": {"id": "u1"}})).await.expect(201)
    }
}
