//! `custody export`.

use std::path::Path;

use custody_testkit::eventually;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::download::{Download, fill, pages};
use crate::{
    jobs::ended,
    support::{Api, Server, shared},
};

struct Ended {
    code: i32,
    out: String,
    err: String,
}

async fn export(server: &Server, api: &Api, args: &[&str]) -> Ended {
    let args = [&["export", "--token", api.bearer()], args].concat();
    run(server, &args).await
}

async fn run(server: &Server, args: &[&str]) -> Ended {
    let output = server.command(args).output().await.unwrap();
    Ended {
        code: output.status.code().unwrap(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn a_file_is_there_once_it_is_whole() {
    let server = shared().await;
    let tenant = server.tenant().await;
    fill(&tenant).await;
    let folder = tempfile::tempdir().unwrap();
    for format in ["ndjson", "json", "csv", "parquet"] {
        let path = folder.path().join(format);
        let told = export(
            server,
            &tenant.auditor,
            &["--format", format, "--output", text(&path), "--json", "action:csv.*"],
        )
        .await;
        assert_eq!(told.code, 0, "{}", told.err);
        let told: Value = serde_json::from_str(&told.out).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(told["entries"], 3);
        assert_eq!(
            (&told["bytes"], told["sha256"].as_str()),
            (&bytes.len().into(), Some(&*hex::encode(Sha256::digest(&bytes))))
        );
    }
    let path = folder.path().join("packed");
    let told =
        export(server, &tenant.auditor, &["-z", "--output", text(&path), "--", "-outcome:failure"]).await;
    assert_eq!(told.code, 0, "{}", told.err);
    let unpacked = zstd::decode_all(&std::fs::read(&path).unwrap()[..]).unwrap();
    assert!(unpacked.ends_with(b"\"}}\n") && std::fs::read_dir(&folder).unwrap().count() == 5);
    let told = export(server, &tenant.auditor, &["--format", "csv", "action:csv.times"]).await;
    assert!(told.code == 0 && told.out.starts_with("id,seq,received_at"), "{}", told.err);
    let wrong = export(server, &tenant.auditor, &["--output", text(&path), "actor:"]).await;
    assert!(wrong.code == 2 && wrong.err.contains("the query cannot be read"), "{}", wrong.err);
    assert_eq!(export(server, &tenant.auditor, &["--format", "xml"]).await.code, 2);
}

const FILE: &[u8] = b"a\r\nb\r\nc\r\n";

/// Answers every request for a file with these bytes, and every other as the log does.
async fn server_of(file: &'static [u8], said: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let is_export = request[..read].starts_with(b"GET /api/v1/logs/export");
            let body = if is_export { file.to_vec() } else { said.to_string().into_bytes() };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\ncustody-export-id: e1\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
        }
    });
    url
}

#[tokio::test]
async fn what_was_cut_or_changed_on_the_way_is_not_taken_for_the_file() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let said = |bytes: usize, of: &[u8], outcome: &str| {
        let sha256 = hex::encode(Sha256::digest(of));
        serde_json::json!({"items": [{"outcome": outcome, "metadata": {"entries": 2, "bytes": bytes, "sha256": sha256}}]})
    };
    for (said, code, why) in [
        (said(9, FILE, "success"), 0, ""),
        (said(12, b"a\r\nb\r\nc\r\nd\r\n", "success"), 2, "cut off after 9 of 12 bytes"),
        (said(9, b"a\r\nb\r\nX\r\n", "success"), 1, "changed on the way"),
        (said(9, FILE, "failure"), 2, "did not say that it was whole"),
    ] {
        // A way through which no trailer comes, and which cuts where a line ends.
        let url = server_of(FILE, said).await;
        let args = ["--url", &url, "--format", "csv", "--output", text(&path)];
        let told = export(server, &tenant.auditor, &args).await;
        assert!(told.code == code && told.err.contains(why), "{code} {why}: {} {}", told.code, told.err);
        assert_eq!(path.exists(), code == 0, "{why}");
        assert!(!folder.path().join("file.part").exists());
        let _ = std::fs::remove_file(&path);
    }
}

#[tokio::test]
async fn a_jobs_file_is_gone_on_with_where_it_broke_off() {
    let server = shared().await;
    let tenant = server.tenant().await;
    fill(&tenant).await;
    let folder = tempfile::tempdir().unwrap();
    let (path, part) = (folder.path().join("file"), folder.path().join("file.part"));
    std::fs::write(&part, "of something else").unwrap();
    let args = ["--job", "--format", "csv", "--output", text(&path), "outcome:failure OR action:csv.*"];
    let told = export(server, &tenant.auditor, &args).await;
    assert_eq!(told.code, 0, "{}", told.err);
    let whole = std::fs::read(&path).unwrap();
    let id = told.err.split_once("job ").unwrap().1.split(';').next().unwrap();
    assert_eq!(ended(&tenant.auditor, id).await["result"]["bytes"], whole.len());

    std::fs::remove_file(&path).unwrap();
    std::fs::write(&part, &whole[..100]).unwrap();
    let resume = ["--resume", id, "--output", text(&path)];
    let told = export(server, &tenant.auditor, &resume).await;
    assert_eq!((told.code, std::fs::read(&path).unwrap() == whole), (0, true), "{}", told.err);

    std::fs::write(&part, vec![b'x'; 100]).unwrap();
    let told = export(server, &tenant.auditor, &resume).await;
    assert!(told.code == 1 && !part.exists(), "{}: {}", told.code, told.err);
    assert_eq!(export(server, &tenant.auditor, &["--job"]).await.code, 2);
}

#[tokio::test]
async fn the_entries_of_a_query_are_proven_to_be_in_the_log() {
    let server = shared().await;
    let tenant = server.tenant().await;
    fill(&tenant).await;
    let size = pages(&tenant.auditor, "").await.len() as u64;
    let signed = |size: u64| {
        let auditor = &tenant.auditor;
        async move {
            eventually("a checkpoint", || async {
                let note = String::from_utf8(auditor.get("/api/v1/log/checkpoint").await.bytes).unwrap();
                (note.lines().nth(1)?.parse::<u64>().ok()? >= size).then_some(())
            })
            .await;
        }
    };
    signed(size).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("query.bundle");
    for (query, reader) in [
        ("action:csv.*", &tenant.auditor),
        ("outcome:failure", &tenant.auditor),
        ("action:none", &tenant.auditor),
        ("action:csv.*", &tenant.user),
    ] {
        let found = pages(reader, query).await.len();
        let told = export(server, reader, &["--bundle", "--output", text(&path), query]).await;
        assert_eq!(told.code, 0, "{query}: {}", told.err);
        let verified = run(server, &["verify", text(&path)]).await;
        assert_eq!(verified.code, 0, "{query}: {} {}", verified.out, verified.err);
        let counted = if found == 1 { "1 entry is".to_owned() } else { format!("{found} entries are") };
        assert!(
            verified.out.contains(&format!("these {counted} in the log; completeness is not provable")),
            "{}",
            verified.out
        );
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/proofs/bundle.py");
        let python = std::process::Command::new("python3").arg(script).arg(&path).output().unwrap();
        let said = String::from_utf8([python.stdout, python.stderr].concat()).unwrap();
        assert!(said.starts_with(&format!("ok: {found} entries, included")), "{said}");
    }
    let path = folder.path().join("changed.bundle");
    let bundle = Download::of(&tenant.auditor, &[("format", "bundle"), ("action", "csv.*")]).await;
    bundle.is_whole();
    for place in (0..bundle.bytes.len()).step_by(bundle.bytes.len() / 15) {
        let mut bytes = bundle.bytes.clone();
        bytes[place] ^= 1 << (place % 8);
        std::fs::write(&path, &bytes).unwrap();
        let code = run(server, &["verify", text(&path)]).await.code;
        assert!(matches!(code, 1 | 2), "byte {place}: {code}");
    }
}
