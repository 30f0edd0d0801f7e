//! Entries as lines of CSV (RFC 4180): a header, then one record an entry, each ended by CR LF.

use custody_ledger::StoredEntry;

use super::cells;
use crate::{
    ExportError,
    members::text,
    table::{Kind, MEMBERS, PLACE, Row},
};

/// The first line.
pub(crate) fn header() -> Vec<u8> {
    let names: Vec<_> = PLACE.into_iter().chain(MEMBERS.map(|column| column.name)).collect();
    (names.join(",") + "\r\n").into_bytes()
}

pub(super) fn write(entry: &StoredEntry, out: &mut Vec<u8>) -> Result<(), ExportError> {
    let row = Row::of(entry)?;
    // None of these five needs a quote or a guard.
    let mut id = [0; 36];
    out.extend_from_slice(entry.id.0.hyphenated().encode_lower(&mut id).as_bytes());
    out.push(b',');
    out.extend_from_slice(entry.seq.to_string().as_bytes());
    out.push(b',');
    out.extend_from_slice(row.received_at().as_bytes());
    out.push(b',');
    out.extend_from_slice(entry.tenant_id.0.hyphenated().encode_lower(&mut id).as_bytes());
    out.push(b',');
    let mut hash = [0; 64];
    if hex::encode_to_slice(entry.leaf_hash, &mut hash).is_ok() {
        out.extend_from_slice(&hash);
    }
    for (column, value) in MEMBERS.iter().zip(row.values) {
        out.push(b',');
        let Some(value) = value else { continue };
        match (column.kind, text(value)) {
            (Kind::Text, Some(text)) => cells::write(&text, out),
            // Canonical JSON is UTF-8.
            _ => cells::write(&String::from_utf8_lossy(value), out),
        }
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}
