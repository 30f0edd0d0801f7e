//! Rows of `entries` in the binary format of COPY (PostgreSQL, "COPY", "Binary Format"): a header,
//! for each row a count of fields and each field's length and bytes, a trailer.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use custody_domain::TenantId;
use ipnetwork::IpNetwork;

use super::NewEntry;
use crate::{StoreError, heads::signed};

const COLUMNS: &str = "tenant_id, id, seq, occurred_at, severity, outcome, ip, action, actor_id, \
    actor_type, resource_type, resource_id, request_id, session_id, leaf_hash, body";
const COLUMN_COUNT: i16 = 16;

/// Signature, flags (none), length of the header's extension (none).
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: i16 = -1;

/// A message of COPY is sent when it holds this much.
const CHUNK_BYTES: usize = 256 * 1024;

/// PostgreSQL counts from 2000-01-01T00:00:00Z; this is that instant since 1970, in microseconds.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

pub(super) fn statement(partition: &str) -> String {
    format!("COPY {partition} ({COLUMNS}) FROM STDIN (FORMAT BINARY)")
}

/// The rows in pieces of about [`CHUNK_BYTES`]: the first has the header, the last the trailer. All
/// are made before the first is sent, so that a row that cannot be written stops no COPY midway.
pub(super) fn chunks(tenant: TenantId, rows: &[NewEntry<'_>]) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut chunks = Vec::new();
    let mut chunk = HEADER.to_vec();
    for row in rows {
        write_row(&mut chunk, tenant, row)?;
        if chunk.len() >= CHUNK_BYTES {
            chunks.push(std::mem::take(&mut chunk));
        }
    }
    chunk.extend_from_slice(&TRAILER.to_be_bytes());
    chunks.push(chunk);
    Ok(chunks)
}

fn write_row(out: &mut Vec<u8>, tenant: TenantId, row: &NewEntry<'_>) -> Result<(), StoreError> {
    let columns = row.columns;
    out.extend_from_slice(&COLUMN_COUNT.to_be_bytes());
    field(out, Some(tenant.0.as_bytes()))?;
    field(out, Some(row.id.0.as_bytes()))?;
    field(out, Some(&signed(row.seq)?.to_be_bytes()))?;
    field(out, columns.occurred_at.map(timestamptz).as_ref().map(<[u8; 8]>::as_slice))?;
    field(out, columns.severity.map(i16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice))?;
    field(out, columns.outcome.map(i16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice))?;
    field(out, columns.ip.map(inet).as_deref())?;
    for text in [
        &columns.action,
        &columns.actor_id,
        &columns.actor_type,
        &columns.resource_type,
        &columns.resource_id,
        &columns.request_id,
        &columns.session_id,
    ] {
        field(out, text.as_deref().map(str::as_bytes))?;
    }
    field(out, Some(row.leaf_hash))?;
    field(out, Some(row.body))
}

/// Length and bytes; NULL is the length -1.
fn field(out: &mut Vec<u8>, value: Option<&[u8]>) -> Result<(), StoreError> {
    let Some(bytes) = value else {
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        return Ok(());
    };
    let len = i32::try_from(bytes.len()).map_err(|_| StoreError::unexpected("a field of more than 2 GiB"))?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

fn timestamptz(at: DateTime<Utc>) -> [u8; 8] {
    at.timestamp_micros().saturating_sub(POSTGRES_EPOCH_MICROS).to_be_bytes()
}

/// Family (2 and 3 for IPv4 and IPv6), prefix, "is a cidr" (no), length, address.
fn inet(network: IpNetwork) -> Vec<u8> {
    let prefix = network.prefix();
    match network.ip() {
        IpAddr::V4(ip) => [&[2, prefix, 0, 4][..], &ip.octets()].concat(),
        IpAddr::V6(ip) => [&[3, prefix, 0, 16][..], &ip.octets()].concat(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use custody_domain::{EntryId, columns::Columns};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn chunks_are_one_stream_with_one_header_and_one_trailer() {
        let columns = Columns::default();
        let body = vec![7; 100_000];
        let rows: Vec<_> = (0..10)
            .map(|seq| NewEntry {
                id: EntryId(Uuid::nil()),
                seq,
                columns: &columns,
                leaf_hash: &[0; 32],
                body: &body,
            })
            .collect();
        let chunks = chunks(TenantId(Uuid::nil()), &rows).unwrap();
        assert!(chunks.len() > 1);
        let stream = chunks.concat();
        assert!(stream.starts_with(HEADER) && stream.ends_with(&[0xff, 0xff]));
        assert_eq!(HEADER.len(), 19);
        // 16 lengths, two uuids, seq, hash, body.
        assert_eq!(stream.len(), 19 + 10 * (2 + 16 * 4 + 32 + 8 + 32 + 100_000) + 2);
    }

    #[test]
    fn times_count_from_the_year_2000() {
        let at = "2000-01-01T00:00:01Z".parse().unwrap();
        assert_eq!(timestamptz(at), 1_000_000_i64.to_be_bytes());
    }
}
