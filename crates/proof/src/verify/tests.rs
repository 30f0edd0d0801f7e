#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::{
    Body, EntryId, StoredColumns, TenantId, canonical, columns,
    commitment::Salt,
    content,
    json::{Limits, Value, parse},
    leaf::leaf_hash,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{EntryCheck, EntryFault, Order, OrderFault, scan::Scan};
use crate::stream::{ColumnName, StoredEntry};

const TENANT: TenantId = TenantId(Uuid::from_u128(7));
const FULL: &str = r#"{"action":"iam.CreateUser","actor":{"id":"arn:é","name":"a\"b","type":"user"},"after":{},
    "before":{"x/y":[1,{"z":2}]},"ip":"::ffff:192.0.2.1","metadata":{"~":-1.5,"raw":{"deep":[[[null]]]}},
    "occurred_at":"2026-01-02T03:04:05.1234567+01:00","outcome":"failure","producer":{"id":"p","seq":7},
    "request_id":"r\n","resource":{"id":"o","type":"t"},"session_id":"s","severity":"ERROR"}"#;

type Change = fn(&mut StoredColumns<'_>);

fn id(n: u128) -> EntryId {
    EntryId(Uuid::from_u128(n))
}

fn body_of(text: &str) -> Body {
    let value = parse(text.as_bytes(), &Limits::STORED).unwrap();
    Body::Full { salt: Salt([9; 16]), content: canonical::to_vec(&value) }
}

/// The faults of an entry with this body, after `change` has been at its row.
fn faults(body: &Body, change: impl Fn(&mut StoredEntry<'_>)) -> Vec<EntryFault> {
    let encoded = body.encode();
    let content = body.content().unwrap();
    let columns = columns::of(content.as_object().unwrap());
    let leaf_hash = leaf_hash(TENANT, id(1), &body.content_hash().unwrap());
    let mut entry =
        StoredEntry { seq: 0, id: id(1), leaf_hash, columns: StoredColumns::from(&columns), body: &encoded };
    change(&mut entry);
    EntryCheck::default().faults(TENANT, &entry)
}

#[test]
fn an_entry_as_it_was_written_has_no_faults() {
    for body in [body_of(FULL), body_of(FULL).redact(&["/action", "/metadata"]).unwrap(), body_of("{}")] {
        assert_eq!(faults(&body, |_| ()), []);
    }
}

/// The long way costs several times as much: if everything took it, nobody would see it but by the clock.
#[test]
fn an_ordinary_content_takes_the_quick_way() {
    let body = body_of(FULL);
    assert!(Scan::default().read(body.content_bytes()).is_some());
}

#[test]
fn a_changed_column_is_named_with_both_values() {
    let body = body_of(FULL);
    let all: [(ColumnName, Change); 13] = [
        (ColumnName::OccurredAt, |c| c.occurred_at = c.occurred_at.map(|at| at + 1)),
        (ColumnName::Severity, |c| c.severity = Some(0)),
        (ColumnName::Outcome, |c| c.outcome = None),
        (ColumnName::Ip, |c| c.ip = c.ip.map(|(ip, _)| (ip, 24))),
        (ColumnName::Action, |c| c.action = Some(b"iam.createUser")),
        (ColumnName::ActorId, |c| c.actor_id = None),
        (ColumnName::ActorType, |c| c.actor_type = Some(b"")),
        (ColumnName::ResourceType, |c| c.resource_type = Some(b"o")),
        (ColumnName::ResourceId, |c| c.resource_id = Some(b"t")),
        (ColumnName::RequestId, |c| c.request_id = Some(b"r\\n")),
        (ColumnName::SessionId, |c| c.session_id = Some(b"\xff")),
        (ColumnName::ProducerId, |c| c.producer_id = None),
        (ColumnName::ProducerSeq, |c| c.producer_seq = Some(8)),
    ];
    for (column, change) in all {
        let found = faults(&body, |entry| change(&mut entry.columns));
        assert!(
            matches!(&found[..], [EntryFault::Column { name, stored, body }] if *name == column && stored != body),
            "{column}: {found:?}"
        );
    }
}

#[test]
fn a_changed_body_id_or_leaf_hash_does_not_lead_to_the_leaf() {
    let (body, other) = (body_of(FULL), body_of(&FULL.replace("iam.", "jam.")).encode());
    assert!(matches!(faults(&body, |e| e.id = id(2))[..], [EntryFault::Leaf { .. }]));
    assert!(matches!(faults(&body, |e| e.leaf_hash[31] ^= 1)[..], [EntryFault::Leaf { .. }]));
    let encoded = body.encode();
    let columns = columns::of(body.content().unwrap().as_object().unwrap());
    let leaf_hash = leaf_hash(TENANT, id(1), &body.content_hash().unwrap());
    let mut entry =
        StoredEntry { seq: 0, id: id(1), leaf_hash, columns: StoredColumns::from(&columns), body: &other };
    let found = EntryCheck::default().faults(TENANT, &entry);
    assert!(
        matches!(found[..], [EntryFault::Leaf { .. }, EntryFault::Column { name: ColumnName::Action, .. }]),
        "{found:?}"
    );
    entry.body = &encoded[..encoded.len() - 1];
    assert!(matches!(EntryCheck::default().faults(TENANT, &entry)[..], [EntryFault::Body(_)]));
    let other_tenant = TenantId(Uuid::from_u128(8));
    entry.body = &encoded;
    assert!(matches!(EntryCheck::default().faults(other_tenant, &entry)[..], [EntryFault::Leaf { .. }]));
}

/// What is not in canonical form was not written by an append, whatever it hashes to.
#[test]
fn a_content_in_another_form_is_no_body() {
    let refused = |content: &str| {
        let body = [&[1][..], &[9; 16], content.as_bytes()].concat();
        let entry = StoredEntry {
            seq: 0,
            id: id(1),
            leaf_hash: [0; 32],
            columns: StoredColumns::default(),
            body: &body,
        };
        assert!(Scan::default().read(content.as_bytes()).is_none(), "{content}");
        let found = EntryCheck::default().faults(TENANT, &entry);
        assert!(matches!(found[..], [EntryFault::Body(_)]), "{content}: {found:?}");
    };
    for content in [
        r#"{"b":1,"a":2}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a": 1}"#,
        r#"{"a":1.0}"#,
        r#"{"a":01}"#,
        r#"{"a":-0}"#,
        r#"{"a":"\u0041"}"#,
        r#"{"a":"\/"}"#,
        r#"{"a":"\u000A"}"#,
        r#"{"a":"\u001F"}"#,
        r#"{"a":9007199254740993}"#,
        r#"{"a":1}}"#,
        r#"{"a":1"#,
        r#"{"a":tru}"#,
        r#"{"actor":{"b":1,"a":1}}"#,
        "[]",
        "",
    ] {
        refused(content);
    }
}

#[test]
fn an_order_tells_one_fault_once() {
    let mut order = Order::from(0, None);
    assert_eq!(order.step(0, id(10)), Ok(()));
    assert_eq!(order.step(3, id(11)), Err(OrderFault::Missing { first: 1, last: 2 }));
    assert_eq!(order.step(4, id(11)), Err(OrderFault::IdNotAbove(id(11))));
    assert_eq!(order.step(4, id(12)), Err(OrderFault::Again(4)));
    assert_eq!(order.step(5, id(13)), Ok(()));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,6}", "[\"\\\\/~\u{0}-\u{20}é\u{e000}😀]{0,4}", any::<String>()]
}

fn json() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u64..1000).prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(|f| Value::Number(format!("{f:?}").into())),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(object),
        ]
    })
}

fn object(members: std::collections::BTreeMap<String, Value<'static>>) -> Value<'static> {
    let mut object = custody_domain::json::Object::new();
    for (key, value) in members {
        object.insert(key, value);
    }
    Value::Object(object)
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "action",
            "actor",
            "resource",
            "producer",
            "metadata",
            "ip",
            "severity",
            "occurred_at",
            "outcome",
            "session_id",
        ])
        .prop_map(str::to_owned),
        text(),
    ];
    let inner = prop_oneof![prop::sample::select(vec!["id", "type", "seq"]).prop_map(str::to_owned), text()];
    let known = prop_oneof![
        prop::sample::select(vec!["ERROR", "failure", "192.0.2.1", "2026-01-02T03:04:05Z"])
            .prop_map(Value::from),
        prop::collection::btree_map(inner, json(), 0..4).prop_map(object),
        json(),
    ];
    prop::collection::btree_map(key, known, 0..6).prop_filter_map("normal", |members| {
        let Value::Object(mut content) = object(members) else { return None };
        content::normalise(&mut content).ok()?;
        Some(canonical::to_vec(&Value::Object(content)))
    })
}

proptest! {
    /// The quick way and the definitions come to the same, and both take what was written.
    #[test]
    fn the_quick_way_agrees_with_the_definitions(content in content(), salt: [u8; 16]) {
        let body = Body::Full { salt: Salt(salt), content };
        prop_assert_eq!(faults(&body, |_| ()), []);
        let quick = EntryCheck::default().content_hash(&body.encode()).unwrap();
        prop_assert_eq!(quick, body.content_hash().unwrap());
    }

    /// Bytes that the quick way takes, the definitions take, too.
    #[test]
    fn the_quick_way_takes_nothing_that_the_definitions_refuse(
        mut content in content(), at: prop::sample::Index, byte: u8,
    ) {
        let at = at.index(content.len());
        content[at] = byte;
        if Scan::default().read(&content).is_some() {
            let body = Body::Full { salt: Salt([0; 16]), content };
            prop_assert!(body.content_hash().is_ok(), "{:?}", String::from_utf8(body.content_bytes().to_vec()));
        }
    }
}
