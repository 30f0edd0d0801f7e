//! What an export holds is bounded, whatever is in the log, and it covers the log as it was.

use custody_export::{Format, Piece};

use crate::fixture::Fixture;

/// Entries that are small where they lie and large as text: a page of them is a gigabyte.
#[tokio::test]
async fn entries_that_grow_when_they_are_read_are_read_a_few_at_a_time() {
    let fixture = Fixture::new().await;
    let text = "x".repeat(1 << 20);
    let entry = format!(r#"{{"action":"a.b","actor":{{"id":"u"}},"metadata":{{"text":"{text}"}}}}"#);
    for _ in 0..30 {
        fixture.write(vec![&entry; 10]).await;
    }
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_mib();
    for format in [Format::Ndjson, Format::Csv, Format::Parquet] {
        let mut export = fixture.begin(format, "").await;
        let mut ended = None;
        while let Some(piece) = export.next().await {
            if let Piece::End(manifest) = piece.unwrap() {
                ended = Some(manifest.entries);
            }
        }
        assert_eq!(ended, Some(300));
    }
    let grown = peak_mib() - before;
    assert!(grown < 150, "{grown} MiB of 300");
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn what_comes_after_it_began_is_not_in_it_and_an_empty_log_is_a_file_too() {
    let fixture = Fixture::new().await;
    for format in [Format::Ndjson, Format::Json, Format::Csv, Format::Parquet] {
        let (file, manifest) = fixture.export(format, "").await;
        assert_eq!((manifest.entries, manifest.tree_size), (0, Some(0)), "{format}");
        assert_eq!(manifest.bytes, file.len() as u64);
        if format == Format::Json {
            let items: Vec<serde_json::Value> = serde_json::from_slice(&file).unwrap();
            assert_eq!(items.len(), 1);
        }
    }
    fixture.write([r#"{"action":"first","actor":{"id":"u"}}"#]).await;
    let mut export = fixture.begin(Format::Ndjson, "").await;
    fixture.write([r#"{"action":"second","actor":{"id":"u"}}"#]).await;
    let mut text = Vec::new();
    while let Some(piece) = export.next().await {
        if let Piece::Bytes(piece) = piece.unwrap() {
            text.extend_from_slice(&piece);
        }
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("first") && !text.contains("second"), "{text}");
}
