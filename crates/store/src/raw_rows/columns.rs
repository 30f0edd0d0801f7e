//! The typed columns of a row.

use std::net::IpAddr;

use custody_domain::StoredColumns;

use crate::{
    StoreError,
    copied::{Tuple, malformed},
};

/// In the order of [`columns`].
pub(super) const COLUMNS: &str = "occurred_at, severity, outcome, ip, action, actor_id, actor_type, \
    resource_type, resource_id, request_id, session_id, producer_id, producer_seq";
/// Those, and `id`, `seq`, `leaf_hash`, `body`.
pub(super) const FIELDS: i16 = 13 + 4;

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
