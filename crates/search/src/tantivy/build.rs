//! Makes a part of entries.

use custody_domain::{
    Entry, Outcome, Severity, columns,
    json::{Object, Value},
    query::terms::{self, Kept},
};
use custody_ledger::StoredEntry;
use tantivy::{Index, TantivyDocument, directory::RamDirectory};

use super::{
    PartError,
    file::{self, Meta},
    schema::{self, Fields},
};

/// Bytes that the writer's table of terms begins with, for each entry: it grows, and one that is too
/// large is cleared in vain for each small part.
const TABLE_BYTES: usize = 4_096;

/// The file of a part that holds just these entries, which follow each other without a gap. At least
/// one.
pub(super) fn build(epoch: u32, entries: &[&StoredEntry]) -> Result<Vec<u8>, PartError> {
    let (schema, fields) = schema::schema();
    let budget = (entries.len() * TABLE_BYTES).clamp(100_000, 15_000_000);
    let directory = RamDirectory::create();
    let mut writer = Index::builder()
        .schema(schema)
        .settings(schema::settings())
        .tokenizers(schema::tokenizers())
        .single_segment_index_writer::<TantivyDocument>(directory.clone(), budget)?;
    let mut kept = Kept::default();
    for entry in entries {
        writer.add_document(document(&fields, &entry.view()?, &mut kept)?)?;
    }
    let index = writer.finalize()?;
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Err(PartError::Empty) };
    let meta = Meta {
        epoch,
        first_seq: first.seq,
        count: u32::try_from(entries.len()).map_err(|_| PartError::TooMany)?,
        last_leaf: hex::encode(last.leaf_hash),
    };
    file::write(&index, &directory, &meta)
}

fn document(fields: &Fields, entry: &Entry<'_>, kept: &mut Kept) -> Result<TantivyDocument, PartError> {
    let mut document = TantivyDocument::new();
    terms::of(entry, kept, &mut |text| document.add_text(fields.text(text.field), text.folded()));
    for term in kept.terms() {
        document.add_text(fields.terms, term);
    }
    let nothing = Object::default();
    let content = entry.content.as_object().unwrap_or(&nothing);
    let text = |key: &str| content.get(key).and_then(Value::as_str);
    let inner = |object: &str, key: &str| content.get(object)?.as_object()?.get(key)?.as_str();
    let (millis, counter) = entry.id.parts();
    document.add_u64(fields.millis, millis);
    document.add_u64(fields.counter, u64::try_from(counter).map_err(|_| PartError::Counter)?);
    document.add_i64(fields.time, entry.time().microseconds());
    let severity: Severity = text("severity").and_then(|s| s.parse().ok()).unwrap_or_default();
    document.add_u64(fields.severity, u64::from(severity.rank().unsigned_abs()));
    let outcome: Outcome = text("outcome").and_then(|o| o.parse().ok()).unwrap_or_default();
    document.add_u64(fields.outcome, u64::from(outcome.code().unsigned_abs()));
    for (field, value) in [
        (fields.action, text("action")),
        (fields.actor, inner("actor", "id")),
        (fields.resource_type, inner("resource", "type")),
    ] {
        if let Some(value) = value {
            document.add_text(field, value);
        }
    }
    // In one spelling, as they are counted.
    if let Some(address) = text("ip").and_then(columns::address) {
        document.add_text(fields.ip, address.to_string());
    }
    Ok(document)
}
