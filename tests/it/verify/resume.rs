//! Going on from where the last run ended, and what cannot be brought to an end.

use custody_testkit::TestDatabase;
use serde_json::Value;

use super::setting::{ENTRIES, Setting};
use crate::support::{Server, server::Options};

#[tokio::test]
async fn a_state_is_gone_on_from_and_notices_a_log_that_was_cut_back() {
    let setting = Setting::new().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("verified.json");
    let args = ["--json", "verify", "--server", "--state", state.to_str().unwrap()];
    let run = async || {
        let ended = setting.custody(&args).await;
        let report: Value = serde_json::from_str(&ended.out).unwrap();
        (ended.code, report)
    };
    let (code, first) = run().await;
    assert_eq!(
        (code, first["verified_from"].as_u64(), first["verified_to"].as_u64()),
        (0, Some(0), Some(ENTRIES))
    );
    setting.write(ENTRIES..ENTRIES + 20).await;
    let (code, second) = run().await;
    assert_eq!((code, second["verified_from"].as_u64()), (0, Some(ENTRIES)), "{second}");
    assert_eq!(second["verified_to"], ENTRIES + 20);
    // Everything set back to what was once signed: the log, and all that it says of itself.
    setting
        .sql(
            "DELETE FROM entries WHERE tenant_id = $T AND seq >= 300; \
             UPDATE heads SET size = 300, last_id = (SELECT id FROM entries WHERE tenant_id = $T AND seq = 299) WHERE tenant_id = $T; \
             UPDATE trees t SET size = c.size, root = c.root, note = c.note FROM checkpoints c \
                WHERE t.tenant_id = $T AND c.tenant_id = $T AND c.size = 300; \
             DELETE FROM checkpoints WHERE tenant_id = $T AND size > 300",
        )
        .await;
    let (code, cut) = run().await;
    assert_eq!((code, &cut["verdict"]), (1, &Value::from("tampered")), "{cut}");
    assert_eq!(cut["findings"][0]["seq"], ENTRIES);
    // Who remembers nothing cannot tell.
    setting.verify().await.proven();
    setting.server.stop().await;
}

/// Checkpoints of what was verified before are held against it without reading it again.
#[tokio::test]
async fn an_early_checkpoint_that_is_changed_later_is_found() {
    let setting = Setting::new().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("verified.json");
    let args = ["verify", "--server", "--state", state.to_str().unwrap()];
    setting.custody(&args).await.proven();
    setting.write(ENTRIES..ENTRIES + 20).await;
    setting.custody(&args).await.proven();
    setting
        .sql("UPDATE checkpoints SET note = replace(note, E'\\n300\\n', E'\\n301\\n') WHERE tenant_id = $T AND size = 300")
        .await;
    setting.custody(&args).await.tampered("the kept checkpoint of size 300");
    setting.server.stop().await;
}

#[tokio::test]
async fn a_key_of_one_s_own_is_held_against_the_server_s() {
    let setting = Setting::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = String::from_utf8(setting.tenant.auditor.get("/api/v1/log/key").await.bytes).unwrap();
    let pinned = file("key", &format!("# ours\n{key}"));
    let ended = setting.custody(&["verify", "--server", "--key", &pinned]).await;
    ended.proven();
    assert!(!ended.err.contains("--key"), "{ended:?}");
    let name = key.split('+').next().unwrap();
    let stranger = custody_proof::Signer::new(name, &[7; 32]).unwrap().verifier().to_string();
    let ended = setting.custody(&["verify", "--server", "--key", &file("other", &stranger)]).await;
    ended.tampered("signed by no key that you have pinned");
    assert!(ended.out.contains("if the log's key was rotated"), "{ended:?}");
    let foreign = custody_proof::Signer::new("log/x/e0", &[7; 32]).unwrap().verifier().to_string();
    let ended = setting.custody(&["verify", "--server", "--key", &file("foreign", &foreign)]).await;
    ended.unfinished("is not of the log");
    setting.custody(&["verify", "--server", "--key", &file("empty", "")]).await.unfinished("no key");
    setting.server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_not_called_proven() {
    let setting = Setting::new().await;
    let token = setting.tenant.user.bearer();
    setting.custody_as(token, &["verify", "--server"]).await.unfinished("may not");
    setting.custody_as("nonsense", &["verify", "--server"]).await.unfinished("not valid");
    setting.custody(&["verify", "--server", "--url", "http://127.0.0.1:1"]).await.unfinished("cannot reach");
    setting.custody(&["verify", "/no/such/bundle"]).await.unfinished("cannot read");
    // Usage.
    for args in [&["verify"][..], &["verify", "a", "--server"], &["verify", "a", "--state", "b"]] {
        assert_eq!(setting.custody(args).await.code, 2, "{args:?}");
    }
    setting.server.stop().await;
}

#[tokio::test]
async fn an_empty_log_proves_nothing() {
    let database = Some(TestDatabase::create().await.url().to_owned());
    // Elsewhere a log does not stay empty: the entry of the tenant's making comes by itself.
    let flags = vec!["--only".to_owned(), "api".to_owned()];
    let server = Server::start(Options { database, flags, ..Options::default() }).await;
    let tenant = server.tenant().await;
    let mut verify = server.command(&["verify", "--server"]);
    let ended = verify.env("CUSTODY_TOKEN", tenant.auditor.bearer()).output().await.unwrap();
    let error = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{error}");
    assert!(error.contains("nothing to prove"), "{error}");
    server.stop().await;
}
