#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use proptest::prelude::*;

use super::*;

fn auto(text: &str) -> Result<Vec<RawItem>, SplitError> {
    split(&Bytes::copy_from_slice(text.as_bytes()), Framing::Auto, Format::Auto)
}

fn texts(items: &[RawItem]) -> Vec<String> {
    items.iter().map(|i| String::from_utf8_lossy(&i.bytes).into_owned()).collect()
}

fn fault(text: &str) -> String {
    auto(text).unwrap_err().to_string()
}

#[test]
fn an_array_gives_its_items_with_their_places() {
    let items = auto("[\n {\"a\": \"]}\\\"\"},\n 7 , \"x\", [1,[2]] ]\n").unwrap();
    assert_eq!(texts(&items), ["{\"a\": \"]}\\\"\"}", "7", "\"x\"", "[1,[2]]"]);
    assert_eq!((items[0].line, items[0].offset), (2, 3));
    assert_eq!((items[1].line, items[1].offset), (3, 19));
    assert!(auto("[]").unwrap().is_empty());
}

#[test]
fn a_cloudtrail_file_gives_its_records_wherever_they_stand() {
    assert_eq!(texts(&auto(r#"{"Records":[{"eventID":"1"},{"eventID":"2"}]}"#).unwrap()).len(), 2);
    assert_eq!(texts(&auto(r#"{"v": [1], "Records": [1], "more": {}}"#).unwrap()), ["1"]);
    let two_files = "{\"Records\":[1,2]}\n{\"Records\":[3]}";
    assert_eq!(texts(&auto(two_files).unwrap()), ["1", "2", "3"]);
}

#[test]
fn an_own_entry_with_a_member_called_records_is_one_item() {
    let body = Bytes::from_static(br#"{"Records":[1,2]}"#);
    assert_eq!(split(&body, Framing::Auto, Format::Custody).unwrap().len(), 1);
    assert_eq!(texts(&auto(r#"{"Records": 5}"#).unwrap()).len(), 1);
}

#[test]
fn one_object_over_many_lines_is_one_item() {
    assert_eq!(auto("{\n  \"action\": \"x\"\n}\n").unwrap().len(), 1);
}

#[test]
fn lines_are_items_even_where_they_are_broken() {
    let items = auto("{\"a\":1}\n\n{\"b\": \n  \r\n{\"c\":3}\r\n").unwrap();
    assert_eq!(texts(&items), ["{\"a\":1}", "{\"b\":", "{\"c\":3}"]);
    assert_eq!(items.iter().map(|i| i.line).collect::<Vec<_>>(), [1, 3, 5]);

    let first_is_broken = auto("{\"a\": \"\n{\"b\":2}").unwrap();
    assert_eq!(first_is_broken.len(), 2);
}

#[test]
fn by_media_type_every_line_is_an_item() {
    let body = Bytes::from_static(b"nonsense\n[1]\n{}");
    let framing = Framing::of_media_type("Application/X-NDJSON; charset=utf-8");
    assert_eq!(texts(&split(&body, framing, Format::Auto).unwrap()), ["nonsense", "[1]", "{}"]);
}

#[test]
fn a_byte_order_mark_at_the_start_is_the_files_not_the_items() {
    assert_eq!(texts(&auto("\u{feff}[1]").unwrap()), ["1"]);
}

#[test]
fn what_cannot_be_split_says_where_and_why() {
    insta::assert_snapshot!(
        [
            "",
            " \n",
            "hello",
            "\u{1f}x",
            "[1,2",
            "[1 2]",
            "[1,,2]",
            "[1,]",
            "[{\"a\":1}]\n]",
            "{\"a\":1} x",
            "{\"a\":\n1",
            "{\"Records\":[{\"a\":1},\n{\"b\":"
        ]
        .map(|text| format!("{text:?} => {}", fault(text)))
        .join("\n")
    );
}

#[test]
fn what_was_whole_before_the_fault_comes_with_it() {
    let error = auto("{\"Records\":[{\"a\":1},\n{\"b\":").unwrap_err();
    assert_eq!(texts(&error.complete), ["{\"a\":1}"]);
}

#[test]
fn the_number_of_items_is_bounded() {
    let body = format!("[{}0]", "0,".repeat(ITEMS_MAX));
    assert_eq!(auto(&body).unwrap_err().kind, SplitErrorKind::TooMany);
}

proptest! {
    #[test]
    fn never_panics_and_items_lie_in_the_body_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..300), lines: bool) {
        check(&bytes, lines);
    }

    #[test]
    fn nor_on_what_looks_like_json(text in r#"[\[\]{},:"\\ a1\n]{0,120}"#, lines: bool) {
        check(text.as_bytes(), lines);
    }

    #[test]
    fn whatever_values_are_joined_come_apart_again(values in proptest::collection::vec(r#"(\{"k":"[a-z\]}{,]{0,8}(\\"|\\\\)?[a-z]?"\}|[0-9]{1,4}|\[\[\],\{\}\])"#, 0..20)) {
        let body = Bytes::from(format!("[{}]", values.join(" ,\n")));
        let items = split(&body, Framing::Auto, Format::Auto).unwrap();
        prop_assert_eq!(texts(&items), values);
    }
}

fn check(bytes: &[u8], lines: bool) {
    let body = Bytes::copy_from_slice(bytes);
    let framing = if lines { Framing::Lines } else { Framing::Auto };
    let items = match split(&body, framing, Format::Auto) {
        Ok(items) => items,
        Err(error) => {
            assert!(error.offset <= body.len());
            error.complete
        }
    };
    let mut at = 0;
    for item in items {
        assert!(item.offset >= at && !item.bytes.is_empty());
        assert_eq!(item.bytes, body.slice(item.offset..item.offset + item.bytes.len()));
        at = item.offset + item.bytes.len();
    }
}
