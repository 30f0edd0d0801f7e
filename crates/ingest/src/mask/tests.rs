#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::json::{self, Limits, to_serde};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn masker(policy: serde_json::Value) -> Masker {
    Masker::new(&serde_json::from_value(policy).unwrap()).unwrap()
}

fn masked_by(masker: &Masker, event: &serde_json::Value) -> (serde_json::Value, Vec<String>) {
    let text = event.to_string();
    let mut value = json::parse(text.as_bytes(), &Limits::default()).unwrap();
    let found = masker.mask(&mut value).unwrap();
    let found = found.iter().map(|m| format!("{} {}", m.pointer, m.rule)).collect();
    (to_serde(&value), found)
}

fn masked(event: &serde_json::Value) -> (serde_json::Value, Vec<String>) {
    masked_by(&Masker::default(), event)
}

#[test]
fn an_event_says_what_was_masked_and_by_which_rule() {
    let (event, found) = masked(&json!({
        "requestParameters": {"masterUserPassword": "hunter22", "dBInstanceIdentifier": "billing", "pins": [1, 2]},
        "message": "called with --password hunter22 and card 4111 1111 1111 1111",
        "environment": [{"name": "DB_PASSWORD", "value": "hunter22"}, {"name": "DB_HOST", "value": "db.example"}],
        "card": 4_111_111_111_111_111_u64,
        "passwords": {"password": [123_456, "a", null, true, {"x": "deep"}]},
        "token": {"type": "bearer", "value": "abc"},
    }));
    insta::assert_json_snapshot!("masked_event", event);
    insta::assert_json_snapshot!("masked_list", found);
}

#[test]
fn what_others_masked_is_left_and_not_claimed() {
    let event =
        json!({"password": "****", "parameters": {"secret": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "apiKey": ""});
    assert_eq!(masked(&event), (event, Vec::new()));
}

#[test]
fn references_to_secrets_and_pagination_stay_readable() {
    let event = json!({
        "secretId": "arn:aws:secretsmanager:eu-central-1:402938475610:secret:db-Xk2Pq9", "clientRequestToken": "EFADA32A-134C-40A6-880A-6C1421FFD45F",
        "nextToken": "AAQA-EFRSURBSGhQbUpQcnVoQWk", "passwordLastUsed": "2026-01-05T06:00:00Z", "passwordResetRequired": true,
        "tokenType": "Bearer", "secret": "arn:aws:secretsmanager:eu-central-1:402938475610:secret:db-Xk2Pq9",
        "accessKeyId": "AKIA4LARKSPURAMARA01", "authorization": {"action": "read", "scope": "/subscriptions/1"},
    });
    assert_eq!(masked(&event), (event, Vec::new()));
}

#[test]
fn a_secret_used_as_a_key_goes_too_and_its_pointer_does_not_tell_it() {
    let token = format!("ghp_{}", "Zk3vQ9pLx7RtYw2MnBs5HdGfJc8AeUo4TiVq");
    let (event, found) = masked(&json!({&token: 1, "***": 2}));
    assert_eq!(event, json!({"***#2": 1, "***": 2}));
    assert_eq!(found, ["/***#2 known_token"]);
}

/// The policy's pointers know a key as it was sent, and are told with the key that stands there.
#[test]
fn a_policys_pointer_to_a_secret_key_does_not_tell_it() {
    let token = format!("ghp_{}", "Zk3vQ9pLx7RtYw2MnBs5HdGfJc8AeUo4TiVq");
    let exact = format!("/metadata/{token}");
    for pattern in ["/metadata/*", &exact] {
        let masker = masker(json!({"mask": [pattern, "/metadata/x/*/z"]}));
        let (event, found) = masked_by(&masker, &json!({"metadata": {&token: {"y": 1}}}));
        assert_eq!(event, json!({"metadata": {"***": "***"}}), "{pattern}");
        assert_eq!(found, ["/metadata/*** known_token", "/metadata/*** pointer"], "{pattern}");
    }
    let masker = masker(json!({"mask": ["/metadata/*/deep/*"]}));
    let (event, found) = masked_by(&masker, &json!({"metadata": {&token: {"deep": [1]}, "***": 2}}));
    assert_eq!(event, json!({"metadata": {"***#2": {"deep": ["***"]}, "***": 2}}));
    assert_eq!(found, ["/metadata/***#2 known_token", "/metadata/***#2/deep/0 pointer"]);
}

/// Each pointer repeats its path, so the list of them can be far larger than the event.
#[test]
fn the_list_of_what_was_masked_is_bounded() {
    let mask = |key: &str, passwords: usize| {
        let members: Vec<_> = (0..passwords).map(|n| format!(r#""p{n}password":"x{n}""#)).collect();
        let event = format!(r#"{{"{key}":{{{}}}}}"#, members.join(","));
        let mut event = json::parse(event.as_bytes(), &Limits::default()).unwrap();
        Masker::default().mask(&mut event).map(|found| found.len())
    };
    assert_eq!(mask("k", 4_096), Ok(4_096));
    assert_eq!(mask("k", 4_097), Err(TooManyPointers));
    assert_eq!(mask(&"k".repeat(4_000), 60), Ok(60));
    assert_eq!(mask(&"k".repeat(20_000), 4_000), Err(TooManyPointers));
}

#[test]
fn an_object_full_of_secret_keys_goes_as_a_whole() {
    let object: serde_json::Map<_, _> = (0..100_u32).map(|n| (format!("ghp_{n:036}"), json!(n))).collect();
    assert_eq!(masked(&json!({ "m": object })).0, json!({"m": "***"}));
}

#[test]
fn a_tenants_policy_adds_takes_away_and_keeps() {
    let masker = masker(json!({
        "version": 1, "disabled": ["payment_card"], "keys": ["tax_id"],
        "mask": ["/metadata/people/*/email", "/whole"], "keep": ["/fixtures"],
    }));
    let (event, found) = masked_by(
        &masker,
        &json!({
            "card": "4111111111111111", "taxId": {"de": 77}, "whole": {"a": [1]},
            "metadata": {"people": [{"email": "a@x.example"}, {"email": null}, {"name": "b"}]},
            "fixtures": {"password": "kept", "text": "password=kept1"}, "password": "gone",
        }),
    );
    assert_eq!(
        event,
        json!({
            "card": "4111111111111111", "taxId": {"de": "***"}, "whole": "***",
            "metadata": {"people": [{"email": "***"}, {"email": null}, {"name": "b"}]},
            "fixtures": {"password": "kept", "text": "password=kept1"}, "password": "***",
        })
    );
    assert_eq!(
        found,
        [
            "/metadata/people/0/email pointer",
            "/password password_key",
            "/taxId/de key_name",
            "/whole pointer"
        ]
    );
}

#[test]
fn a_policy_that_is_wrong_says_every_fault_at_its_place() {
    let policy: MaskPolicy = serde_json::from_value(json!({
        "version": 2, "disabled": ["jwts"], "mask": ["password", "/a~b"], "keep": [""], "keys": ["_"],
    }))
    .unwrap();
    let faults: Vec<_> = Masker::new(&policy).unwrap_err().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(faults.join("\n"));
    assert!(serde_json::from_value::<MaskPolicy>(json!({"disable": []})).is_err());
}

#[test]
fn every_detector_has_a_name_of_its_own_and_is_found_by_it() {
    for (detector, _) in DETECTORS {
        assert_eq!(Detector::from_name(detector.name()), Some(*detector));
    }
    assert_eq!(DETECTORS.len(), 13);
}

#[test]
fn what_stands_behind_a_secrets_flag_goes_too() {
    let (event, found) = masked(
        &json!({"args": ["--user", "app", "--password", "x y", "--api-key", 12, "--token", "--host", "db"]}),
    );
    let left = json!({"args": ["--user", "app", "--password", "***", "--api-key", "***", "--token", "--host", "db"]});
    assert_eq!(event, left);
    assert_eq!(found, ["/args/3 password_key", "/args/5 secret_key"]);
}

#[test]
fn names_are_masked_in_lists_and_disguises_and_what_is_public_stays() {
    let (event, _) = masked(&json!({
        "passwords": ["a", 1], "secrets": ["b"], "tokens": ["c"], "api_keys": ["d"], "credentials": "u:p",
        "p\u{200b}assword": "e", "ｐａｓｓｗｏｒｄ": "f", "accessKey": "g",
    }));
    assert_eq!(
        event,
        json!({
            "passwords": ["***", "***"], "secrets": ["***"], "tokens": ["***"], "api_keys": ["***"], "credentials": "***",
            "p\u{200b}assword": "***", "ｐａｓｓｗｏｒｄ": "***", "accessKey": "***",
        })
    );
    let public = json!({
        "accessKey": {"accessKeyId": "AKIA4LARKSPURAMARA01", "status": "Active"}, "secrets": 3, "tokens": 7,
        "credentials": {"accessKeyId": "ASIA4LARKSPURAMARA01", "expiration": "soon"},
    });
    assert_eq!(masked(&public), (public, Vec::new()));
    assert_eq!(masked(&json!({"accessKey": "AKIA4LARKSPURAMARA01"})).1, Vec::<String>::new());
}

/// Any JSON, with a taste for what the detectors look for.
fn anything() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        3 => ".{0,24}",
        2 => r#"(password|token|secret|api_key|Authorization: Bearer )[=: "]{0,3}[A-Za-z0-9+/]{0,44}[ ;"]?[a-z*]{0,6}"#,
        2 => r#"(pass_word|pass|secret_key|--token|Cookie|<password>|x-api-key)("| )?(=|:|:=|=>|>)[ "'\\]{0,2}[A-Za-z0-9=*]{0,12}["' ]?(</password>|[a-z*=: ]{0,9})"#,
        1 => r"[a-z]{2,5}://[a-z]{0,4}:[a-z0-9:*@]{0,9}@h",
        1 => r"[ x](4111111111111111|4111 1111 1111 1111|5555-5555-5555-4444|[0-9 -]{12,20})[ .]?",
        1 => r"eyJ[A-Za-z0-9]{8,12}\.[A-Za-z0-9]{0,12}\.[A-Za-z0-9]{0,9}|-----BEGIN PRIVATE KEY-----[a-z]{0,9}|gh[po]_[A-Za-z0-9]{28,40}",
    ];
    let key = prop_oneof![
        "[a-z]{1,5}",
        Just("password".to_owned()),
        Just("accessToken".to_owned()),
        Just("name".to_owned()),
        Just("api_keys".to_owned()),
        Just("value".to_owned()),
        text.clone()
    ];
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        Just("--password".into()),
        any::<i64>().prop_map(Into::into),
        any::<bool>().prop_map(Into::into),
        Just(serde_json::Value::Null)
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// By `fuzz`: a name that looks like a secret took the slash before it along.
#[test]
fn a_pointer_stays_one() {
    let masker = Masker::default();
    let secret = "q7Zk3+Lm9PxT/2vRb8NwYc5JdFh1SgUeAo4iKjQz";
    let name = secret.replace('/', "~1");
    for (pointer, masked) in [
        ("", ""),
        ("/", "/"),
        ("/actor/id", "/actor/id"),
        ("/a~1b/m~0n", "/a~1b/m~0n"),
        (&format!("/metadata/{name}/x"), "/metadata/***/x"),
    ] {
        assert_eq!(masker.mask_pointer(pointer), masked);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn masking_twice_is_masking_once(event in anything()) {
        let (once, _) = masked(&event);
        let (twice, found) = masked(&once);
        prop_assert_eq!(&twice, &once);
        prop_assert_eq!(found, Vec::<String>::new());
    }

    /// The look at the bytes saves time and changes nothing, with escapes in them too.
    #[test]
    fn what_the_bytes_tell_changes_nothing(event in anything(), escaped in any::<bool>()) {
        let mut text = event.to_string();
        if escaped {
            // Letters of no literal.
            for (letter, code) in [("k", "\\u006b"), ("p", "\\u0070"), ("w", "\\u0077"), ("o", "\\u006F")] {
                text = text.replace(letter, code);
            }
        }
        let parsed = || json::parse(text.as_bytes(), &Limits::default()).unwrap();
        let (mut with, mut without) = (parsed(), parsed());
        let masker = Masker::default();
        let (found, expected) = (masker.mask_read(&mut with, text.as_bytes()), masker.mask(&mut without));
        prop_assert_eq!(found.unwrap(), expected.unwrap());
        prop_assert_eq!(with, without);
    }

    #[test]
    fn every_report_names_a_place_that_is_masked(event in anything()) {
        let (after, found) = masked(&event);
        for entry in found {
            let pointer = entry.rsplit_once(' ').unwrap().0;
            let place = after.pointer(pointer).unwrap();
            let shown = place.as_str().is_some_and(|t| t.contains(MASK)) || pointer.contains(MASK);
            prop_assert!(shown, "{pointer} in {after}");
        }
    }

    #[test]
    fn a_password_is_nowhere_in_what_is_left(secret in "[a-zA-Z0-9]{12,20}", depth in 0..4_usize) {
        let mut event = json!({"password": secret, "text": format!("run --password {secret} now"), "list": [{"key": "client_secret", "Value": secret}]});
        for _ in 0..depth {
            event = json!({"in": [event]});
        }
        prop_assert!(!masked(&event).0.to_string().contains(&secret));
    }

    #[test]
    fn text_of_any_kind_is_masked_without_a_panic(text in any::<String>()) {
        let _ = Masker::default().mask_text(&text);
    }
}
