//! The media type that belongs to a name.

/// By the name's ending; `application/octet-stream` for one that is not known here.
pub(crate) fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("note" | "txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("ndjson" | "jsonl") => "application/x-ndjson",
        Some("csv") => "text/csv; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("pdf") => "application/pdf",
        Some("parquet") => "application/vnd.apache.parquet",
        Some("gz") => "application/gzip",
        Some("zst") => "application/zstd",
        Some("zip") => "application/zip",
        _ => "application/octet-stream",
    }
}
