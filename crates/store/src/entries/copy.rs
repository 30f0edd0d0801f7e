//! Rows of `entries` in the binary format of COPY.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use ipnetwork::IpNetwork;

use super::NewEntry;
use crate::{StoreError, copy::field, heads::signed};

const COLUMNS: &str = "tenant_id, id, seq, occurred_at, severity, outcome, ip, action, actor_id, \
    actor_type, resource_type, resource_id, request_id, session_id, leaf_hash, body, producer_id, \
    producer_seq";
const COLUMN_COUNT: i16 = 18;

/// PostgreSQL counts from 2000-01-01T00:00:00Z; this is that instant since 1970, in microseconds.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

pub(super) fn statement(partition: &str) -> String {
    format!("COPY {partition} ({COLUMNS}) FROM STDIN (FORMAT BINARY)")
}

pub(super) fn write_row(out: &mut Vec<u8>, row: &NewEntry<'_>) -> Result<(), StoreError> {
    let columns = row.columns;
    out.extend_from_slice(&COLUMN_COUNT.to_be_bytes());
    field(out, Some(row.tenant.0.as_bytes()))?;
    field(out, Some(row.id.0.as_bytes()))?;
    field(out, Some(&signed(row.seq)?.to_be_bytes()))?;
    field(out, columns.occurred_at.map(timestamptz).as_ref().map(<[u8; 8]>::as_slice))?;
    field(out, columns.severity.map(i16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice))?;
    field(out, columns.outcome.map(i16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice))?;
    inet(out, columns.ip)?;
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
    field(out, Some(row.body))?;
    field(out, columns.producer_id.as_deref().map(str::as_bytes))?;
    field(out, columns.producer_seq.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice))
}

fn timestamptz(at: DateTime<Utc>) -> [u8; 8] {
    at.timestamp_micros().saturating_sub(POSTGRES_EPOCH_MICROS).to_be_bytes()
}

/// Family (2 and 3 for IPv4 and IPv6), prefix, "is a cidr" (no), length, address.
fn inet(out: &mut Vec<u8>, network: Option<IpNetwork>) -> Result<(), StoreError> {
    let Some(network) = network else { return field(out, None) };
    let mut bytes = [0, network.prefix(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let len = match network.ip() {
        IpAddr::V4(ip) => {
            (bytes[0], bytes[3]) = (2, 4);
            bytes[4..8].copy_from_slice(&ip.octets());
            8
        }
        IpAddr::V6(ip) => {
            (bytes[0], bytes[3]) = (3, 16);
            bytes[4..].copy_from_slice(&ip.octets());
            20
        }
    };
    field(out, bytes.get(..len))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use custody_domain::{EntryId, TenantId, columns::Columns};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_row_has_its_fields_and_their_lengths() {
        let (columns, id) = (Columns::default(), EntryId(Uuid::nil()));
        let row = NewEntry {
            tenant: TenantId(Uuid::nil()),
            id,
            seq: 0,
            columns: &columns,
            leaf_hash: &[0; 32],
            body: &[7; 100],
        };
        let mut out = Vec::new();
        write_row(&mut out, &row).unwrap();
        // 18 lengths, two uuids, seq, hash, body.
        assert_eq!(out.len(), 2 + 18 * 4 + 32 + 8 + 32 + 100);
    }

    #[test]
    fn times_count_from_the_year_2000() {
        let at = "2000-01-01T00:00:01Z".parse().unwrap();
        assert_eq!(timestamptz(at), 1_000_000_i64.to_be_bytes());
    }
}
