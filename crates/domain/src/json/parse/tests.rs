#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::borrow::Cow;

use super::*;

fn fails(text: impl AsRef<[u8]>) -> (usize, ParseErrorKind, String) {
    let error = parse(text.as_ref(), &Limits::default()).unwrap_err();
    (error.offset, error.kind, error.pointer)
}

fn string(text: &str) -> String {
    let value = parse(text.as_bytes(), &Limits::default()).unwrap();
    value.as_str().unwrap().to_owned()
}

#[test]
fn strings_and_numbers_are_borrowed_and_kept_as_sent() {
    let text = br#" { "a" : "plain", "n" : 1E+02 , "e":"\u0041" } "#;
    let value = parse(text, &Limits::default()).unwrap();
    let object = value.as_object().unwrap();
    assert!(matches!(object.get("a"), Some(Value::String(Cow::Borrowed("plain")))));
    assert!(matches!(object.get("n"), Some(Value::Number(Cow::Borrowed("1E+02")))));
    assert!(matches!(object.get("e"), Some(Value::String(Cow::Owned(s))) if s == "A"));
    let keys: Vec<_> = object.iter().map(|(k, _)| k).collect();
    assert_eq!(keys, ["a", "n", "e"]);
}

#[test]
fn escapes() {
    assert_eq!(string(r#""\"\\\/\b\f\n\r\t\u0000\u20AC""#), "\"\\/\u{8}\u{c}\n\r\t\0€");
    assert_eq!(string(r#""\ud83d\uDE00""#), "😀");
    assert_eq!(string("\"\u{7f}\u{2028}\""), "\u{7f}\u{2028}");
}

#[test]
fn surrogates_come_in_pairs() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\ud800""#,
        r#""\ud800\u0041""#,
    ] {
        assert_eq!(fails(text), (1, ParseErrorKind::LoneSurrogate, String::new()), "{text}");
    }
    assert_eq!(fails(r#"{"k":["\ud800"]}"#).2, "/k/0");
    for text in [r#""\ud800\"#, r#""\ud800\u"#, r#""\ud800\udc0"#, r#""\u12"#, r#""\"#] {
        assert_eq!(fails(text), (text.len(), ParseErrorKind::UnexpectedEnd, String::new()), "{text}");
    }
    assert_eq!(fails(r#""\uD8zz""#).1, ParseErrorKind::InvalidEscape);
}

#[test]
fn what_is_no_json_is_refused_where_it_stops_being_json() {
    use ParseErrorKind as K;
    for (text, offset, kind) in [
        ("", 0, K::UnexpectedEnd),
        ("  ", 2, K::UnexpectedEnd),
        ("tru", 3, K::UnexpectedEnd),
        ("trve", 0, K::Expected("a value")),
        ("nul!", 0, K::Expected("a value")),
        ("[1 2]", 3, K::Expected("`,` or `]`")),
        ("[1,]", 3, K::Expected("a value")),
        ("[1,", 3, K::UnexpectedEnd),
        ("{", 1, K::UnexpectedEnd),
        ("{,}", 1, K::Expected("a key in quotes")),
        ("{\"a\" 1}", 5, K::Expected("`:`")),
        ("{\"a\":1,}", 7, K::Expected("a key in quotes")),
        ("{a:1}", 1, K::Expected("a key in quotes")),
        ("'a'", 0, K::Expected("a value")),
        ("012", 1, K::Trailing),
        ("-x", 1, K::InvalidNumber),
        ("1.x", 2, K::InvalidNumber),
        ("1.", 2, K::UnexpectedEnd),
        ("NaN", 0, K::Expected("a value")),
        ("1 1", 2, K::Trailing),
        ("\"a\nb\"", 2, K::ControlCharacter),
        ("\"a\0b\"", 2, K::ControlCharacter),
        ("\"\\x\"", 1, K::InvalidEscape),
        ("\"abc", 4, K::UnexpectedEnd),
        ("\u{feff}1", 0, K::ByteOrderMark),
        ("[1]\u{a0}", 3, K::Trailing),
    ] {
        let (at, why, _) = fails(text);
        assert_eq!((at, why), (offset, kind), "{text:?}");
    }
}

#[test]
fn a_key_may_stand_once() {
    assert_eq!(fails(r#"{"a":{"b":1,"c":2,"b":3}}"#), (18, ParseErrorKind::DuplicateKey, "/a/b".to_owned()));
    // Equal after the escapes are read.
    assert_eq!(fails(r#"{"a":1,"\u0061":2}"#).1, ParseErrorKind::DuplicateKey);
    // Beyond the few that are compared one by one.
    let many: Vec<String> = (0..40).map(|i| format!("\"k{i}\":{i}")).collect();
    let text = format!("{{{},\"k3\":0,\"k39\":0}}", many.join(","));
    let second = text.rfind("\"k3\":0").unwrap();
    assert_eq!(fails(&text), (second, ParseErrorKind::DuplicateKey, "/k3".to_owned()));
    let fine = format!("{{{}}}", many.join(","));
    assert!(parse(fine.as_bytes(), &Limits::default()).is_ok());
}

#[test]
fn bytes_that_are_no_utf8_are_found_in_the_document() {
    let text = [br#"{"a":["x","#.as_slice(), b"\"\xff\"]}"].concat();
    assert_eq!(fails(&text), (11, ParseErrorKind::InvalidUtf8, "/a/1".to_owned()));
    assert_eq!(fails(b"\xff"), (0, ParseErrorKind::InvalidUtf8, String::new()));
    // What is wrong earlier is said first.
    assert_eq!(fails(b"[1 2 \"\xff\"]").1, ParseErrorKind::Expected("`,` or `]`"));
    // A surrogate written as UTF-8.
    assert_eq!(fails(b"\"\xed\xa0\x80\"").1, ParseErrorKind::InvalidUtf8);
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |n| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(parse(nested(64).as_bytes(), &Limits::default()).is_ok());
    let (offset, kind, pointer) = fails(nested(65));
    assert_eq!((offset, kind), (64, ParseErrorKind::TooDeep { depth_max: 64 }));
    assert_eq!(pointer, "/0".repeat(64));
    let limits = Limits { depth: usize::MAX, bytes: usize::MAX };
    let error = parse("[".repeat(1 << 20).as_bytes(), &limits).unwrap_err();
    assert_eq!(error.kind, ParseErrorKind::TooDeep { depth_max: Limits::DEEPEST });
    let error = parse(b"[1,2]", &Limits { depth: 1, bytes: 4 }).unwrap_err();
    assert_eq!((error.offset, error.kind), (4, ParseErrorKind::TooLarge { bytes_max: 4 }));
}

#[test]
fn an_error_says_what_and_where() {
    let error = parse(br#"{"a":{"b/c":[1,oops]}}"#, &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "expected a value at byte 15, in /a/b~1c/1");
    let error = parse(b"oops", &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "expected a value at byte 0");
}
