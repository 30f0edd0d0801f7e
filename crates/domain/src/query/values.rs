//! Where values stand in an entry's content: dotted paths, arrays, the free text. An index that is
//! built from the same walk has the same meaning.

use crate::json::{Object, Value};

use super::Root;

/// Whether `test` holds for any value at the dotted path `name` of the content, whatever its type.
pub(super) fn any_at(content: &Object<'_>, name: &str, test: &mut dyn FnMut(&Value<'_>) -> bool) -> bool {
    content.iter().any(|(key, value)| match name.strip_prefix(key) {
        Some("") => test(value),
        Some(rest) => rest.strip_prefix('.').is_some_and(|rest| any_within(value, rest, test)),
        None => false,
    })
}

/// Whether `test` holds for any value at the dotted path below `value`. Arrays are looked through:
/// their elements stand where the array stands. A key may itself hold dots.
pub(super) fn any_within(value: &Value<'_>, path: &str, test: &mut dyn FnMut(&Value<'_>) -> bool) -> bool {
    match value {
        Value::Object(object) => any_at(object, path, test),
        Value::Array(items) => items.iter().any(|item| any_within(item, path, test)),
        _ => false,
    }
}

pub(super) fn any_scalar_at(
    content: &Object<'_>,
    name: &str,
    test: &mut dyn FnMut(&Value<'_>) -> bool,
) -> bool {
    any_at(content, name, &mut |value| any_scalar(value, test))
}

pub(super) fn any_scalar_within(
    value: &Value<'_>,
    path: &str,
    test: &mut dyn FnMut(&Value<'_>) -> bool,
) -> bool {
    any_within(value, path, &mut |value| any_scalar(value, test))
}

/// The scalars of a value: itself, or the elements of an array of whatever depth. An object has
/// none of its own.
fn any_scalar(value: &Value<'_>, test: &mut dyn FnMut(&Value<'_>) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| any_scalar(item, test)),
        Value::Object(_) => false,
        scalar => test(scalar),
    }
}

/// Every text that bare words are looked for in: the message, the names of actor and resource, each
/// text within metadata, before and after (values, not keys).
pub(super) fn free_texts<'e>(content: &'e Object<'e>, each: &mut dyn FnMut(&'e str)) {
    let name = |member: &str| content.get(member)?.as_object()?.get("name")?.as_str();
    [content.get("message").and_then(Value::as_str), name("actor"), name("resource")]
        .into_iter()
        .flatten()
        .for_each(&mut *each);
    for root in Root::ALL {
        if let Some(value) = content.get(root.name()) {
            texts(value, each);
        }
    }
}

fn texts<'e>(value: &'e Value<'e>, each: &mut dyn FnMut(&'e str)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, each)),
        Value::Object(object) => object.iter().for_each(|(_, value)| texts(value, each)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
