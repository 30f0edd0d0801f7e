//! The parser and the canonical form, over inputs nobody thought of.

use custody_domain::{
    canonical,
    json::{self, Limits, ParseErrorKind, Value, parse},
};
use proptest::{collection::vec, prelude::*};

use crate::generate;

/// Pieces of JSON, in any order: much nearer to the parser's edges than random bytes are.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\"a\"",
        b"\"b\"",
        b"\\",
        b"\\u",
        b"\\ud83d",
        b"\\ude00",
        b"\\n",
        b"0",
        b"-",
        b"1",
        b".",
        b"5",
        b"e",
        b"E",
        b"+",
        b"true",
        b"false",
        b"null",
        b" ",
        b"\n",
        b"\xff",
        b"\xc3",
        b"\xa9",
        b"\x00",
        b"\xed\xa0\x80",
        b"\"x\":1",
        b"\"y\":[]",
        b"\xef\xbb\xbf",
    ];
    vec(proptest::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

/// Ours says yes only where `serde_json` does, and no for a reason where it does not.
fn agrees_with_serde(bytes: &[u8]) {
    let limits = Limits { depth: 100, bytes: 1 << 20 };
    match (parse(bytes, &limits), serde_json::from_slice::<serde_json::Value>(bytes)) {
        (Ok(ours), Ok(serde)) => assert_eq!(json::from_serde(&serde), numbers_as_serde(&ours)),
        (Ok(_), Err(error)) => assert!(error.to_string().starts_with("number out of range"), "{error}"),
        (Err(error), Ok(_)) => assert!(
            matches!(error.kind, ParseErrorKind::DuplicateKey | ParseErrorKind::TooDeep { .. }),
            "{error}"
        ),
        (Err(error), Err(_)) => assert!(error.offset <= bytes.len()),
    }
}

fn numbers_as_serde(value: &Value<'_>) -> Value<'static> {
    json::from_serde(&json::to_serde(value))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in vec(any::<u8>(), 0..200)) {
        agrees_with_serde(&bytes);
    }

    #[test]
    fn no_soup_makes_the_parser_panic(bytes in soup()) {
        agrees_with_serde(&bytes);
    }

    #[test]
    fn a_truncated_text_never_passes_and_never_panics(value in generate::value(), cut in any::<prop::sample::Index>()) {
        let text = canonical::to_vec(&Value::Array(vec![value]));
        let cut = cut.index(text.len());
        let error = parse(&text[..cut], &Limits::STORED).unwrap_err();
        prop_assert!(error.offset <= cut);
    }
}

proptest! {
    #[test]
    fn the_canonical_form_is_its_own(value in generate::value()) {
        let once = canonical::to_vec(&value);
        let read = generate::read(&once);
        prop_assert_eq!(canonical::to_vec(&read), once.clone());
        // And what is read from it needs no normalising any more.
        if let Value::Object(object) = &mut read.clone() {
            prop_assert!(canonical::normalise_numbers(object).unwrap().is_empty());
        }
    }

    #[test]
    fn normalising_changes_nothing_but_says_where(content in generate::content()) {
        let before = canonical::to_vec(&Value::Object(content.clone()));
        let source = Value::Object(content.clone());
        let mut content = content;
        let pointers = canonical::normalise_numbers(&mut content).unwrap();
        let after = Value::Object(content);
        prop_assert_eq!(canonical::to_vec(&after), before);
        prop_assert!(pointers.is_sorted());
        for pointer in pointers {
            let Some(Value::Number(text)) = source.pointer(&pointer) else { panic!("{pointer}") };
            prop_assert_eq!(after.pointer(&pointer).unwrap().as_str(), Some(&**text));
        }
    }

    #[test]
    fn keys_stand_in_the_order_of_utf16(keys in vec(any::<String>(), 0..12)) {
        let mut object = json::Object::new();
        for key in &keys {
            object.insert(key.as_str(), Value::Null);
        }
        let text = canonical::to_vec(&Value::Object(object));
        let read = generate::read(&text);
        let written: Vec<Vec<u16>> =
            read.as_object().unwrap().iter().map(|(k, _)| k.encode_utf16().collect()).collect();
        prop_assert!(written.is_sorted());
    }

    #[test]
    fn strings_survive(text in any::<String>()) {
        let written = canonical::to_vec(&Value::from(text.as_str()));
        let read = generate::read(&written);
        prop_assert_eq!(read.as_str(), Some(text.as_str()));
        let serde: String = serde_json::from_slice(&written).unwrap();
        prop_assert_eq!(serde, text);
    }
}
