//! Values as clients might send them, and worse.

use custody_domain::json::{Limits, Object, Value, parse};
use proptest::{collection::vec, prelude::*};

/// Any number that JSON can write, short and long.
pub(crate) fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?",
        "-?[1-9][0-9]{0,20}0{0,30}(\\.0{1,9})?([eE]-?[0-9]{1,25})?",
        any::<f64>().prop_filter("JSON has no infinity", |d| d.is_finite()).prop_map(|d| format!("{d:e}")),
        any::<i64>().prop_map(|n| n.to_string()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z/~.]{0,6}", any::<String>()]
}

pub(crate) fn value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(|n| Value::Number(n.into())),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            vec((text(), inner), 0..5).prop_map(|members| Value::Object(object(members))),
        ]
    })
}

/// A content: known names with values of any kind, so that containers are objects, empty ones and
/// none at all.
pub(crate) fn content() -> impl Strategy<Value = Object<'static>> {
    let name = prop_oneof![
        Just("action".to_owned()),
        Just("actor".to_owned()),
        Just("after".to_owned()),
        Just("metadata".to_owned()),
        Just("resource".to_owned()),
        text(),
    ];
    let keys = vec((text(), value()), 0..6).prop_map(|members| Value::Object(object(members)));
    vec((name, prop_oneof![value(), keys]), 0..8).prop_map(object)
}

fn object(members: Vec<(String, Value<'static>)>) -> Object<'static> {
    let mut object = Object::new();
    for (key, value) in members {
        object.insert(key, value);
    }
    object
}

pub(crate) fn read(bytes: &[u8]) -> Value<'_> {
    parse(bytes, &Limits::STORED).expect("our own JSON is JSON")
}
