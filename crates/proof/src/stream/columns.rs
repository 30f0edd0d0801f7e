//! The typed columns of a row: a set of bits that says which are not NULL, then those, in the order
//! of the bits.

use std::{fmt, net::IpAddr};

use custody_domain::StoredColumns;

use super::bytes::Rest;

/// A column, by the number of its bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnName {
    OccurredAt,
    Severity,
    Outcome,
    Ip,
    Action,
    ActorId,
    ActorType,
    ResourceType,
    ResourceId,
    RequestId,
    SessionId,
    ProducerId,
    ProducerSeq,
}

impl ColumnName {
    /// As the table names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OccurredAt => "occurred_at",
            Self::Severity => "severity",
            Self::Outcome => "outcome",
            Self::Ip => "ip",
            Self::Action => "action",
            Self::ActorId => "actor_id",
            Self::ActorType => "actor_type",
            Self::ResourceType => "resource_type",
            Self::ResourceId => "resource_id",
            Self::RequestId => "request_id",
            Self::SessionId => "session_id",
            Self::ProducerId => "producer_id",
            Self::ProducerSeq => "producer_seq",
        }
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Bits that are in use.
const KNOWN: u16 = (1 << (ColumnName::ProducerSeq as u16 + 1)) - 1;

pub(super) fn write(columns: &StoredColumns<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0, 0]);
    let mut bits = 0_u16;
    let mut put = |name: ColumnName, value: Option<&[u8]>| {
        if let Some(bytes) = value {
            bits |= 1 << name as u16;
            out.extend_from_slice(bytes);
        }
    };
    put(ColumnName::OccurredAt, columns.occurred_at.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    put(ColumnName::Severity, columns.severity.map(i16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice));
    put(ColumnName::Outcome, columns.outcome.map(i16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice));
    put(ColumnName::Ip, columns.ip.map(address).as_deref());
    for (name, value) in texts(columns) {
        // A text is part of a body, which is far below 4 GiB.
        let length = value.map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        put(name, length.as_ref().map(<[u8; 4]>::as_slice));
        put(name, value);
    }
    put(
        ColumnName::ProducerSeq,
        columns.producer_seq.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice),
    );
    if let Some(place) = out.get_mut(start..start + 2) {
        place.copy_from_slice(&bits.to_be_bytes());
    }
}

/// None where the bytes are no columns.
pub(super) fn read<'b>(rest: &mut Rest<'b>) -> Option<StoredColumns<'b>> {
    let bits = rest.u16().filter(|bits| bits & !KNOWN == 0)?;
    let has = |name: ColumnName| bits & (1 << name as u16) != 0;
    let mut columns = StoredColumns::default();
    if has(ColumnName::OccurredAt) {
        columns.occurred_at = Some(rest.i64()?);
    }
    if has(ColumnName::Severity) {
        columns.severity = Some(rest.i16()?);
    }
    if has(ColumnName::Outcome) {
        columns.outcome = Some(rest.i16()?);
    }
    if has(ColumnName::Ip) {
        columns.ip = Some(read_address(rest)?);
    }
    for (name, text) in texts_mut(&mut columns) {
        if has(name) {
            let length = usize::try_from(rest.u32()?).ok()?;
            *text = Some(rest.take(length)?);
        }
    }
    if has(ColumnName::ProducerSeq) {
        columns.producer_seq = Some(rest.i64()?);
    }
    Some(columns)
}

/// Those that are text, in the order of their bits.
pub(crate) fn texts<'b>(columns: &StoredColumns<'b>) -> [(ColumnName, Option<&'b [u8]>); 8] {
    [
        (ColumnName::Action, columns.action),
        (ColumnName::ActorId, columns.actor_id),
        (ColumnName::ActorType, columns.actor_type),
        (ColumnName::ResourceType, columns.resource_type),
        (ColumnName::ResourceId, columns.resource_id),
        (ColumnName::RequestId, columns.request_id),
        (ColumnName::SessionId, columns.session_id),
        (ColumnName::ProducerId, columns.producer_id),
    ]
}

fn texts_mut<'c, 'b>(columns: &'c mut StoredColumns<'b>) -> [(ColumnName, &'c mut Option<&'b [u8]>); 8] {
    [
        (ColumnName::Action, &mut columns.action),
        (ColumnName::ActorId, &mut columns.actor_id),
        (ColumnName::ActorType, &mut columns.actor_type),
        (ColumnName::ResourceType, &mut columns.resource_type),
        (ColumnName::ResourceId, &mut columns.resource_id),
        (ColumnName::RequestId, &mut columns.request_id),
        (ColumnName::SessionId, &mut columns.session_id),
        (ColumnName::ProducerId, &mut columns.producer_id),
    ]
}

/// Prefix, length, address.
fn address((ip, prefix): (IpAddr, u8)) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => [&[prefix, 4][..], &ip.octets()].concat(),
        IpAddr::V6(ip) => [&[prefix, 16][..], &ip.octets()].concat(),
    }
}

fn read_address(rest: &mut Rest<'_>) -> Option<(IpAddr, u8)> {
    let prefix = rest.u8()?;
    let ip = match rest.u8()? {
        4 => IpAddr::from(rest.array::<4>()?),
        16 => IpAddr::from(rest.array::<16>()?),
        _ => return None,
    };
    Some((ip, prefix))
}
