#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use chrono::{DateTime, Utc};

use super::*;
use crate::json::{Limits, parse};

fn now() -> DateTime<Utc> {
    "2026-01-02T00:00:00Z".parse().unwrap()
}

fn violations_as(author: Author, text: &str) -> Vec<(String, ViolationKind, String)> {
    let value = parse(text.as_bytes(), &Limits::STORED).unwrap();
    match validate(value.as_object().unwrap(), now(), author) {
        Ok(()) => Vec::new(),
        Err(all) => all.into_iter().map(|v| (v.pointer, v.kind, v.detail)).collect(),
    }
}

/// The violations of a minimal entry with `more` added to it.
fn with(more: &str) -> Vec<(String, ViolationKind, String)> {
    violations_as(Author::Client, &format!(r#"{{"action":"a","actor":{{"id":"u1"}},{more}}}"#))
}

#[track_caller]
fn one(more: &str, pointer: &str, kind: ViolationKind, detail: &str) {
    assert_eq!(with(more), [(pointer.to_owned(), kind, detail.to_owned())], "{more}");
}

use ViolationKind::{Depth, Encoding, ReservedAction, Schema, Size, Time};

#[test]
fn a_whole_entry_is_fine() {
    let text = r#"{"action":"order.updated","actor":{"type":"user","id":"u1","name":"Ada"},
        "resource":{"type":"order","id":"o9","name":"Order 9"},
        "occurred_at":"2026-01-01T12:00:00+01:00","severity":"INFO","outcome":"success",
        "message":"a\u0000b","session_id":"","request_id":"r","ip":"2001:db8::1","user_agent":"x\u0000",
        "before":{"a\u0000":1},"after":{},"metadata":{"x":[1,{"y":"\u0000"}]},
        "event_id":"e1","producer":{"id":"p","seq":0}}"#;
    assert_eq!(violations_as(Author::Client, text), []);
}

#[test]
fn action_and_actor_id_are_required() {
    let required = |p: &str| (p.to_owned(), Schema, "is required".to_owned());
    assert_eq!(violations_as(Author::Client, "{}"), [required("/action"), required("/actor/id")]);
    assert_eq!(
        violations_as(Author::Client, r#"{"action":"a","actor":{"name":"x"}}"#),
        [required("/actor/id")]
    );
    assert_eq!(violations_as(Author::Client, r#"{"action":"","actor":{"id":""}}"#).len(), 2);
    assert_eq!(
        violations_as(Author::Client, r#"{"action":"a","actor":"u1"}"#),
        [("/actor".to_owned(), Schema, "must be an object, not a string".to_owned())]
    );
}

#[test]
fn unknown_names_are_told_the_nearest() {
    one(r#""actorr":1"#, "/actorr", Schema, "is not known; the nearest name is actor");
    one(r#""userAgent":1"#, "/userAgent", Schema, "is not known; the nearest name is user_agent");
    one(r#""resource":{"ids":""}"#, "/resource/ids", Schema, "is not known; the nearest name is id");
    one(
        r#""producer":{"id":"p","seq":1,"sequence":2}"#,
        "/producer/sequence",
        Schema,
        "is not known; the nearest name is seq",
    );
    one(r#""a/b~":1"#, "/a~1b~0", Schema, "is not known; the nearest name is after");
    let long = "k".repeat(300);
    one(&format!(r#""{long}":1"#), "", Schema, "has an unknown member, with a name of 300 bytes");
}

#[test]
fn what_the_server_sets_is_refused_from_a_client() {
    for member in [
        "recorded_by",
        "masked",
        "sealed",
        "number_as_text",
        "source_format",
        "id",
        "seq",
        "tenant_id",
        "received_at",
        "leaf_hash",
    ] {
        one(&format!(r#""{member}":{{}}"#), &format!("/{member}"), Schema, "is set by the server");
    }
    let system = r#"{"action":"custody.tenant.created","actor":{"id":"system:x"},
        "recorded_by":{"principal":"system:x"},"masked":[],"sealed":[],"number_as_text":["/x"],"source_format":"custody"}"#;
    assert_eq!(violations_as(Author::System, system), []);
    let wrong = r#"{"action":"a","actor":{"id":"x"},"masked":{},"recorded_by":[],"source_format":""}"#;
    assert_eq!(violations_as(Author::System, wrong).len(), 3);
}

#[test]
fn custodys_own_actions_are_its_alone() {
    for action in ["custody.tenant.created", "Custody.x", "custody.", "custody"] {
        let text = format!(r#"{{"action":"{action}","actor":{{"id":"u"}}}}"#);
        assert_eq!(violations_as(Author::Client, &text)[0].1, ReservedAction, "{action}");
    }
    for unseen in [" custody.x", "custody.x ", "custody\\u200b.x", "a\\u001b[2Jb", "a\\r\\nb", "\\u202ea"] {
        let text = format!(r#"{{"action":"{unseen}","actor":{{"id":"u"}}}}"#);
        assert_eq!(violations_as(Author::Client, &text)[0].0, "/action", "{unseen}");
    }
    let text = r#"{"action":"custodyx.y","actor":{"id":"u"}}"#;
    assert_eq!(violations_as(Author::Client, text), []);
    let text = r#"{"action":"custodÿ.y","actor":{"id":"u"}}"#;
    assert_eq!(violations_as(Author::Client, text), []);
}

#[test]
fn kinds_are_checked() {
    for key in ["message", "session_id", "request_id", "ip", "user_agent", "event_id", "occurred_at"] {
        one(&format!(r#""{key}":5"#), &format!("/{key}"), Schema, "must be a string, not a number");
        one(&format!(r#""{key}":null"#), &format!("/{key}"), Schema, "must be a string, not null");
    }
    for key in ["before", "after", "metadata", "resource"] {
        one(&format!(r#""{key}":[]"#), &format!("/{key}"), Schema, "must be an object, not an array");
    }
    one(r#""severity":"info""#, "/severity", Schema, "must be one of INFO, WARNING, ERROR, CRITICAL");
    one(r#""outcome":true"#, "/outcome", Schema, "must be one of unknown, success, failure");
    assert_eq!(with(r#""ip":"***""#), []);
    for ip in ["10.0.0.0/8", "10.0.0", "010.0.0.1", "host", "fe80::1%eth0", ""] {
        one(&format!(r#""ip":"{ip}""#), "/ip", Schema, "must be an IPv4 or IPv6 address");
    }
}

#[test]
fn times_are_whole_and_in_range() {
    let form = "must be a time of RFC 3339 with an offset, like 2026-01-02T03:04:05Z";
    one(r#""occurred_at":"2026-01-01T00:00:00""#, "/occurred_at", Time, form);
    one(r#""occurred_at":"1969-12-31T23:59:59Z""#, "/occurred_at", Time, "is before 1970");
    one(r#""occurred_at":"1970-01-01T00:59:59+01:00""#, "/occurred_at", Time, "is before 1970");
    assert_eq!(with(r#""occurred_at":"1970-01-01T00:00:00Z""#), []);
    assert_eq!(with(r#""occurred_at":"2026-01-03T00:00:00Z""#), []);
    one(
        r#""occurred_at":"2026-01-03T00:00:00.001Z""#,
        "/occurred_at",
        Time,
        "is more than 24 hours after it was received",
    );
}

#[test]
fn nul_is_refused_where_there_is_a_column() {
    let detail = "may not contain the character NUL";
    for (more, pointer) in [
        (r#""session_id":"\u0000""#, "/session_id"),
        (r#""request_id":"\u0000""#, "/request_id"),
        (r#""resource":{"id":"\u0000"}"#, "/resource/id"),
        (r#""resource":{"type":"\u0000"}"#, "/resource/type"),
    ] {
        one(more, pointer, Encoding, detail);
    }
    let text = r#"{"action":"\u0000","actor":{"id":"\u0000","type":"\u0000","name":"\u0000"}}"#;
    let found: Vec<_> = violations_as(Author::Client, text).into_iter().map(|v| v.0).collect();
    assert_eq!(found, ["/action", "/actor/id", "/actor/type"]);
}

#[test]
fn a_producers_number_is_whole() {
    for seq in ["0", "7.0", "1e3", "-0", "9007199254740991"] {
        assert_eq!(with(&format!(r#""producer":{{"id":"p","seq":{seq}}}"#)), [], "{seq}");
    }
    for seq in ["-1", "0.5", "9007199254740992", "1e400", "\"7\"", "null"] {
        one(
            &format!(r#""producer":{{"id":"p","seq":{seq}}}"#),
            "/producer/seq",
            Schema,
            "must be a whole number from 0 to 9007199254740991",
        );
    }
    assert_eq!(with(r#""producer":{}"#).len(), 2);
}

#[test]
fn lengths_and_depth_are_bounded() {
    let action = "a".repeat(257);
    let text = format!(r#"{{"action":"{action}","actor":{{"id":"u"}}}}"#);
    assert_eq!(violations_as(Author::Client, &text)[0].1, Size);
    let x = |n| "x".repeat(n);
    assert_eq!(with(&format!(r#""event_id":"{}""#, x(2048))), []);
    one(&format!(r#""event_id":"{}""#, x(2049)), "/event_id", Size, "is longer than 2048 bytes");
    one(&format!(r#""message":"{}""#, x(65537)), "/message", Size, "is longer than 65536 bytes");

    let minimal = r#"{"action":"a","actor":{"id":"u1"},"metadata":{"x":""}}"#.len();
    assert_eq!(with(&format!(r#""metadata":{{"x":"{}"}}"#, x(BYTES_MAX - minimal))), []);
    one(
        &format!(r#""metadata":{{"x":"{}"}}"#, x(BYTES_MAX - minimal + 1)),
        "",
        Size,
        "is larger than 1048576 bytes in its canonical form",
    );
    assert_eq!(with(&format!(r#""metadata":{{"a":[{{"{}":1}}]}}"#, x(KEY_BYTES_MAX))), []);
    one(
        &format!(r#""metadata":{{"a":[{{"{}":1}}]}}"#, x(KEY_BYTES_MAX + 1)),
        "",
        Size,
        "has a key that is longer than 4096 bytes",
    );

    let deep = |n| format!(r#""metadata":{{"x":{}{}}}"#, "[".repeat(n), "]".repeat(n));
    assert_eq!(with(&deep(DEPTH_MAX - 2)), []);
    one(&deep(DEPTH_MAX - 1), "", Depth, "is nested deeper than 96 levels");
}

#[test]
fn the_list_of_violations_has_an_end() {
    let many: Vec<String> = (0..1000).map(|i| format!(r#""k{i}":1"#)).collect();
    assert_eq!(with(&many.join(",")).len(), 32);
    assert_eq!(with(&format!(r#""producer":{{{}}}"#, many.join(","))).len(), 32);
}

#[test]
fn normalising_names_the_numbers_that_became_text() {
    let mut value =
        parse(br#"{"metadata":{"n":1E400,"m":1},"number_as_text":["/stale"]}"#, &Limits::default()).unwrap();
    let Value::Object(content) = &mut value else { panic!() };
    normalise(content).unwrap();
    assert_eq!(
        String::from_utf8(crate::canonical::to_vec(&value)).unwrap(),
        r#"{"metadata":{"m":1,"n":"1E400"},"number_as_text":["/metadata/n"]}"#
    );
    let mut value = parse(br#"{"metadata":{"m":1}}"#, &Limits::default()).unwrap();
    let Value::Object(content) = &mut value else { panic!() };
    normalise(content).unwrap();
    assert!(!content.contains_key("number_as_text"));
}

/// Each pointer repeats its path, so the list of them can be far larger than the content.
#[test]
fn the_list_of_numbers_that_became_text_is_bounded() {
    let normalised = |key: &str, numbers: usize| {
        let text = format!(r#"{{"metadata":{{"{key}":[{}]}}}}"#, vec!["1e400"; numbers].join(","));
        let mut value = parse(text.as_bytes(), &Limits::default()).unwrap();
        let Value::Object(content) = &mut value else { panic!() };
        normalise(content)
    };
    assert_eq!(normalised("k", 4_096), Ok(()));
    assert_eq!(normalised("k", 4_097), Err(TooManyPointers));
    assert_eq!(normalised(&"k".repeat(4_000), 60), Ok(()));
    assert_eq!(normalised(&"k".repeat(4_000), 70), Err(TooManyPointers));
    assert_eq!(normalised(&"k".repeat(100_000), 1_000), Err(TooManyPointers));
}
