//! JSON and its canonical form.

use custody_domain::{
    canonical,
    json::{Limits, Value, parse},
};

pub(crate) fn run(bytes: &[u8]) {
    let theirs: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
    let Ok(ours) = parse(bytes, &Limits::default()) else { return };
    // Ours refuses more (equal keys), never less.
    match theirs {
        Ok(theirs) => assert!(same(&ours, &theirs), "{ours:?} is not {theirs:?}"),
        // Of a number beyond a double serde_json makes an error; we keep its text.
        Err(error) => assert!(error.to_string().contains("number out of range"), "{error}"),
    }

    let form = canonical::to_vec(&ours);
    let again = parse(&form, &Limits::STORED).unwrap_or_else(|e| panic!("its own form does not read: {e}"));
    assert_eq!(form, canonical::to_vec(&again), "a form of the form");
    assert_eq!(rfc8785(&again), String::from_utf8_lossy(&form), "as RFC 8785 says");

    if let Value::Object(mut object) = ours {
        // The same form before and after its numbers are made final, or a refusal.
        if canonical::normalise_numbers(&mut object).is_ok() {
            let list = object.remove("number_as_text");
            if list.is_none() {
                assert_eq!(form, canonical::to_vec(&Value::Object(object)));
            }
        }
    }
}

/// The same value, by what JSON means.
fn same(ours: &Value<'_>, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Value::String(a), serde_json::Value::String(b)) => a == b,
        (Value::Number(a), serde_json::Value::Number(b)) => {
            // serde_json rounds the last bit as it comes.
            a.parse().ok().zip(b.as_f64()).is_some_and(|(a, b): (f64, f64)| (a - b).abs() <= a.abs() * 1e-15)
        }
        (Value::Array(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), serde_json::Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}

/// The form once more, from the rules of RFC 8785 alone.
fn rfc8785(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => {
            let double: f64 = text.parse().unwrap_or(f64::NAN);
            ryu_js::Buffer::new().format(double).to_owned()
        }
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(rfc8785).collect::<Vec<_>>().join(",")),
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            // Section 3.2.3: by UTF-16 code units.
            members.sort_by_key(|(key, _)| key.encode_utf16().collect::<Vec<_>>());
            let members =
                members.into_iter().map(|(key, value)| format!("{}:{}", quoted(key), rfc8785(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

/// Section 3.2.2.2.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if u32::from(c) < 0x20 => out.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
