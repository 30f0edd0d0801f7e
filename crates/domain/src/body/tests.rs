#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use super::*;
use crate::commitment::{commit, members};

const CONTENT: &str = r#"{"action":"order.updated","actor":{"id":"u1","name":"Ada"},"after":{},"metadata":{"a/b":[1,2],"n":{"deep":true}}}"#;
const SALT: Salt = Salt([7; 16]);

fn full() -> Body {
    Body::Full { salt: SALT, content: CONTENT.as_bytes().to_vec() }
}

fn hash() -> Hash {
    commit(&object(CONTENT.as_bytes()).unwrap(), &SALT).content_hash
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn members_are_the_top_level_and_the_containers_keys() {
    let object = object(CONTENT.as_bytes()).unwrap();
    let members = members(&object);
    let all: Vec<_> = members.iter().map(|(p, v)| (p, text(v))).collect();
    assert_eq!(
        all,
        [
            ("/action", r#""order.updated""#),
            ("/actor/id", r#""u1""#),
            ("/actor/name", r#""Ada""#),
            ("/after", "{}"),
            ("/metadata/a~1b", "[1,2]"),
            ("/metadata/n", r#"{"deep":true}"#),
        ]
    );
    assert_eq!(text(members.canonical()), CONTENT);
}

#[test]
fn the_content_hash_survives_every_form() {
    assert_eq!(full().content_hash().unwrap(), hash());
    let redacted = full().redact(&["/actor/name", "/metadata/a~1b"]).unwrap();
    assert_eq!(redacted.content_hash().unwrap(), hash());
    assert_eq!(
        text(redacted.content_bytes()),
        r#"{"action":"order.updated","actor":{"id":"u1"},"after":{},"metadata":{"n":{"deep":true}}}"#
    );
    assert_eq!(redacted.erased().len(), 2);
    let twice = redacted.redact(&["/action", "/after"]).unwrap();
    assert_eq!(twice.content_hash().unwrap(), hash());
    assert_eq!(twice.erased().len(), 4);
    let disclosed = twice.disclose(&["/actor"]).unwrap();
    assert_eq!(disclosed.content_hash().unwrap(), hash());
    assert_eq!(text(&disclosed.content), r#"{"actor":{"id":"u1"}}"#);
    assert_eq!(disclosed.withheld.len(), 5);
}

#[test]
fn a_container_goes_with_its_last_key_and_the_empty_pointer_is_everything() {
    let redacted = full().redact(&["/metadata"]).unwrap();
    assert_eq!(
        text(redacted.content_bytes()),
        r#"{"action":"order.updated","actor":{"id":"u1","name":"Ada"},"after":{}}"#
    );
    assert_eq!(redacted.content_hash().unwrap(), hash());
    let nothing = full().redact(&[""]).unwrap();
    assert_eq!((text(nothing.content_bytes()), nothing.erased().len()), ("{}", 6));
    assert_eq!(nothing.content_hash().unwrap(), hash());
}

#[test]
fn an_erasure_can_be_repeated() {
    let once = full().redact(&["/actor/name"]).unwrap();
    assert_eq!(once.redact(&["/actor/name", "/never/was"]).unwrap(), once);
}

#[test]
fn members_are_taken_whole() {
    assert_eq!(
        full().redact(&["/metadata/n/deep"]),
        Err(BodyError::InsideMember {
            pointer: "/metadata/n/deep".to_owned(),
            member: "/metadata/n".to_owned()
        })
    );
    assert!(matches!(full().disclose(&["/action/x"]), Err(BodyError::InsideMember { .. })));
    assert!(matches!(full().disclose(&["/after/x"]), Err(BodyError::InsideMember { .. })));
    assert_eq!(full().redact(&["action"]), Err(BodyError::NotAPointer("action".to_owned())));
}

/// The bytes of an erased value, and the salt by which it could be guessed, are gone.
#[test]
fn a_redacted_body_holds_neither_the_value_nor_its_salt() {
    let bytes = full().redact(&["/actor/name"]).unwrap().encode();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
    assert!(!holds(b"Ada") && !holds(&SALT.0) && !holds(SALT.to_hex().as_bytes()));
    let salt = crate::commitment::member_salt(&SALT, "/actor/name");
    assert!(!holds(&salt.0) && !holds(salt.to_hex().as_bytes()));
}

#[test]
fn both_forms_come_back_from_their_bytes() {
    for body in [full(), full().redact(&["/actor/name"]).unwrap(), full().redact(&[]).unwrap()] {
        assert_eq!(Body::decode(&body.encode()).unwrap(), body);
    }
    let bytes = full().encode();
    assert_eq!(bytes[0], 1);
    assert_eq!(&bytes[1..17], &[7; 16]);
    assert_eq!(&bytes[17..], CONTENT.as_bytes());
}

#[test]
fn a_body_has_one_form() {
    assert_eq!(Body::decode(&[]), Err(BodyError::UnknownVersion(None)));
    assert_eq!(Body::decode(&[3, 0]), Err(BodyError::UnknownVersion(Some(3))));
    assert_eq!(Body::decode(&[1; 16]), Err(BodyError::TooShort(16)));
    let spaced = Body::Full { salt: SALT, content: b"{\"action\": 1}".to_vec() };
    assert_eq!(spaced.content_hash(), Err(BodyError::NotCanonical));
    let array = Body::Full { salt: SALT, content: b"[]".to_vec() };
    assert_eq!(array.content_hash(), Err(BodyError::NotAnObject));

    let form = |json: &str| Body::decode(&[&[2], json.as_bytes()].concat());
    assert!(form(r#"{"content":{},"erased":[],"salts":{}}"#).is_ok());
    for json in [
        r#"{"content":{}, "erased":[],"salts":{}}"#,
        r#"{"erased":[],"content":{},"salts":{}}"#,
        r#"{"content":{},"erased":[],"salts":{},"x":1}"#,
    ] {
        assert_eq!(form(json), Err(BodyError::NotCanonical), "{json}");
    }
    for json in [
        r#"{"erased":[],"salts":{}}"#,
        r#"{"content":[],"erased":[],"salts":{}}"#,
        r#"{"content":{},"erased":["00"],"salts":{}}"#,
        r#"{"content":{},"erased":[],"salts":{"/a":"0"}}"#,
        r#"{"content":{},"erased":[],"salts":{"/a":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}"#,
    ] {
        assert!(matches!(form(json), Err(BodyError::Member(_))), "{json}");
    }
    let stray = form(r#"{"content":{},"erased":[],"salts":{"/a":"00000000000000000000000000000000"}}"#);
    assert_eq!(stray.unwrap().content_hash(), Err(BodyError::SaltsDoNotMatch));
    let missing = form(r#"{"content":{"a":1},"erased":[],"salts":{}}"#);
    assert_eq!(missing.unwrap().content_hash(), Err(BodyError::SaltsDoNotMatch));
}

#[test]
fn changed_evidence_has_another_hash() {
    let changed = Body::Full { salt: SALT, content: CONTENT.replace("Ada", "Bob").into_bytes() };
    assert_ne!(changed.content_hash().unwrap(), hash());
    let Body::Redacted { content, salts, mut erased } = full().redact(&["/action"]).unwrap() else {
        panic!()
    };
    erased.clear();
    let hidden = Body::Redacted { content, salts, erased };
    assert_ne!(hidden.content_hash().unwrap(), hash());
}
