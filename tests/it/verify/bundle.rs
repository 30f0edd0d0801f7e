//! `custody export --bundle`, and `custody verify` of what it wrote, without a server.

use std::path::{Path, PathBuf};

use custody_testkit::eventually;

use super::setting::{ENTRIES, Ended, Setting};
use crate::support::server::BINARY;

/// Without a server and its settings.
async fn offline(args: &[&str]) -> Ended {
    let output = tokio::process::Command::new(BINARY)
        .args(args)
        .env_clear()
        .current_dir(std::env::temp_dir())
        .output()
        .await
        .unwrap();
    Ended {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

async fn verify(path: &Path) -> Ended {
    offline(&["verify", path.to_str().unwrap()]).await
}

/// tests/proofs/bundle.py, which shares no code with us.
fn python(path: &Path) -> (i32, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/proofs/bundle.py");
    let output = std::process::Command::new("python3").arg(script).arg(path).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

async fn export(setting: &Setting, path: &Path, more: &[&str]) -> Ended {
    let args = [&["export", "--bundle", "--output", path.to_str().unwrap()], more].concat();
    setting.custody(&args).await
}

fn at(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

#[tokio::test]
async fn the_whole_log_is_exported_and_proven_without_a_server() {
    let setting = Setting::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = at(&folder, "whole.bundle");
    let ended = export(&setting, &path, &[]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.err.contains("300 entries in "), "{ended:?}");
    assert!(ended.err.trim_end().ends_with(&format!("custody verify {}", path.display())), "{ended:?}");
    let key = String::from_utf8(setting.tenant.auditor.get("/api/v1/log/key").await.bytes).unwrap();
    setting.server.stop().await;

    let ended = verify(&path).await;
    ended.proven();
    assert!(ended.out.contains("these 300 entries are all"), "{ended:?}");
    assert_eq!(python(&path), (0, format!("ok: {ENTRIES} entries of a tree of {ENTRIES}\n")));
    // With a key of one's own, nothing is left to compare by eye.
    let key_file = at(&folder, "key");
    std::fs::write(&key_file, &key).unwrap();
    let args = ["verify", path.to_str().unwrap(), "--key", key_file.to_str().unwrap()];
    let ended = offline(&args).await;
    ended.proven();
    assert_eq!(ended.err, "");
    let name = key.split('+').next().unwrap();
    let stranger = custody_proof::Signer::new(name, &[7; 32]).unwrap().verifier().to_string();
    std::fs::write(&key_file, &stranger).unwrap();
    offline(&args).await.tampered("no key that is trusted");
    let foreign = custody_proof::Signer::new("log/x/e0", &[7; 32]).unwrap().verifier().to_string();
    std::fs::write(&key_file, &foreign).unwrap();
    offline(&args).await.unfinished("is not of the log");

    let bundle = std::fs::read(&path).unwrap();
    let changed = at(&folder, "changed.bundle");
    for place in (0..bundle.len()).step_by(bundle.len() / 25) {
        let mut bytes = bundle.clone();
        bytes[place] ^= 1 << (place % 8);
        std::fs::write(&changed, &bytes).unwrap();
        let (ended, python) = (verify(&changed).await, python(&changed));
        assert!(matches!(ended.code, 1 | 2), "byte {place}: {ended:?}");
        assert!(matches!(python.0, 1 | 2), "byte {place}: {python:?}");
    }
    std::fs::write(&changed, &bundle[..bundle.len() / 2]).unwrap();
    assert_eq!(verify(&changed).await.code, 2);
    assert_ne!(python(&changed).0, 0);
}

#[tokio::test]
async fn a_range_of_time_holds_all_that_was_received_in_it() {
    let setting = Setting::new().await;
    let folder = tempfile::tempdir().unwrap();
    let receipt = setting.tenant.write("in.the.range").await;
    let (seq, from) = (receipt["seq"].as_u64().unwrap(), receipt["received_at"].as_str().unwrap());
    // The log's clock counts milliseconds; the next entry is to be in a later one.
    let to = eventually("a later millisecond", || async {
        let later = setting.tenant.write("behind.the.range").await;
        let at = later["received_at"].as_str().unwrap().to_owned();
        (at != from).then_some(at)
    })
    .await;
    setting.signed(seq + 2).await;
    for (name, bounds, first, open) in [
        ("middle", vec!["--from", from, "--to", &to], seq, false),
        ("end", vec!["--from", from], seq, true),
        ("beginning", vec!["--to", from], 0, false),
        ("nothing", vec!["--from", "2020-01-01", "--to", "2020-01-02T00:00:00Z"], 0, false),
        ("future", vec!["--from", "2200-01-01T00:00:00Z"], u64::MAX, true),
    ] {
        let path = at(&folder, name);
        let ended = export(&setting, &path, &bounds).await;
        assert_eq!(ended.code, 0, "{name}: {ended:?}");
        let ended = verify(&path).await;
        ended.proven();
        assert_eq!(ended.out.contains("up to the checkpoint"), open, "{name}: {ended:?}");
        if first != u64::MAX {
            assert!(ended.out.contains(&format!("  first           {first}\n")), "{name}: {ended:?}");
        }
        assert_eq!(python(&path).0, 0, "{name}: {:?}", python(&path));
    }
    let middle = std::fs::read_to_string(at(&folder, "middle")).unwrap();
    assert!(middle.contains("in.the.range") && !middle.contains("behind.the.range"), "{middle}");
    setting.server.stop().await;
}

#[tokio::test]
async fn what_was_tampered_with_is_not_exported() {
    let setting = Setting::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = at(&folder, "tampered.bundle");
    setting.sql("DELETE FROM entries WHERE tenant_id = $T AND seq = 60").await;
    let ended = export(&setting, &path, &[]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.err.contains("nothing is exported: entry 61 ("), "{ended:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "half a bundle was left");
    let ended = export(&setting, &path, &["--from", "yesterday"]).await;
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("--from"), "{ended:?}");
    setting.server.stop().await;
}
