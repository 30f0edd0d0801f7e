//! JSON that is made here.

use custody_domain::json::{Object, Value};

use crate::finding::csv_row::push_json;

/// Without white space; keys in their order, numbers by their source text.
pub(crate) fn text_of(value: &Value<'_>) -> String {
    let mut out = String::new();
    push(value, &mut out);
    out
}

fn push(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(number),
        Value::String(text) => push_json(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (at, (key, item)) in object.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_json(key, out);
                out.push(':');
                push(item, out);
            }
            out.push('}');
        }
    }
}

/// Of members, in their order.
pub(crate) fn object<'a, const N: usize>(members: [(&'static str, Value<'a>); N]) -> Object<'a> {
    let mut object = Object::new();
    for (key, value) in members {
        object.insert(key, value);
    }
    object
}

pub(crate) fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> Value<'a> {
    Value::Array(items.into_iter().map(Value::from).collect())
}
