//! What the vectors cover. Add at the end of a list; never change or remove.

pub(super) const CANONICAL: &[&str] = &[
    "1e2",
    "100",
    "1E+2",
    "0.1",
    "1.0",
    "-0",
    "-0.0",
    "0e999999999999999999999",
    "1e21",
    "1e-7",
    "0.000001",
    "123456789012345",
    "9007199254740992",
    "9007199254740993",
    "12345678901234567890",
    "12345678901234567000",
    "0.10000000000000000555",
    "333333333.33333329",
    "1E400",
    "-1e400",
    "1e-400",
    "1e999999999999999999999",
    "5e-324",
    "4.9e-324",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "-1.50",
    "[1E400,{\"a/b\":[1e-400],\"m~n\":{\"\":9007199254740993}},0.5]",
    "\"\\u0000\\u0007\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\\\/\\u007f\\u2028\\u00e9\\ud83d\\ude00\"",
    "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7,\"\":8,\"10\":9,\"\\uffff\":10}",
    " { \"b\" : [ ] , \"a\" : { } , \"c\" : [ null , true , false ] } ",
];

pub(super) const ENTRIES: [(&str, &str); 7] = [
    ("minimal", r#"{"action":"order.updated","actor":{"id":"u1"}}"#),
    (
        "plain",
        r#"{"action":"order.updated","actor":{"type":"user","id":"u1","name":"Ada Lovelace"},"resource":{"type":"order","id":"o9","name":"Order 9"},"occurred_at":"2026-01-02T04:04:05.5+01:00","severity":"WARNING","outcome":"success","message":"Address changed","session_id":"s-77","request_id":"r-12","ip":"192.0.2.7","user_agent":"curl/8.5.0","before":{"city":"Bern"},"after":{"city":"Basel"},"metadata":{"region":"eu-1","attempt":2},"event_id":"evt-1","producer":{"id":"shop","seq":41},"recorded_by":{"principal":"key:0197c4a1-7e00-7001-8000-000000000001","credential_id":"0197c4a1-7e00-7001-8000-000000000001","via":"POST /api/v1/logs","peer_ip":"198.51.100.4"},"source_format":"custody"}"#,
    ),
    (
        "nested",
        r#"{"action":"iam.policy.attached","actor":{"id":"arn:aws:iam::123456789012:user/ada"},"metadata":{"raw":{"z":[{"b":2,"a":[[],{}]},null],"a":{"deep":{"deeper":{"deepest":true}}}},"resources":[{"arn":"x","type":"bucket"},{"arn":"y"}]},"before":{"statement":[{"effect":"Deny","action":["s3:*"]}]},"after":{"statement":[]},"masked":[{"pointer":"/requestParameters/password","rule":"password"}],"source_format":"cloudtrail"}"#,
    ),
    (
        "numbers",
        r#"{"action":"meter.read","actor":{"id":"m1"},"metadata":{"hundred":1e2,"also_hundred":100,"tenth":0.1,"long":12345678901234567890,"one":1.0,"minus_zero":-0,"huge":1E400,"list":[1.50,0.10000000000000000555,{"x/y":-1e-400}],"text":"1E400"},"producer":{"id":"m1","seq":7.0}}"#,
    ),
    (
        "unicode",
        r#"{"action":"datei.geöffnet","actor":{"id":"ü","name":"\u0000"},"metadata":{"\ud83d\ude00":"after U+E000 in UTF-8, before it in UTF-16","\ufb33":1,"\u00e9":"precomposed","e\u0301":"decomposed","":"empty key","a/b":"slash","m~n":"tilde","\u0000":"nul","\"\\\n":"escapes","\u2028":"\u2028\u007f"}}"#,
    ),
    (
        "arrays and empty objects",
        r#"{"action":"list.changed","actor":{"id":"u1"},"resource":{},"metadata":{},"before":{"list":[]},"after":{"list":[1,[2,[3]],{}],"object":{}},"masked":[]}"#,
    ),
    (
        "custody's own",
        r#"{"action":"custody.tenant.created","actor":{"type":"user","id":"user:0197c4a1-7e00-7002-8000-000000000002"},"resource":{"type":"tenant","id":"0197c4a1-7e00-7aaa-8bbb-0123456789ab","name":"Acme"},"outcome":"success","event_id":"0197c4a1-7e00-7003-8000-000000000003","recorded_by":{"principal":"user:0197c4a1-7e00-7002-8000-000000000002","via":"POST /api/v1/tenants","peer_ip":"2001:db8::1"}}"#,
    ),
];

/// Entry, pointers.
pub(super) const REDACTED: &[(&str, &[&str])] = &[
    ("plain", &["/actor/name", "/ip", "/metadata"]),
    ("plain", &[]),
    ("numbers", &["/number_as_text", "/metadata/list"]),
    ("unicode", &["/metadata/a~1b", "/metadata/m~0n", "/metadata/", "/metadata/😀"]),
    ("arrays and empty objects", &["/metadata", "/before"]),
    ("minimal", &[""]),
];

/// Entry, what was erased before, what is shown.
pub(super) const DISCLOSED: &[(&str, &[&str], &[&str])] = &[
    ("plain", &["/actor/name"], &["/action", "/actor", "/occurred_at", "/recorded_by/principal"]),
    ("nested", &[], &["/metadata/raw"]),
    ("arrays and empty objects", &[], &["/resource", "/after/object"]),
    ("unicode", &[], &["/metadata/", "/metadata/\u{fb33}"]),
    ("minimal", &[], &[]),
];
