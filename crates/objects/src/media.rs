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

/// `Content-Disposition` of a download that is saved under this name (RFC 6266). What could end the
/// quoted name, or a path, becomes `_` in it; the second form carries the name as it is.
pub fn content_disposition(filename: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
    let quoted: String = filename.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in filename.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    format!("attachment; filename=\"{quoted}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filename_ends_no_header() {
        assert_eq!(
            content_disposition("a\"b\r\nx: ü/.csv"),
            "attachment; filename=\"a_b__x_ __.csv\"; filename*=UTF-8''a%22b%0D%0Ax%3A%20%C3%BC%2F.csv"
        );
    }
}
