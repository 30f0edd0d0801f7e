//! Anchors: what the database's owner takes back is found by the checkpoint that lies where they have no
//! hand in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use custody_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use super::setting::{ENTRIES, Setting};
use crate::support::{
    Answer,
    aws::Bucket,
    server::{Options, readable_temp_dir},
};

impl Setting {
    /// Anchors all logs, and answers this one's newest anchor.
    async fn anchor(&self, size: u64) -> Value {
        self.server.custody(&["schedule", "run", "anchor"]).await;
        eventually("the anchor", || async {
            let anchors = self.tenant.auditor.get("/api/v1/log/anchors").await.expect(200);
            let is = |anchor: &&Value| anchor["size"] == size && anchor["recorded"] == true;
            anchors["items"].as_array().unwrap().iter().find(is).cloned()
        })
        .await
    }

    /// Of this tenant's anchors.
    fn folder(&self) -> PathBuf {
        self.server.data().join(format!("objects/tenants/{}/anchors/e0", self.tenant.id))
    }

    /// As the database's owner can: what is left agrees with itself, and the program signs it again.
    async fn cut_back(self, size: u64, options: Options) -> Self {
        let statements = format!(
            "DELETE FROM entries WHERE tenant_id = $T AND seq >= {size};
             UPDATE heads SET size = {size}, last_id = (SELECT id FROM entries WHERE tenant_id = $T AND seq = {size} - 1)
                 WHERE tenant_id = $T;
             DELETE FROM trees WHERE tenant_id = $T; DELETE FROM tiles WHERE tenant_id = $T;
             DELETE FROM checkpoints WHERE tenant_id = $T; DELETE FROM followers WHERE tenant_id = $T"
        );
        let cut_back = self.sql_while_stopped(&statements, options).await;
        cut_back.signed(size).await;
        cut_back
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test]
async fn a_log_that_was_cut_back_with_all_that_was_signed_is_found_by_its_anchor() {
    let folder = readable_temp_dir();
    let options = Options { data: Some(folder.path().join("data")), ..Options::default() };
    let setting = Setting::with(options.clone()).await;
    let anchor = setting.anchor(ENTRIES).await;
    assert_eq!(
        (&anchor["epoch"], &anchor["recorded"], &anchor["locked_until"]),
        (&json!(0), &json!(true), &Value::Null)
    );
    let note = setting.tenant.auditor.get(&format!("/api/v1/log/anchors/0/{ENTRIES}")).await.bytes;
    let file = setting.folder().join(format!("{ENTRIES:020}.note"));
    assert_eq!(note, fs::read(&file).unwrap());
    setting.verify().await.proven();
    assert!(setting.verify().await.out.contains(", 1 anchor among them"));
    let copied = tempfile::tempdir().unwrap();
    copy(&setting.folder(), &copied.path().join("backup/e0"));

    let setting = setting.cut_back(290, options).await;
    let says =
        format!("was cut off: the server's anchor of epoch 0, size {ENTRIES}, covers {ENTRIES} entries");
    setting.verify().await.tampered(&says);
    // Without its row it is found all the same, and without its object as well.
    setting.sql("DELETE FROM anchors WHERE tenant_id = $T").await;
    setting.verify().await.tampered(&says);
    fs::remove_file(&file).unwrap();
    // Whoever owns both has won, …
    setting.verify().await.proven();
    // … but for a copy.
    let folder = copied.path().display().to_string();
    let with_copy = ["verify", "--server", "--anchors", &folder];
    setting
        .custody(&with_copy)
        .await
        .tampered(&format!("{folder}/backup/e0/{ENTRIES:020}.note covers {ENTRIES} entries"));
    // Grown again to the same size, with other entries.
    setting.write(290..ENTRIES + 10).await;
    setting
        .custody(&with_copy)
        .await
        .tampered("do not lead to the signed root of size 300, which the anchor ");
    setting.server.stop().await;
}

#[tokio::test]
async fn an_object_that_is_missing_or_says_something_else_is_found() {
    let setting = Setting::new().await;
    setting.anchor(ENTRIES).await;
    let file = setting.folder().join(format!("{ENTRIES:020}.note"));
    let note = fs::read_to_string(&file).unwrap();
    setting.write(ENTRIES..ENTRIES + 5).await;
    let second = ENTRIES + 5;
    setting.anchor(second).await;
    fs::remove_file(&file).unwrap();
    setting.verify().await.tampered("the server's anchor of epoch 0, size 300, is missing");
    fs::write(&file, note.replacen("\n300\n", "\n301\n", 1)).unwrap();
    setting.verify().await.tampered("the server's anchor of epoch 0, size 300, ");
    // A true note in the place of another.
    fs::copy(setting.folder().join(format!("{second:020}.note")), &file).unwrap();
    setting.verify().await.tampered("says another epoch, size or root than the note that was signed");
    fs::write(&file, &note).unwrap();
    setting.verify().await.proven();
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().display().to_string();
    setting
        .custody(&["verify", "--server", "--anchors", &empty])
        .await
        .unfinished("there is no anchor of the log");
    // Of another log, as a copy of the whole store has them.
    fs::write(
        folder.path().join("x.note"),
        note.replacen(&setting.tenant.id, "0197c4a1-7e00-7aaa-8bbb-0123456789ab", 1),
    )
    .unwrap();
    setting
        .custody(&["verify", "--server", "--anchors", &empty])
        .await
        .unfinished("there is no anchor of the log");
    fs::write(folder.path().join("y.note"), &note).unwrap();
    setting.custody(&["verify", "--server", "--anchors", &empty]).await.proven();
    fs::write(folder.path().join("z.note"), "nothing").unwrap();
    setting.custody(&["verify", "--server", "--anchors", &empty]).await.tampered("/z.note ");
    setting.server.stop().await;
}

#[tokio::test]
async fn the_same_size_is_anchored_once_and_other_bytes_there_are_an_alarm() {
    let setting = Setting::new().await;
    setting.anchor(ENTRIES).await;
    let file = setting.folder().join(format!("{ENTRIES:020}.note"));
    let note = fs::read_to_string(&file).unwrap();
    // As after a crash between the object and its row, and a new key meanwhile.
    setting.server.custody(&["keys", "rotate-log"]).await;
    setting.sql("DELETE FROM anchors WHERE tenant_id = $T").await;
    setting.server.custody(&["schedule", "run", "anchor"]).await;
    let recorded = eventually("the anchor's row", || async {
        let anchors = setting.tenant.auditor.get("/api/v1/log/anchors").await.expect(200);
        anchors["items"].as_array().unwrap().iter().find(|anchor| anchor["recorded"] == true).cloned()
    });
    assert_eq!(recorded.await["size"], ENTRIES);
    assert_eq!(fs::read_to_string(&file).unwrap(), note);

    fs::write(&file, "something else").unwrap();
    setting.sql("DELETE FROM anchors WHERE tenant_id = $T").await;
    setting.server.custody(&["schedule", "run", "anchor"]).await;
    let entry = eventually("the alarm", || async {
        let query = [("q", "action:custody.anchor.mismatch"), ("limit", "1")];
        let request = setting.tenant.auditor.request(Method::GET, "/api/v1/logs").query(&query);
        Answer::of(request).await.expect(200)["items"].get(0).cloned()
    })
    .await;
    assert_eq!((&entry["severity"], &entry["metadata"]["size"]), (&json!("CRITICAL"), &json!(ENTRIES)));
    let failed = eventually("the job's end", || async {
        let jobs = setting.tenant.auditor.get("/api/v1/jobs?kind=anchor&status=failed").await.expect(200);
        jobs["items"].get(0).cloned()
    });
    assert_eq!(failed.await["attempts"], 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "something else");
    setting.server.stop().await;
}

/// Of what is done to it there are entries all the same, its suspension the last of them.
#[tokio::test]
async fn a_suspended_tenant_s_log_is_anchored() {
    let setting = Setting::new().await;
    setting
        .sql(
            "ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
             UPDATE tenants SET status = 'suspended' WHERE id = $T;
             ALTER TABLE tenants FORCE ROW LEVEL SECURITY",
        )
        .await;
    setting.server.custody(&["schedule", "run", "anchor"]).await;
    let file = setting.folder().join(format!("{ENTRIES:020}.note"));
    eventually("the anchor", || async { file.is_file().then_some(()) }).await;
    setting.server.stop().await;
}

/// On S3, where the bucket holds what must stay.
#[tokio::test]
async fn on_s3_an_anchor_is_held_by_object_lock() {
    let bucket = Bucket::make().await;
    let mut environment = bucket.environment();
    environment.extend([
        ("CUSTODY_OBJECTS".to_owned(), format!("s3://{}/custody", bucket.name)),
        ("CUSTODY_ANCHOR_LOCK_DAYS".to_owned(), "7".to_owned()),
    ]);
    let folder = readable_temp_dir();
    let data = Some(folder.path().join("data"));
    let options = Options { data, environment, ..Options::default() };
    // At first no lock is asked for.
    let mut without = options.clone();
    without.environment.retain(|(name, _)| name != "CUSTODY_ANCHOR_LOCK_DAYS");
    let setting = Setting::with(without).await;
    assert_eq!(setting.anchor(ENTRIES).await["locked_until"], Value::Null);
    // As after a crash between the object and its row.
    let forgotten = "DELETE FROM anchors WHERE tenant_id = $T";
    let setting = setting.sql_while_stopped(forgotten, options.clone()).await;
    let anchor = setting.anchor(ENTRIES).await;
    let until: chrono::DateTime<chrono::Utc> = anchor["locked_until"].as_str().unwrap().parse().unwrap();
    assert_eq!((until - chrono::Utc::now()).num_days(), 6);
    let path = format!("/custody/tenants/{}/anchors/e0/{ENTRIES:020}.note", setting.tenant.id);
    let object = bucket.ask(Method::GET, &path).send().await.unwrap();
    assert_eq!(object.headers()["x-amz-object-lock-mode"], "GOVERNANCE");
    let note = object.text().await.unwrap();
    assert_eq!(note.lines().nth(1), Some(ENTRIES.to_string().as_str()));
    setting.verify().await.proven();
    let setting = setting.cut_back(290, options).await;
    setting.sql(forgotten).await;
    setting
        .verify()
        .await
        .tampered("was cut off: the server's anchor of epoch 0, size 300, covers 300 entries");
    setting.server.stop().await;
}
