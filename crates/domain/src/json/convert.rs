//! To and from `serde_json`, for what is not evidence: answers, configuration, test fixtures.

use std::borrow::Cow;

use super::{Object, Value};

/// The value as `serde_json` sees it. Lossy where a number is no `u64`, `i64` or finite double of
/// the same text: such a one becomes its source text.
pub fn to_serde(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(b) => serde_json::Value::Bool(*b),
        Value::Number(text) => match text.parse::<serde_json::Number>() {
            Ok(number) => serde_json::Value::Number(number),
            Err(_) => serde_json::Value::String(text.to_string()),
        },
        Value::String(s) => serde_json::Value::String(s.to_string()),
        Value::Array(items) => serde_json::Value::Array(items.iter().map(to_serde).collect()),
        Value::Object(object) => {
            serde_json::Value::Object(object.iter().map(|(k, v)| (k.to_owned(), to_serde(v))).collect())
        }
    }
}

/// The value with the texts that `serde_json` gives its numbers.
pub fn from_serde(value: &serde_json::Value) -> Value<'static> {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(number) => Value::Number(Cow::Owned(number.to_string())),
        serde_json::Value::String(s) => Value::String(Cow::Owned(s.clone())),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(from_serde).collect()),
        serde_json::Value::Object(map) => Value::Object(Object::from_unique(
            map.iter().map(|(k, v)| (Cow::Owned(k.clone()), from_serde(v))).collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let value = serde_json::json!({"a": [1, -2, 0.5, null, true], "b": {"c": "x"}});
        assert_eq!(to_serde(&from_serde(&value)), value);
    }

    #[test]
    fn what_no_double_holds_becomes_text() {
        let value = Value::Number(Cow::Borrowed("1E400"));
        assert_eq!(to_serde(&value), serde_json::json!("1E400"));
    }
}
