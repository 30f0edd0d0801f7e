//! How large and how deep a content is, and how long its keys.

use super::{BYTES_MAX, DEPTH_MAX, KEY_BYTES_MAX, ViolationKind};
use crate::{
    commitment::members,
    json::{Object, Value},
};

/// What is wrong with the whole, if anything.
pub(super) fn excess(content: &Object<'_>) -> Option<(ViolationKind, String)> {
    let mut measure = Measure { bytes_at_most: 0, depth: 0, longest_key: 0 };
    measure.object(content, 1);
    if measure.depth > DEPTH_MAX {
        return Some((ViolationKind::Depth, format!("is nested deeper than {DEPTH_MAX} levels")));
    }
    if measure.longest_key > KEY_BYTES_MAX {
        return Some((ViolationKind::Size, format!("has a key that is longer than {KEY_BYTES_MAX} bytes")));
    }
    // The exact size costs as much as all other checks together, and is hardly ever needed.
    let too_large = measure.bytes_at_most > BYTES_MAX && members(content).canonical().len() > BYTES_MAX;
    too_large
        .then(|| (ViolationKind::Size, format!("is larger than {BYTES_MAX} bytes in its canonical form")))
}

struct Measure {
    bytes_at_most: usize,
    depth: usize,
    longest_key: usize,
}

impl Measure {
    fn value(&mut self, value: &Value<'_>, depth: usize) {
        match value {
            Value::Null | Value::Bool(_) => self.bytes_at_most += 5,
            // ECMAScript writes at most 25 characters; a source text is put in quotes.
            Value::Number(source) => self.bytes_at_most += (source.len() + 2).max(25),
            Value::String(text) => self.string(text),
            Value::Array(items) => {
                self.depth = self.depth.max(depth);
                self.bytes_at_most += 2 + items.len();
                for item in items {
                    self.value(item, depth + 1);
                }
            }
            Value::Object(object) => self.object(object, depth),
        }
    }

    fn object(&mut self, object: &Object<'_>, depth: usize) {
        self.depth = self.depth.max(depth);
        self.bytes_at_most += 2 + 2 * object.len();
        for (key, value) in object.iter() {
            self.longest_key = self.longest_key.max(key.len());
            self.string(key);
            self.value(value, depth + 1);
        }
    }

    /// `\u0000` is the longest that a byte can become.
    fn string(&mut self, text: &str) {
        self.bytes_at_most += 6 * text.len() + 2;
    }
}
