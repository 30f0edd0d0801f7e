//! How an entry is cut into members.

use std::ops::Range;

use crate::{
    canonical::{self, sorted, write_string},
    json::{Object, Value, push_token},
};

/// The top-level members whose keys are members of their own.
const CONTAINERS: [&str; 7] = ["actor", "resource", "metadata", "before", "after", "producer", "recorded_by"];

/// Whether `value` at the top-level key `key` is cut into its keys. One without keys is not: it is a
/// member itself, so that `{}` and nothing differ.
pub fn is_container(key: &str, value: &Value<'_>) -> bool {
    CONTAINERS.contains(&key) && value.as_object().is_some_and(|object| !object.is_empty())
}

/// The members of one content: JSON pointers, and values in canonical form.
#[derive(Clone, Debug, Default)]
pub struct Members {
    canonical: Vec<u8>,
    pointers: String,
    /// Where in `pointers` and `canonical` each member stands.
    spans: Vec<(Range<usize>, Range<usize>)>,
}

impl Members {
    /// For an entry of the usual size.
    pub(super) fn with_room() -> Self {
        Self {
            canonical: Vec::with_capacity(2048),
            pointers: String::with_capacity(512),
            spans: Vec::with_capacity(32),
        }
    }

    /// Those of `content`, in the place of whatever was here.
    pub(super) fn cut(&mut self, content: &Object<'_>) {
        self.canonical.clear();
        self.pointers.clear();
        self.spans.clear();
        self.canonical.push(b'{');
        for (i, (key, value)) in sorted(content).enumerate() {
            self.key(i == 0, key);
            match value {
                Value::Object(container) if is_container(key, value) => {
                    self.canonical.push(b'{');
                    for (j, (inner, value)) in sorted(container).enumerate() {
                        self.key(j == 0, inner);
                        self.add(key, inner, value);
                    }
                    self.canonical.push(b'}');
                }
                _ => self.add("", key, value),
            }
        }
        self.canonical.push(b'}');
    }

    /// In the order of the canonical form.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> + Clone {
        self.spans.iter().map(|(pointer, value)| {
            (
                self.pointers.get(pointer.clone()).unwrap_or_default(),
                self.canonical.get(value.clone()).unwrap_or_default(),
            )
        })
    }

    pub fn len(&self) -> usize {
        self.spans.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The canonical form of the whole content.
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    pub fn into_canonical(self) -> Vec<u8> {
        self.canonical
    }

    /// `container`: a member's key, empty at the top. None of the containers' names needs an escape.
    fn add(&mut self, container: &str, key: &str, value: &Value<'_>) {
        let pointer = self.pointers.len();
        if !container.is_empty() {
            self.pointers.push('/');
            self.pointers.push_str(container);
        }
        push_token(&mut self.pointers, key);
        let start = self.canonical.len();
        canonical::write(value, &mut self.canonical);
        self.spans.push((pointer..self.pointers.len(), start..self.canonical.len()));
    }

    fn key(&mut self, first: bool, key: &str) {
        if !first {
            self.canonical.push(b',');
        }
        write_string(key, &mut self.canonical);
        self.canonical.push(b':');
    }
}

/// Cuts `content` into its members, writing its canonical form once: every member's value is a part
/// of it.
pub fn members(content: &Object<'_>) -> Members {
    let mut members = Members::with_room();
    members.cut(content);
    members
}
