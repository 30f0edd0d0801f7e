//! One row of COPY's binary format: a count of fields, then each field's length and bytes.

use std::net::IpAddr;

use bytes::{Buf as _, Bytes};
use custody_domain::StoredColumns;

use crate::StoreError;

/// In the order of [`columns`].
pub(super) const COLUMNS: &str = "occurred_at, severity, outcome, ip, action, actor_id, actor_type, \
    resource_type, resource_id, request_id, session_id, producer_id, producer_seq";
/// Those, and `id`, `seq`, `leaf_hash`, `body`.
const FIELDS: i16 = 13 + 4;

/// Signature, flags, length of the header's extension (none): before the first row, in its message.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// After the last row, in the place of a count.
const TRAILER: &[u8] = &(-1_i16).to_be_bytes();

/// PostgreSQL counts from 2000-01-01T00:00:00Z; this is that instant since 1970, in microseconds.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Those of [`COLUMNS`].
pub(super) fn columns<'b>(tuple: &mut Tuple<'b>) -> Result<StoredColumns<'b>, StoreError> {
    Ok(StoredColumns {
        // The infinities, which an append never writes, stay far away at either end.
        occurred_at: tuple.array()?.map(|at| i64::from_be_bytes(at).saturating_add(POSTGRES_EPOCH_MICROS)),
        severity: tuple.array()?.map(i16::from_be_bytes),
        outcome: tuple.array()?.map(i16::from_be_bytes),
        ip: tuple.field()?.map(inet).transpose()?,
        action: tuple.field()?,
        actor_id: tuple.field()?,
        actor_type: tuple.field()?,
        resource_type: tuple.field()?,
        resource_id: tuple.field()?,
        request_id: tuple.field()?,
        session_id: tuple.field()?,
        producer_id: tuple.field()?,
        producer_seq: tuple.array()?.map(i64::from_be_bytes),
    })
}

/// The row in a message; none in the last one.
pub(super) fn of_message(mut message: Bytes) -> Option<Bytes> {
    if message.starts_with(HEADER) {
        message.advance(HEADER.len());
    }
    (!message.is_empty() && message != TRAILER).then_some(message)
}

/// The fields that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuple<'b>(&'b [u8]);

impl<'b> Tuple<'b> {
    pub(super) fn open(row: &'b [u8]) -> Result<Self, StoreError> {
        match row.split_first_chunk() {
            Some((count, fields)) if i16::from_be_bytes(*count) == FIELDS => Ok(Self(fields)),
            _ => Err(malformed()),
        }
    }

    /// None where it is NULL.
    pub(super) fn field(&mut self) -> Result<Option<&'b [u8]>, StoreError> {
        let (length, rest) = self.0.split_first_chunk().ok_or_else(malformed)?;
        self.0 = rest;
        // -1 stands for NULL.
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return Ok(None) };
        let (field, rest) = rest.split_at_checked(length).ok_or_else(malformed)?;
        self.0 = rest;
        Ok(Some(field))
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<Option<[u8; N]>, StoreError> {
        self.field()?.map(|field| field.try_into().map_err(|_| malformed())).transpose()
    }

    pub(super) fn required(&mut self) -> Result<&'b [u8], StoreError> {
        self.field()?.ok_or_else(malformed)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        self.array()?.ok_or_else(malformed)
    }

    pub(super) fn end(&self) -> Result<(), StoreError> {
        if self.0.is_empty() { Ok(()) } else { Err(malformed()) }
    }
}

/// Family, prefix, "is a cidr", length, address.
fn inet(field: &[u8]) -> Result<(IpAddr, u8), StoreError> {
    match field {
        [_, prefix, _, 4, address @ ..] => {
            let address: [u8; 4] = address.try_into().map_err(|_| malformed())?;
            Ok((IpAddr::from(address), *prefix))
        }
        [_, prefix, _, 16, address @ ..] => {
            let address: [u8; 16] = address.try_into().map_err(|_| malformed())?;
            Ok((IpAddr::from(address), *prefix))
        }
        _ => Err(malformed()),
    }
}

fn malformed() -> StoreError {
    StoreError::unexpected("a row of entries in another form than was asked for")
}
