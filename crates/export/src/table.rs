//! The columns of formats that have some. Their names and order stay; new ones come at the end.

use custody_domain::time::rfc3339_millis;
use custody_ledger::StoredEntry;

use crate::{ExportError, members};

/// How a column's value stands in the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text; the column has it unescaped.
    Text,
    /// A whole number.
    Number,
    /// Anything; the column has its JSON.
    Json,
}

/// A column that is a member of the entry, or of an object in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    object: &'static str,
    member: &'static str,
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text, object: "", member: name }
}

const fn json(name: &'static str) -> Column {
    Column { name, kind: Kind::Json, object: "", member: name }
}

const fn of(name: &'static str, kind: Kind, object: &'static str, member: &'static str) -> Column {
    Column { name, kind, object, member }
}

/// Before these come [`PLACE`]'s.
pub(crate) const MEMBERS: [Column; 26] = [
    text("occurred_at"),
    text("action"),
    of("actor_type", Kind::Text, "actor", "type"),
    of("actor_id", Kind::Text, "actor", "id"),
    of("actor_name", Kind::Text, "actor", "name"),
    of("resource_type", Kind::Text, "resource", "type"),
    of("resource_id", Kind::Text, "resource", "id"),
    of("resource_name", Kind::Text, "resource", "name"),
    text("severity"),
    text("outcome"),
    text("message"),
    text("ip"),
    text("user_agent"),
    text("session_id"),
    text("request_id"),
    text("event_id"),
    of("producer_id", Kind::Text, "producer", "id"),
    of("producer_seq", Kind::Number, "producer", "seq"),
    text("source_format"),
    json("recorded_by"),
    json("before"),
    json("after"),
    json("metadata"),
    json("masked"),
    json("sealed"),
    json("number_as_text"),
];

/// Where the entry stands: never absent.
pub(crate) const PLACE: [&str; 5] = ["id", "seq", "received_at", "tenant_id", "leaf_hash"];

/// An entry, its members found: the bytes of each one's value, in the order of [`MEMBERS`].
#[derive(Debug)]
pub(crate) struct Row<'e> {
    pub(crate) entry: &'e StoredEntry,
    pub(crate) values: [Option<&'e [u8]>; MEMBERS.len()],
}

impl<'e> Row<'e> {
    pub(crate) fn of(entry: &'e StoredEntry) -> Result<Self, ExportError> {
        let mut values = [None; MEMBERS.len()];
        let found = members::each(entry.body.content_bytes(), |key, value| {
            match key {
                b"actor" | b"resource" | b"producer" => {
                    // An object, or what a redaction left of one.
                    let _ = members::each(value, |inner, value| place(&mut values, key, inner, value));
                }
                _ => place(&mut values, b"", key, value),
            }
        });
        found.ok_or(ExportError::Content { seq: entry.seq })?;
        Ok(Self { entry, values })
    }

    pub(crate) fn received_at(&self) -> String {
        rfc3339_millis(self.entry.id.received_at())
    }
}

fn place<'e>(values: &mut [Option<&'e [u8]>], object: &[u8], member: &[u8], value: &'e [u8]) {
    let at = MEMBERS
        .iter()
        .position(|column| column.object.as_bytes() == object && column.member.as_bytes() == member);
    if let Some(slot) = at.and_then(|at| values.get_mut(at)) {
        *slot = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_columns_have_one_name() {
        let names: BTreeSet<_> = PLACE.into_iter().chain(MEMBERS.map(|column| column.name)).collect();
        assert_eq!(names.len(), PLACE.len() + MEMBERS.len());
    }
}
