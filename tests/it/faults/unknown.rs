//! COMMIT was done and its answer lost: whoever sent is told that the entry may be in the log, and how
//! it is sent again so that it is there once.

use custody_testkit::eventually;
use serde_json::json;

use super::{fault, on_a_database_of_its_own, with};
use crate::support::{Answer, Server, Tenant, server::readable_temp_dir};

/// Sends events, each with an id of its own, until one is answered 503; and that one again.
async fn until_refused(tenant: &Tenant, path: &str) -> (Answer, Answer) {
    let n = std::cell::Cell::new(0);
    eventually("an answer was lost", || async {
        n.set(n.get() + 1);
        let event = json!({"action": "a.b", "actor": {"id": "u"}, "event_id": format!("{path}-{}", n.get())});
        let answer = tenant.writer.post(path, &event).await;
        if answer.status != 503 {
            return None;
        }
        Some((answer, tenant.writer.post(path, &event).await))
    })
    .await
}

#[tokio::test]
async fn who_lost_the_answer_is_told_so() {
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    server.stop().await;
    for path in ["/api/v1/logs", "/api/v1/logs/bulk"] {
        let server = Server::start(with(&options, &[fault("commit.committed", "error", 9)])).await;
        let (refused, again) = until_refused(&tenant.at(&server), path).await;
        let problem = refused.problem(503);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("not known") && detail.contains("event_id"), "{detail}");
        let told = again.expect(200);
        assert!(told["duplicate"] == 1 || told["seq"].is_u64(), "it was in the log: {told}");
        assert!(server.stop().await.success());
    }
}
