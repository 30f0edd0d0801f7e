//! The typed columns of a row as somebody found them there, beside [`crate::columns`], which are what
//! a content calls for.

use std::net::IpAddr;

use crate::columns::Columns;

/// Borrowed from wherever they were read. Texts are bytes: nobody has looked at them yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredColumns<'b> {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub occurred_at: Option<i64>,
    pub severity: Option<i16>,
    pub outcome: Option<i16>,
    /// Address and prefix length.
    pub ip: Option<(IpAddr, u8)>,
    pub action: Option<&'b [u8]>,
    pub actor_id: Option<&'b [u8]>,
    pub actor_type: Option<&'b [u8]>,
    pub resource_type: Option<&'b [u8]>,
    pub resource_id: Option<&'b [u8]>,
    pub request_id: Option<&'b [u8]>,
    pub session_id: Option<&'b [u8]>,
    pub producer_id: Option<&'b [u8]>,
    pub producer_seq: Option<i64>,
}

impl<'c> From<&'c Columns> for StoredColumns<'c> {
    fn from(columns: &'c Columns) -> Self {
        Self {
            occurred_at: columns.occurred_at.map(|at| at.timestamp_micros()),
            severity: columns.severity,
            outcome: columns.outcome,
            ip: columns.ip.map(|network| (network.ip(), network.prefix())),
            action: bytes(columns.action.as_ref()),
            actor_id: bytes(columns.actor_id.as_ref()),
            actor_type: bytes(columns.actor_type.as_ref()),
            resource_type: bytes(columns.resource_type.as_ref()),
            resource_id: bytes(columns.resource_id.as_ref()),
            request_id: bytes(columns.request_id.as_ref()),
            session_id: bytes(columns.session_id.as_ref()),
            producer_id: bytes(columns.producer_id.as_ref()),
            producer_seq: columns.producer_seq,
        }
    }
}

fn bytes(text: Option<&String>) -> Option<&[u8]> {
    text.map(String::as_bytes)
}
