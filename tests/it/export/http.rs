//! `GET /api/v1/logs/export`.

use custody_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::download::{Download, PATH, fill, pages};
use crate::support::{Answer, shared};

/// The manifest in the last line, and that it is so.
fn manifest(bytes: &[u8]) -> Value {
    let begin = bytes.windows(19).rposition(|part| part == b"{\"custody_export\":{").unwrap();
    let line = bytes[begin..].split(|byte| *byte == b'\n').next().unwrap();
    let manifest = serde_json::from_slice::<Value>(line).unwrap()["custody_export"].clone();
    assert_eq!(manifest["bytes"], begin);
    assert_eq!(manifest["sha256"], hex::encode(Sha256::digest(&bytes[..begin])));
    manifest
}

#[tokio::test]
async fn every_format_has_what_the_pages_show_and_says_where_it_ends() {
    let tenant = shared().await.tenant().await;
    fill(&tenant).await;
    for q in ["", "outcome:failure", "action:csv.*", "action:nothing.like.this"] {
        let before = pages(&tenant.auditor, q).await;
        let asked = |format| [("format", format), ("q", q)];
        let ndjson = Download::of(&tenant.auditor, &asked("ndjson")).await;
        ndjson.is_whole();
        let mut lines = ndjson.lines();
        let end = lines.pop().unwrap();
        let said = manifest(&ndjson.bytes);
        assert_eq!(end["custody_export"], said);
        // Entries about exports come meanwhile; what was there before is there.
        lines.truncate(before.len());
        assert!(lines == before, "{q}: {} and {} entries", lines.len(), before.len());
        assert_eq!(said["entries"].as_u64(), Some(ndjson.lines().len() as u64 - 1));
        assert_eq!(ndjson.said["entries"], said["entries"]);
        assert!(said["tree_size"].as_u64() >= said["last_seq"].as_u64(), "{said}");

        let array = Download::of(&tenant.auditor, &asked("json")).await;
        array.is_whole();
        manifest(&array.bytes);
        let mut items: Vec<Value> = serde_json::from_slice(&array.bytes).unwrap();
        assert!(items.pop().unwrap()["custody_export"].is_object());
        items.truncate(before.len());
        assert!(items == before, "{q}");

        let csv = Download::of(&tenant.auditor, &asked("csv")).await;
        csv.is_whole();
        let mut reader = csv::Reader::from_reader(&csv.bytes[..]);
        let names = reader.headers().unwrap().clone();
        assert!(names.iter().take(3).eq(["id", "seq", "received_at"]));
        let rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
        assert_eq!(csv.said["entries"], rows.len());
        for (row, entry) in rows.iter().zip(&before) {
            same(&names, row, entry);
        }
        assert!(rows.len() >= before.len());

        let parquet = Download::of(&tenant.auditor, &asked("parquet")).await;
        parquet.is_whole();
        assert!(parquet.bytes.starts_with(b"PAR1") && parquet.bytes.ends_with(b"PAR1"));
    }
}

/// Each cell is the entry's member.
fn same(names: &csv::StringRecord, row: &csv::StringRecord, entry: &Value) {
    for (name, cell) in names.iter().zip(row) {
        let member = match name.split_once('_') {
            Some((object @ ("actor" | "resource" | "producer"), member)) => &entry[object][member],
            _ => &entry[name],
        };
        let cell = cell.strip_prefix('\'').unwrap_or(cell);
        match member {
            Value::Null => assert_eq!(cell, "", "{name} of {entry}"),
            Value::String(text) => assert_eq!(cell, text, "{name} of {entry}"),
            other => {
                assert_eq!(serde_json::from_str::<Value>(cell).unwrap(), *other, "{name} of {entry}");
            }
        }
    }
}

#[tokio::test]
async fn no_cell_of_csv_is_a_formula() {
    let tenant = shared().await.tenant().await;
    fill(&tenant).await;
    let csv = Download::of(&tenant.auditor, &[("format", "csv"), ("action", "csv.formula")]).await;
    let text = String::from_utf8(csv.bytes).unwrap();
    for cell in ["'=cmd|' /C calc'!A0", ",'+1,", ",'-2+3,", ",'@SUM(1),"] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for row in reader.records() {
        for cell in &row.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }
}

#[tokio::test]
async fn a_file_is_compressed_when_it_is_asked_for_and_on_the_way_when_that_is() {
    let tenant = shared().await.tenant().await;
    fill(&tenant).await;
    let asked = [("action", "csv.*")];
    let plain = Download::of(&tenant.auditor, &asked).await;
    let rows = plain.said["entries"].clone();
    for (compression, media_type) in [("gzip", "application/gzip"), ("zstd", "application/zstd")] {
        let packed = Download::of(&tenant.auditor, &[asked[0], ("compression", compression)]).await;
        packed.is_whole();
        assert_eq!(packed.header("content-type"), media_type);
        let unpacked = match compression {
            "gzip" => {
                let mut out = Vec::new();
                std::io::copy(&mut flate2::read::GzDecoder::new(&packed.bytes[..]), &mut out).unwrap();
                out
            }
            _ => zstd::decode_all(&packed.bytes[..]).unwrap(),
        };
        assert_eq!(manifest(&unpacked)["entries"], rows);
    }
    let headers = [("te", "trailers"), ("accept-encoding", "zstd")];
    let coded = Download::with(&tenant.auditor, &[("format", "json")], &headers).await;
    assert_eq!(coded.header("content-encoding"), "zstd");
    let content = zstd::decode_all(&coded.bytes[..]).unwrap();
    assert_eq!(coded.said["sha256"], hex::encode(Sha256::digest(&content)));
    let parquet = Download::with(&tenant.auditor, &[("format", "parquet")], &headers).await;
    assert_eq!(parquet.header("content-encoding"), "");
    parquet.is_whole();
}

#[tokio::test]
async fn what_cannot_be_exported_is_refused_before_anything_is_sent() {
    let tenant = shared().await.tenant().await;
    for (query, parameter) in [
        ("format=xml", "format"),
        ("compression=lzma", "compression"),
        ("format=parquet&compression=gzip", "compression"),
        ("format=bundle&compression=zstd", "compression"),
        ("q=actor:", "q"),
        ("severity=loud", "severity"),
        ("limit=5", "limit"),
        ("format=csv&format=json", "format"),
    ] {
        for method in [Method::GET, Method::POST] {
            let path = format!("{PATH}?{query}");
            let problem = Answer::of(tenant.auditor.request(method, &path)).await.problem(400);
            assert_eq!(problem["errors"][0]["parameter"], parameter, "{query}: {problem}");
        }
    }
    tenant.writer.get(PATH).await.problem(403);
    tenant.user.post(PATH, &json!({})).await.problem(403);
}

#[tokio::test]
async fn a_restricted_reader_exports_their_own_and_learns_no_counts() {
    let server = shared().await;
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    fill(&tenant).await;
    fill(&other).await;
    let mine = json!({"action": "mine.alone", "actor": {"id": "u"}});
    tenant.user.post("/api/v1/logs", &mine).await.expect(201);
    let own = pages(&tenant.user, "").await;
    for format in ["ndjson", "json", "csv", "parquet"] {
        let file = Download::of(&tenant.user, &[("format", format)]).await;
        file.is_whole();
        assert!(file.said["tree_size"].is_null(), "{}", file.said);
        assert!(file.said["entries"].as_u64() >= Some(own.len() as u64));
        assert!(!file.header("content-disposition").contains("T0"), "no time of others' entries");
        let text = String::from_utf8_lossy(&file.bytes);
        assert!(!text.contains("csv.formula") && !text.contains("iam."), "{format} has others' entries");
        if format == "ndjson" {
            assert!(text.contains("mine.alone") && text.contains("\"tree_size\":null"));
        }
    }
    // Asking for others' by name gives none of them.
    let asked = [("q", "action:csv.* OR action:mine.alone")];
    assert_eq!(Download::of(&tenant.user, &asked).await.said["entries"], 1);
    // Nor does anybody get another tenant's.
    let all = Download::of(&tenant.auditor, &[]).await;
    assert!(!String::from_utf8_lossy(&all.bytes).contains(&other.id));
}

#[tokio::test]
async fn who_exports_what_is_in_the_log_and_so_is_what_came_of_it() {
    let tenant = shared().await.tenant().await;
    fill(&tenant).await;
    let asked = [("format", "csv"), ("q", "action:csv.*  actor:u"), ("severity", ">=ERROR")];
    let file = Download::of(&tenant.auditor, &asked).await;
    let id = file.header("custody-export-id").to_owned();
    let entry = async |action: &str| {
        let path = format!("/api/v1/logs?action={action}&resource_id={id}");
        eventually(action, || async { tenant.auditor.get(&path).await.expect(200)["items"].get(0).cloned() })
            .await
    };
    let begun = entry("custody.log.exported").await;
    assert_eq!(begun["metadata"]["query"], "action:csv.* actor:u severity>=ERROR");
    assert_eq!(begun["metadata"]["format"], "csv");
    assert!(begun["actor"]["id"].is_string() && begun["recorded_by"]["via"] == format!("GET {PATH}"));
    let ended = entry("custody.log.export_ended").await;
    assert_eq!(ended["outcome"], "success");
    for what in ["entries", "bytes", "sha256"] {
        assert_eq!(ended["metadata"][what], file.said[what], "{what}");
    }
    assert_eq!(ended["recorded_by"]["principal"], begun["recorded_by"]["principal"]);
}

#[tokio::test]
async fn who_reads_no_trailers_gets_the_file_all_the_same() {
    let tenant = shared().await.tenant().await;
    fill(&tenant).await;
    let file = Download::with(&tenant.auditor, &[("action", "csv.*")], &[]).await;
    assert!(file.said.is_null());
    assert_eq!(manifest(&file.bytes)["entries"], 3);
}
