//! The canonical form: RFC 8785 (JSON Canonicalization Scheme), and what becomes of numbers that a
//! double cannot hold. Normative text: docs/proofs.md. What is hashed can never change.

mod numbers;
mod order;
mod text;

pub use numbers::normalise_numbers;
pub(crate) use order::{sorted, utf16};
pub(crate) use text::write_string;

use crate::json::Value;

/// Appends the canonical form of `value`.
///
/// A number that an IEEE 754 double would change is written as a string, its source text: nothing
/// that was sent is lost here. [`normalise_numbers`] makes the same change in the value itself and
/// tells where, so `write` gives equal bytes before and after it.
pub fn write(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(source) => numbers::write_number(source, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            for (i, (key, value)) in sorted(object).enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
    }
}

/// The canonical form of `value`, in bytes of its own.
pub fn to_vec(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

#[cfg(test)]
mod tests;
