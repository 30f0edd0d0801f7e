#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;

fn auto(text: &str) -> Result<Vec<RawItem>, SplitError> {
    split(&Bytes::copy_from_slice(text.as_bytes()), Framing::Auto, Format::Auto)
}

fn texts(items: &[RawItem]) -> Vec<String> {
    items.iter().map(|i| String::from_utf8_lossy(&i.bytes).into_owned()).collect()
}

/// What is found before a fault, and the fault with what stands from there on.
fn until_fault(text: &str) -> (Vec<String>, SplitError) {
    let mut items = Vec::new();
    let mut splitter = Splitter::new(Framing::Auto, Format::Auto);
    splitter.push(&Bytes::copy_from_slice(text.as_bytes()), &mut items);
    let error = splitter.finish(&mut items).unwrap_err();
    (texts(&items), error)
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
    assert_eq!(texts(&auto("{\"v\": \"Records\",\n \"Records\"\n:\n[ {\n} ]}").unwrap()), ["{\n}"]);
    let two_files = "{\"Records\":[1,2]}\n{\"Records\":[3]}";
    assert_eq!(texts(&auto(two_files).unwrap()), ["1", "2", "3"]);
}

#[test]
fn an_own_entry_with_a_member_called_records_is_one_item() {
    let body = Bytes::from_static(br#"{"Records":[1,2]}"#);
    assert_eq!(split(&body, Framing::Auto, Format::Custody).unwrap().len(), 1);
    for one in [
        r#"{"Records": 5}"#,
        r#"{"a":{"Records":[1,2]}}"#,
        r#"{"a":"Records","b":[1,2]}"#,
        r#"{"Records ":[1,2]}"#,
    ] {
        assert_eq!(texts(&auto(one).unwrap()), [one]);
    }
}

#[test]
fn documents_may_follow_one_another() {
    assert_eq!(
        texts(&auto("{\"a\":1}{\"b\":2} {\"c\":3}\n").unwrap()),
        ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]
    );
    assert_eq!(
        texts(&auto("{\n\"a\":1\n}\n{\n\"b\":2\n}\n[3]").unwrap()),
        ["{\n\"a\":1\n}", "{\n\"b\":2\n}", "3"]
    );
    assert_eq!(texts(&auto("[1]\n[2,3]").unwrap()), ["1", "2", "3"]);
}

#[test]
fn one_object_over_many_lines_is_one_item() {
    assert_eq!(auto("{\n  \"action\": \"x\"\n}\n").unwrap().len(), 1);
    // As little indented as it can be.
    assert_eq!(auto("{\n\"a\":\n{\n\"b\": [\n{\n}\n]\n}\n}\n").unwrap().len(), 1);
}

#[test]
fn lines_are_items_even_where_they_are_broken() {
    let items = auto("{\"a\":1}\n\n{\"b\": \n  \r\n{\"c\":3}\r\n").unwrap();
    assert_eq!(texts(&items), ["{\"a\":1}", "{\"b\":", "{\"c\":3}"]);
    assert_eq!(items.iter().map(|i| i.line).collect::<Vec<_>>(), [1, 3, 5]);
    for first_is_broken in
        ["{\"a\": \"\n{\"b\":2}", "{\"a\": {\n{\"b\":2}", "{\"a\": {\n{\"b\":2}}\n{\"c\":3}}\n{\"d\":4}"]
    {
        let items = auto(first_is_broken).unwrap();
        assert_eq!(items.len(), first_is_broken.lines().count(), "{first_is_broken}");
        assert_eq!(items[1].line, 2);
    }
}

/// Its brackets never close: that it is a line is known only at the bound.
#[test]
fn a_broken_first_line_of_a_long_body_is_one_item() {
    let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(1_000));
    let body = format!("{{\"a\": {{\n{}", line.repeat(3_000));
    let items = auto(&body).unwrap();
    assert_eq!(items.len(), 3_001);
    assert_eq!((texts(&items[..1])[0].as_str(), items[3_000].line), ("{\"a\": {", 3_001));
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
    let lines = |body: &'static [u8]| split(&Bytes::from_static(body), Framing::Lines, Format::Auto);
    assert_eq!(texts(&lines(b"\xef\xbb\xbf{}\n").unwrap()), ["{}"]);
    assert_eq!(lines(b"\xef\xbb{}").unwrap()[0].bytes, b"\xef\xbb{}".as_slice());
    assert_eq!(lines(b"\xef").unwrap()[0].bytes, b"\xef".as_slice());
    assert_eq!(lines(b"\xef\xbb\xbf").unwrap_err().kind, SplitErrorKind::Empty);
}

#[test]
fn what_cannot_be_split_says_where_and_why() {
    insta::assert_snapshot!(
        [
            "",
            " \n",
            "hello",
            "\u{1f}x",
            "\u{fefe}[1]",
            "[1,2",
            "[1 2]",
            "[1,,2]",
            "[1,]",
            "[{\"a\":1}]\n]",
            "{\"a\":1} x",
            "{\"a\":\n1",
            "{\"Records\":[{\"a\":1},\n{\"b\":",
            "{\"Records\":[{\"a\":1}]"
        ]
        .map(|text| {
            let (items, error) = until_fault(text);
            let rest = error.rest.as_ref().map(|rest| texts(std::slice::from_ref(rest)));
            format!("{text:?} => {items:?}, {error}; rest {rest:?}")
        })
        .join("\n")
    );
}

#[test]
fn what_breaks_off_leaves_what_had_come_of_its_last_item() {
    let rest = |text: &'static str| {
        let mut items = Vec::new();
        let mut splitter = Splitter::new(Framing::Auto, Format::Auto);
        splitter.push(&Bytes::from_static(text.as_bytes()), &mut items);
        (items.len(), splitter.break_off().map(|rest| texts(&[rest])))
    };
    assert_eq!(rest("[1,{\"a\":"), (1, Some(vec!["{\"a\":".to_owned()])));
    assert_eq!(rest("{\"a\":1}\n{\"b\""), (1, Some(vec!["{\"b\"".to_owned()])));
    assert_eq!(rest("[1,2,"), (2, None));
}

/// Held up to the bound, and from there on only its beginning, its length and its hash.
#[test]
fn a_long_item_is_read_to_its_end_and_not_held() {
    for (length, cut) in [(ITEM_HELD_BYTES_MAX, false), (ITEM_HELD_BYTES_MAX + 1, true), (40 << 20, true)] {
        let long = format!("\"{}\"", "x".repeat(length - 2));
        let body = Bytes::from(format!("[1,{long},2]"));
        for piece in [body.len(), 100_000, 65_537] {
            let mut items = Vec::new();
            let mut splitter = Splitter::new(Framing::Auto, Format::Auto);
            let mut most = 0;
            for start in (0..body.len()).step_by(piece) {
                splitter.push(&body.slice(start..body.len().min(start + piece)), &mut items);
                most = most.max(splitter.memory_bytes());
            }
            splitter.finish(&mut items).unwrap();
            assert!(most <= 2 * ITEM_HELD_BYTES_MAX, "{most}");
            assert_eq!(items.len(), 3);
            assert_eq!(items[2].bytes, b"2".as_slice());
            let expected = cut.then(|| Cut { length: length as u64, sha256: Sha256::digest(&long).into() });
            assert_eq!(items[1].cut, expected);
            let kept = if cut { ITEM_KEPT_BYTES } else { length };
            assert_eq!(items[1].bytes, long.as_bytes()[..kept]);
        }
    }
}

/// What came of a body: its items, and the fault with its rest, if there was one.
type Outcome = (Vec<RawItem>, Option<(u64, u64, SplitErrorKind, Option<Box<RawItem>>)>);

fn outcome(body: &Bytes, framing: Framing, cuts: &[usize]) -> Outcome {
    let mut items = Vec::new();
    let mut splitter = Splitter::new(framing, Format::Auto);
    let mut at = 0;
    for cut in cuts.iter().map(|cut| cut % (body.len() + 1)).filter(|cut| *cut >= at).collect::<Vec<_>>() {
        splitter.push(&body.slice(at..cut.max(at)), &mut items);
        at = cut.max(at);
    }
    splitter.push(&body.slice(at..), &mut items);
    assert!(splitter.found() == items.len() as u64);
    let ended = splitter.finish(&mut items);
    (items, ended.err().map(|e| (e.offset, e.line, e.kind, e.rest)))
}

/// Bodies in which much is decided: brackets, quotes, lines, `Records`.
const LIKE_JSON: &str = r#"(\{"Records":\[|\]\}|[\[\]{},:"\\ a1\n]|\{"a":1\}|\n\{|"Records"){0,40}"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_pieces_give_the_items_of_the_whole(text in LIKE_JSON, mut cuts in proptest::collection::vec(any::<usize>(), 0..8), lines: bool) {
        let body = Bytes::from(text.into_bytes());
        for cut in &mut cuts {
            *cut %= body.len() + 1;
        }
        cuts.sort_unstable();
        let framing = if lines { Framing::Lines } else { Framing::Auto };
        let whole = outcome(&body, framing, &[]);
        prop_assert_eq!(&outcome(&body, framing, &cuts), &whole);
        let every_byte: Vec<_> = (0..body.len()).collect();
        prop_assert_eq!(&outcome(&body, framing, &every_byte), &whole);
    }

    #[test]
    fn any_pieces_of_any_bytes_do(bytes in proptest::collection::vec(any::<u8>(), 0..100), at: usize, lines: bool) {
        let body = Bytes::from(bytes);
        let framing = if lines { Framing::Lines } else { Framing::Auto };
        prop_assert_eq!(outcome(&body, framing, &[at]), outcome(&body, framing, &[]));
    }

    #[test]
    fn never_panics_and_items_lie_in_the_body_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..300), lines: bool) {
        check(&bytes, lines);
    }

    #[test]
    fn nor_on_what_looks_like_json(text in LIKE_JSON, lines: bool) {
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
    let (mut items, fault) = outcome(&body, framing, &[]);
    if let Some((offset, _, _, rest)) = fault {
        assert!(offset <= body.len() as u64);
        items.extend(rest.map(|rest| *rest));
    }
    let mut at = 0;
    for item in items {
        let offset = usize::try_from(item.offset).unwrap();
        assert!(offset >= at && !item.bytes.is_empty());
        assert_eq!(item.bytes, body.slice(offset..offset + item.bytes.len()));
        let line = bytes[..offset].split(|byte| *byte == b'\n').count();
        assert_eq!(item.line, line as u64);
        at = offset + item.bytes.len();
    }
}
