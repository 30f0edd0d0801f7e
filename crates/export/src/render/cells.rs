//! Cells of CSV (RFC 4180), safe to open in a spreadsheet.
//!
//! A spreadsheet takes a cell that begins with certain signs for a formula, and what stands in a log may
//! come from whom the log is about (OWASP, "CSV Injection"). Such cells get an apostrophe in front. So do
//! those that begin with one, so that it can be taken away again: of a cell that begins with an
//! apostrophe, the first one is never the entry's.

/// Appends a cell that has a text.
pub(super) fn write(text: &str, out: &mut Vec<u8>) {
    let guard: &[u8] = if begins_a_formula(text) { b"'" } else { b"" };
    let bytes = text.as_bytes();
    let plain = !bytes.is_empty() && !bytes.iter().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n'));
    if plain {
        out.extend_from_slice(guard);
        out.extend_from_slice(bytes);
        return;
    }
    // An empty text is two quotes: an absent one is nothing.
    out.push(b'"');
    out.extend_from_slice(guard);
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'"', rest) {
        let (before, after) = rest.split_at(at + 1);
        out.extend_from_slice(before);
        out.push(b'"');
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn begins_a_formula(text: &str) -> bool {
    // With the wide forms that some spreadsheets read alike.
    matches!(
        text.chars().next(),
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'' | '＝' | '＋' | '－' | '＠')
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use proptest::prelude::*;

    use super::*;

    fn cell(text: &str) -> String {
        let mut out = Vec::new();
        write(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_cell_begins_a_formula() {
        for (text, wanted) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("\nx", "\"'\nx\""),
            ("=cmd|' /C calc'!A0,x", "\"'=cmd|' /C calc'!A0,x\""),
            ("'quoted'", "''quoted'"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
        ] {
            assert_eq!(cell(text), wanted);
        }
    }

    proptest! {
        #[test]
        fn a_reader_of_csv_gets_the_text_back(texts in prop::collection::vec("[=+@'\",\r\n\t a-c-]{0,6}", 1..5)) {
            let cells: Vec<_> = texts.iter().map(|text| cell(text)).collect();
            let line = cells.join(",") + "\r\n";
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            let read: Vec<_> = record.iter().map(|cell| cell.strip_prefix('\'').unwrap_or(cell).to_owned()).collect();
            prop_assert_eq!(read, texts);
        }
    }
}
