#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::json::to_serde;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::sample;

const NOW: &str = "2026-01-05T12:00:00Z";

fn content(item: &[u8], format: Format) -> Result<serde_json::Value, Rejected> {
    let recorded_by = RecordedBy::new(
        format!("key:{}", Uuid::nil()),
        Some(Uuid::nil()),
        "POST /api/v1/logs/bulk".to_owned(),
        "::ffff:192.0.2.7".parse().ok(),
    );
    let masker = Masker::default();
    let setting = Setting {
        tenant: TenantId(Uuid::from_u128(7)),
        masker: &masker,
        recorded_by: &recorded_by,
        received_at: NOW.parse().unwrap(),
    };
    let event = read(item, format, &masker)?;
    Ok(to_serde(&Value::Object(event.mask(setting.masker).and_then(|event| event.into_content(&setting))?)))
}

fn told(item: &[u8]) -> String {
    match content(item, Format::Auto) {
        Ok(content) => format!("accepted {content}"),
        Err(Rejected { reason, errors, source_format }) => {
            let errors: Vec<_> = errors.iter().map(|e| format!("{:?} {}", e.pointer, e.detail)).collect();
            format!("{reason} ({source_format}): {}", errors.join("; "))
        }
    }
}

#[test]
fn our_own_form_is_the_content_with_what_the_server_says() {
    let item = br#"{"action":"order.updated","actor":{"id":"u1"},"occurred_at":"2026-01-05T13:00:00+02:00",
        "metadata":{"password":"hunter22","big":12345678901234567890,"n":1.50},"tenant_id":"00000000-0000-0000-0000-000000000007"}"#;
    insta::assert_json_snapshot!(content(item, Format::Auto).unwrap());
}

#[test]
fn bad_input_is_told_where_and_why() {
    let deep = format!(
        r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"d":{}1{}}}}}"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    let long = format!(r#"{{"action":"a","actor":{{"id":"u"}},"message":"{}"}}"#, "x".repeat(70_000));
    let large =
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"x":"{}"}}}}"#, "x".repeat(1_100_000));
    let with = |members: &str| format!(r#"{{"action":"a","actor":{{"id":"u"}},{members}}}"#);
    let items = [
        "{\"action\":".to_owned(),
        "[1]".to_owned(),
        "{}".to_owned(),
        r#"{"actoin":"a","actor":{"id":"u"}}"#.to_owned(),
        r#"{"action":"a","action":"b","actor":{"id":"u"}}"#.to_owned(),
        r#"{"action":"custody.tenant.created","actor":{"id":"u"}}"#.to_owned(),
        with(r#""request_id":"a\u0000b""#),
        with(r#""message":"\ud800""#),
        with(r#""occurred_at":"2026-01-05T12:00:00""#),
        with(r#""occurred_at":"2026-01-05 12:00:00Z""#),
        with(r#""occurred_at":"2027-01-05T12:00:00Z""#),
        with(r#""occurred_at":"1969-12-31T23:59:59Z""#),
        with(r#""ip":"10.0.0.0/8""#),
        with(r#""severity":"info""#),
        with(r#""recorded_by":{}"#),
        with(r#""tenant_id":"00000000-0000-0000-0000-000000000008""#),
        with(r#""tenant_id":7"#),
        r#"{"eventName":"GetRole","eventSource":"iam.amazonaws.com","userIdentity":{"arn":"arn:aws:iam::1:user/a"},"eventTime":"2026-01-05 12:00:00","requestID":7}"#.to_owned(),
        r#"{"eventName":"GetRole","eventVersion":"1.11"}"#.to_owned(),
        deep,
        long,
        large,
    ];
    let lines: Vec<_> = items
        .iter()
        .map(|item| format!("{}\n    {}", item.chars().take(110).collect::<String>(), told(item.as_bytes())))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert!(told(b"{\"action\":\"\xff\"}").starts_with("encoding"));
}

#[test]
fn a_nul_is_fine_where_there_is_no_column() {
    let item = br#"{"action":"a","actor":{"id":"u"},"metadata":{"x":"a\u0000b"},"before":{"\u0000":1}}"#;
    assert_eq!(content(item, Format::Custody).unwrap()["metadata"]["x"], "a\0b");
}

#[test]
fn errors_repeat_no_secret() {
    let token = format!("ghp_{}", "Zk3vQ9pLx7RtYw2MnBs5HdGfJc8AeUo4TiVq");
    for item in [
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"{token}":tru}}}}"#),
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"{token}":1}}"#),
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"{token}":1,"{token}":2}}}}"#),
    ] {
        let told = told(item.as_bytes());
        assert!(!told.contains(&token[4..]), "{told}");
        assert!(told.contains("***"), "{told}");
    }
}

#[test]
fn an_error_is_not_as_long_as_the_item() {
    let item = format!(r#"{{"{}":tru}}"#, "k".repeat(100_000));
    assert!(told(item.as_bytes()).starts_with(r#"syntax (auto): "" "#));
}

#[test]
fn all_the_samples_become_entries() {
    for (item, format) in sample::cloudtrail(2, 1_500)
        .map(|i| (i, Format::CloudTrail))
        .chain(sample::native(2, 1_500).map(|i| (i, Format::Custody)))
    {
        let received = content(&item, format);
        assert!(received.is_ok(), "{received:?}");
        assert_eq!(received, content(&item, Format::Auto));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = content(&bytes, Format::Auto);
    }

    #[test]
    fn nor_does_any_json_in_the_place_of_a_member(
        name in prop_oneof![Just("action"), Just("actor"), Just("resource"), Just("occurred_at"), Just("metadata"), Just("ip"), Just("tenant_id"), Just("producer")],
        value in r#"(null|true|-?[0-9]{1,25}(\.[0-9]{1,9})?([eE][-+]?[0-9]{1,4})?|"[a-z\\u0-9]{0,12}"|\[\{\}\]|\{"id":(7|"x"|null)\})"#,
    ) {
        let item = format!(r#"{{"{name}":{value}}}"#);
        let _ = content(item.as_bytes(), Format::Custody);
    }

    #[test]
    fn nor_in_a_record(
        name in prop_oneof![Just("userIdentity"), Just("requestParameters"), Just("resources"), Just("eventTime"), Just("sourceIPAddress"), Just("errorCode"), Just("responseElements"), Just("readOnly")],
        value in r#"(null|true|[0-9]{1,5}|"[a-z:/*{}]{0,12}"|\[\{"ARN":("arn:aws:s3:::x"|7)\},3\]|\{"(type|arn|name|bucketName)":("[a-z:{}/]{0,9}"|7|\[\])\})"#,
    ) {
        let item = format!(r#"{{"eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":{{"arn":"a"}},"{name}":{value}}}"#);
        let _ = content(item.as_bytes(), Format::CloudTrail);
    }
}
