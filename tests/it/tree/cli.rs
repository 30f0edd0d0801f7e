//! `custody keys rotate-log`, on a server of its own: the others pin keys.

use custody_proof::{Checkpoint, VerifierKey};
use custody_testkit::TestDatabase;

use crate::support::{Server, Tenant, server::Options};

async fn key(tenant: &Tenant) -> VerifierKey {
    let answer = tenant.auditor.get("/api/v1/log/key").await;
    String::from_utf8(answer.bytes).unwrap().trim_end().parse().unwrap()
}

async fn opens(tenant: &Tenant, key: &VerifierKey) -> bool {
    let note = tenant.auditor.get("/api/v1/log/checkpoint").await.bytes;
    Checkpoint::open(&note, std::slice::from_ref(key)).is_ok()
}

#[tokio::test]
async fn a_new_key_signs_while_the_server_runs_and_the_old_one_beside_it() {
    let database = TestDatabase::create().await.url().to_owned();
    let server = Server::start(Options { database: Some(database), ..Options::default() }).await;
    let tenant = server.tenant().await;
    tenant.write("before").await;
    let old = key(&tenant).await;
    let rotated = server.custody_json(&["keys", "rotate-log"]).await;
    let new = key(&tenant).await;
    assert_eq!(rotated["public_key"], hex::encode(new.public_key()));
    assert_ne!(new, old);
    assert!(opens(&tenant, &old).await && opens(&tenant, &new).await);

    server.custody(&["keys", "rotate-log", "--cosign-days", "0"]).await;
    let receipt = tenant.write("after").await;
    super::http::proof(&tenant.auditor, &receipt).await;
    let newest = key(&tenant).await;
    assert!(opens(&tenant, &newest).await && !opens(&tenant, &new).await && !opens(&tenant, &old).await);

    let operator = server.token(None, "operator").await;
    let entry = custody_testkit::eventually("the rotation's entry", || async {
        let page = operator.get("/api/v1/logs?q=action%3Acustody.log_key.rotated&limit=1").await.expect(200);
        // There were two, each of which comes when it comes.
        let entry = page["items"].get(0)?;
        (entry["resource"]["id"] == hex::encode(newest.public_key())).then(|| entry.clone())
    })
    .await;
    assert_eq!(entry["action"], "custody.log_key.rotated");
    server.stop().await;
}
