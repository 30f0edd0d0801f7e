//! Numbers: ECMAScript's shortest form of the double (RFC 8785, section 3.2.2.3) where it has the
//! decimal value of the source text, else the source text itself, as a string.

use crate::json::{Object, PointerBudget, TooManyPointers, Value, number::same_value, push_token};

/// Integers of up to this many digits are below 2^53, and their own canonical form.
const PLAIN_DIGITS_MAX: usize = 15;

pub(super) fn write_number(source: &str, out: &mut Vec<u8>) {
    if is_plain(source) {
        out.extend_from_slice(source.as_bytes());
        return;
    }
    let mut buffer = ryu_js::Buffer::new();
    if let Some(number) = rendering(source, &mut buffer) {
        out.extend_from_slice(number.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(source.as_bytes());
    out.push(b'"');
}

/// ECMAScript's text of the nearest double, if that is the same decimal value.
fn rendering<'b>(source: &str, buffer: &'b mut ryu_js::Buffer) -> Option<&'b str> {
    let double: f64 = source.parse().ok().filter(|d: &f64| d.is_finite())?;
    let text = buffer.format_finite(double);
    same_value(source, text).then_some(text)
}

fn is_plain(source: &str) -> bool {
    source.len() <= PLAIN_DIGITS_MAX && source.bytes().all(|b| b.is_ascii_digit())
}

/// Replaces every number that a double would change by its source text. Answers their JSON pointers,
/// sorted by their bytes: what `number_as_text` is to hold. Where that would be too much
/// ([`PointerBudget`]), some of the numbers are replaced and others not, and `object` is of no use.
pub fn normalise_numbers(object: &mut Object<'_>) -> Result<Vec<String>, TooManyPointers> {
    let mut changed = Changed::default();
    object_numbers(object, None, &mut changed)?;
    changed.pointers.sort_unstable();
    Ok(changed.pointers)
}

#[derive(Default)]
struct Changed {
    pointers: Vec<String>,
    budget: PointerBudget,
}

/// The way to a value, on the stack: most numbers stay what they are, and then no text is made.
#[derive(Clone, Copy)]
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

impl Path<'_> {
    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        match self.step {
            Step::Key(key) => push_token(out, key),
            Step::Index(index) => push_token(out, &index.to_string()),
        }
    }
}

fn object_numbers(
    object: &mut Object<'_>,
    parent: Option<&Path<'_>>,
    changed: &mut Changed,
) -> Result<(), TooManyPointers> {
    for (key, value) in object.iter_mut() {
        value_numbers(value, Path { parent, step: Step::Key(key) }, changed)?;
    }
    Ok(())
}

fn value_numbers(
    value: &mut Value<'_>,
    path: Path<'_>,
    changed: &mut Changed,
) -> Result<(), TooManyPointers> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => {}
        Value::Number(source) => {
            let stays = is_plain(source) || rendering(source, &mut ryu_js::Buffer::new()).is_some();
            if !stays {
                let mut pointer = String::new();
                path.write(&mut pointer);
                changed.budget.take(&pointer)?;
                changed.pointers.push(pointer);
                *value = Value::String(std::mem::take(source));
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                let path = Path { parent: Some(&path), step: Step::Index(i) };
                value_numbers(item, path, changed)?;
            }
        }
        Value::Object(object) => object_numbers(object, Some(&path), changed)?,
    }
    Ok(())
}
