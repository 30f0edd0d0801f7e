#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::io::BufReader;

use super::*;

/// `line@byte json` for an item, `line@byte ! detail` for a fault.
fn read(text: &[u8], by_lines: bool) -> Vec<String> {
    Items::new(BufReader::with_capacity(7, text), by_lines)
        .map(|found| match found {
            Ok(Item { json, place }) => {
                format!("{}@{} {}", place.line, place.byte, String::from_utf8_lossy(&json))
            }
            Err(Fault { place, detail }) => {
                let place = place.unwrap();
                format!("{}@{} ! {detail}", place.line, place.byte)
            }
        })
        .collect()
}

#[test]
fn the_records_of_a_cloudtrail_file_are_its_items() {
    assert_eq!(read(br#"{"Records":[{"a":1},{"b":[2]}]}"#, false), ["1@12 {\"a\":1}", "1@20 {\"b\":[2]}"]);
    let pretty = b"\xef\xbb\xbf{\n \"Records\": [\n  {\n   \"a\": 1\n  }\n ],\n \"more\": {\"x\": 1}\n}\n";
    assert_eq!(read(pretty, false), ["3@21 {    \"a\": 1   }"]);
    assert_eq!(read(br#"{"Records":[]}"#, false), Vec::<String>::new());
}

#[test]
fn an_array_is_read_item_by_item() {
    assert_eq!(read(b"[1, \"a,]\" ,{}]\n", false), ["1@1 1", "1@4 \"a,]\"", "1@11 {}"]);
    assert_eq!(read(b"[]", false), Vec::<String>::new());
}

#[test]
fn a_broken_line_is_an_item_as_it_stands() {
    let text = b"{\"a\":1}\n\n{\"b\":\n{\"c\":3}\r\nnope\n{\"d\":4}";
    let expected = ["1@0 {\"a\":1}", "3@9 {\"b\":", "4@15 {\"c\":3}\r", "5@24 nope", "6@29 {\"d\":4}"];
    assert_eq!(read(text, false), expected);
    // A name that says NDJSON lets the first line be the broken one.
    assert_eq!(read(b"nope\n{\"a\":1}\n", true), ["1@0 nope", "2@5 {\"a\":1}"]);
}

#[test]
fn values_over_several_lines_are_read_one_after_another() {
    assert_eq!(read(b"{\n\"a\": 1\n}\n{\"b\": 2}", false), ["1@0 { \"a\": 1 }", "4@11 {\"b\": 2}"]);
    assert_eq!(read(b"{", true), ["1@0 {"]);
}

#[test]
fn a_truncated_file_keeps_what_came_before() {
    let array = "the file ends within its array: it is truncated";
    let item = "the file ends within an item: it is truncated";
    assert_eq!(read(br#"{"Records":[{"a":1},{"b":"#, false), ["1@12 {\"a\":1}", &format!("1@20 ! {item}")]);
    assert_eq!(read(br"[{},", false), ["1@1 {}", &format!("1@4 ! {array}")]);
    assert_eq!(read(br"[", false), [format!("1@1 ! {array}")]);
    assert_eq!(
        read(br#"{"Records":[1]"#, false),
        ["1@12 1", "1@14 ! the file ends before its last }: it is truncated"]
    );
    assert_eq!(read(b"{\n \"a\": 1\n", false), [format!("1@0 ! {item}")]);
    assert_eq!(read(b"{\"a\":1}\n{\"b\":\"x", false), ["1@0 {\"a\":1}", "2@8 {\"b\":\"x"]);
}

#[test]
fn a_foreign_file_is_named_as_such() {
    assert_eq!(read(b"Copyright", false), ["1@0 ! not JSON: it starts with 'C', where { or [ is expected"]);
    assert_eq!(
        read(b"\x89PNG", false),
        ["1@0 ! not JSON: it starts with byte 0x89, where { or [ is expected"]
    );
    assert_eq!(read(b" \n ", false), Vec::<String>::new());
    assert_eq!(read(b"[1 2]", false), ["1@1 1", "1@2 ! expected , or ] after an item"]);
    assert_eq!(read(b"[}", false), ["1@1 ! expected an item"]);
    assert_eq!(read(b"[] x", false), ["1@3 ! there is more after the end of the JSON"]);
    assert_eq!(read(br#"{"Records":[]} {}"#, false), ["1@15 ! there is more after the end of the JSON"]);
    assert_eq!(read(b"{'a': 1}", false), ["1@1 ! not JSON (key must be a string)"]);
}

#[test]
fn what_the_server_must_judge_reaches_it_untouched() {
    // Bytes that are no UTF-8, equal keys, a lone surrogate, a hundred levels.
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let lines = [
        br#"{"a":1,"a":2}"#.to_vec(),
        br#"{"a":"\ud800"}"#.to_vec(),
        format!("{{\"a\":{deep}}}").into_bytes(),
        b"{\"a\":\"\xff\"}".to_vec(),
    ];
    let found: Vec<_> = Items::new(lines.join(&b'\n').as_slice(), false).map(|i| i.unwrap().json).collect();
    assert_eq!(found, lines);
}

#[test]
fn an_item_past_the_limit_is_passed_over() {
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(ITEM_BYTES_MAX));
    for text in [format!("{large}\n{{}}\n"), format!("[{large},\n{{}}]"), format!("{{}}\n{large}")] {
        let found = read(text.as_bytes(), false);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            found.iter().filter(|f| f.ends_with("! the item is larger than 4 MiB")).count(),
            1,
            "{found:?}"
        );
        assert_eq!(found.iter().filter(|f| f.ends_with(" {}")).count(), 1, "{found:?}");
    }
}

#[test]
fn a_reader_that_fails_is_a_fault_with_a_place() {
    let zipped = {
        use std::io::Write as _;
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        for n in 0..20_000 {
            writeln!(out, "{{\"n\":{n}}}").unwrap();
        }
        out.finish().unwrap()
    };
    let cut = &zipped[..zipped.len() / 2];
    let found: Vec<_> = Items::new(BufReader::new(flate2::read::MultiGzDecoder::new(cut)), false).collect();
    let fault = found.last().unwrap().as_ref().unwrap_err();
    assert_eq!(fault.detail, "the compressed file is truncated");
    assert!(fault.place.unwrap().line > 1000);
    assert!(found.len() > 1000);
}
